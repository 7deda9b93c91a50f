"""A scenario to simulate: its span, instances, releases and incidents."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model.units import DAY, HOUR, WEEK
from generator.simulate.traffic import Traffic

if TYPE_CHECKING:
    from generator.model.service import Service
    from generator.simulate.incidents import Incident

# A promised minimum also holds at the quietest time, at night on a weekend.
_ABOVE_PROMISE = 8
_RUNS_PER_HOUR = 600.0


class Rollout(Struct, frozen=True):
    """The replacement of the running release by another one, instance by instance.

    Attributes:
        release: The label value; one that ran before is a rollback.
        at: Unix seconds at which the first instance is replaced.
        every: Seconds between one instance and the next; 0 is an instant cut-over.
        instances: The number that are replaced; fewer than all are a canary. None means all.
    """

    release: str
    at: float
    every: float = 60
    instances: int | None = None


class Scenario(Struct, frozen=True):
    """A history to simulate; the same value gives the same samples.

    Attributes:
        seed: The seed of all random draws.
        start: Unix seconds; instances of the first release are born here.
        end: Unix seconds; no sample is later.
        replicas: Instances at once.
        release: The release at the start.
        rollouts: The rollouts of other releases, in order of time.
        traffic: The arrivals of runs.
        incidents: The incidents of the history.
        mean_life: Mean seconds between an instance's crashes; None for instances that never crash.
        missed_scrapes: Share of scrapes that fail.
        zero_initialised: Instances expose every declared combination of labels from their start.
    """

    seed: int
    start: float
    end: float
    replicas: int
    release: str
    traffic: Traffic
    rollouts: tuple[Rollout, ...] = ()
    incidents: tuple[Incident, ...] = ()
    mean_life: float | None = 2 * DAY
    missed_scrapes: float = 0.0005
    zero_initialised: bool = True


def ordinary(service: Service, start: float, end: float, seed: int = 1) -> Scenario:
    """Describe an ordinary time of a service: its own traffic and replicas, one release in the middle, no incident.

    Spans below six hours see no release.
    """
    middle = start + (end - start) * 0.4
    rollouts = (Rollout(_named_after(middle), middle),) if end - start >= 6 * HOUR else ()
    return Scenario(
        seed=seed,
        start=start,
        end=end,
        replicas=service.replicas,
        release=_named_after(start - WEEK),
        traffic=Traffic(usual_runs_per_hour(service)),
        rollouts=rollouts,
    )


def usual_runs_per_hour(service: Service) -> float:
    """Return the mean number of runs in an hour of a working day, from the service's promise of traffic."""
    return service.runs_per_hour * _ABOVE_PROMISE if service.runs_per_hour else _RUNS_PER_HOUR


def _named_after(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).date().isoformat()
