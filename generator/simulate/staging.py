"""Scenarios from a few words: an ordinary time of a service, and the requested incidents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.simulate.incidents import incident
from generator.simulate.scenario import Rollout, ordinary

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from generator.model.service import Service
    from generator.simulate.incidents import Incident
    from generator.simulate.scenario import Scenario


class Wanted(Struct, frozen=True):
    """A requested incident; times are Unix seconds."""

    name: str
    start: float
    end: float


def staged(
    service: Service, start: float, end: float, wanted: Sequence[Wanted] = (), *, seed: int = 1
) -> Scenario:
    """Describe an ordinary time in which the requested incidents happen.

    An incident that comes with a release has a rollout of its own at its start, and is rolled back at its end; the
    ordinary release is left out then.

    Raises:
        ValueError: a name is unknown, an incident ends before it starts, or lies beyond the span.
    """
    plain = ordinary(service, start, end, seed)
    releases = (f"{plain.release}.{number}" for number in range(1, len(wanted) + 1))
    least = (service.runs_per_hour or 0) / plain.traffic.lowest
    incidents = tuple(
        _busier(_incident(one, service, release, start, end), least)
        for one, release in zip(wanted, releases, strict=True)
    )
    released = tuple(_rollouts(incidents, plain.release, end))
    return replace(plain, incidents=incidents, rollouts=released or plain.rollouts)


def _incident(one: Wanted, service: Service, release: str, start: float, end: float) -> Incident:
    found = incident(one.name, service, one.start, one.end)
    if not start <= one.start < end:
        message = f"incident {one.name} starts outside the span"
        raise ValueError(message)
    return replace(found, release=release) if found.effect.released else found


def _busier(one: Incident, least: float) -> Incident:
    """Raise an incident's traffic to ``least``, the smallest factor that keeps the promise of traffic."""
    changes = one.effect.changes
    if changes.traffic >= least:
        return one
    return replace(one, effect=replace(one.effect, changes=replace(changes, traffic=least)))


def _rollouts(incidents: Iterable[Incident], before: str, end: float) -> Iterable[Rollout]:
    """Roll each release out, and back to the release before all of them."""
    for one in sorted(incidents, key=lambda one: one.start):
        if one.release:
            yield Rollout(one.release, one.start)
            if one.end < end:
                yield Rollout(before, one.end)
