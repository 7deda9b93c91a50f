"""Cases of thresholds on a window, and of what lies beyond a histogram's last bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model.signals import (
    Better,
    Cost,
    Count,
    Distribution,
    Quantile,
    Ratio,
    Share,
    divisor,
    top_bucket,
)
from generator.model.units import MINUTE
from generator.prometheus.witness.loads import Traffic, beyond_last, counter, load_of, share_beyond
from generator.prometheus.witness.measures import MARGIN, PLENTY, around, labels_for
from generator.prometheus.witness.spends import spend
from generator.prometheus.witness.story import SLACK, Story, held

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from generator.model import alerts
    from generator.model.signals import Signal
    from generator.prometheus.witness.case import Case, Trial
    from generator.prometheus.witness.history import Load, SeriesId


class Scale(Struct, frozen=True):
    """Values of a signal to try a bound with, and the load of a value at a number of events a scrape.

    ``worst`` is far beyond the bound; ``excess`` says how many bad events more than the bound allows each event
    brings there and just beyond the bound, None where an alert counts none.
    """

    beyond: float
    inside: float
    worst: float
    excess: tuple[float | None, float | None]
    load: Callable[[float, float], Load]


def threshold(kind: alerts.Threshold, trial: Trial) -> tuple[Case, ...]:
    """Stand on either side of the bound, and of the fewest events that say anything."""
    alert, service = trial.alert, trial.service
    signal = service.signals[alert.signal]
    if isinstance(signal.kind, Cost) and signal.kind.per is None:
        return spend(trial)
    labels = labels_for(alert, signal, service)
    beyond, inside = around(signal, trial.tier.bound)
    worst = _worst(signal, trial.tier.bound)
    scale = Scale(
        beyond,
        inside,
        worst,
        (_excess(signal, worst, trial.tier.bound), _excess(signal, beyond, trial.tier.bound)),
        lambda value, events: load_of(signal, value, Traffic(events, labels), trial),
    )
    found = [*_around(scale, signal, trial)]
    if kind.unfinished:
        found.append(_unfinished(signal, labels, trial))
    return tuple(found)


def overflow(_kind: alerts.Overflow, trial: Trial) -> tuple[Case, ...]:
    """Put just more, and just less, than the bound beyond the last bucket."""
    signal = trial.service.signals[trial.alert.signal]
    bound = trial.tier.bound
    beyond, inside = min(bound * (1 + MARGIN), (bound + 1) / 2), bound * (1 - MARGIN)
    scale = Scale(
        beyond,
        inside,
        1.0,
        (1 - trial.tier.bound, beyond - trial.tier.bound),
        lambda value, events: beyond_last(signal.of, value, Traffic(events, {}), trial.exposed),
    )
    return tuple(_around(scale, signal, trial))


def _worst(signal: Signal, bound: float) -> float:
    if isinstance(signal.kind, Share | Distribution):
        return 0.0 if signal.better is Better.HIGHER else 1.0
    top = top_bucket(signal)
    if top is not None and isinstance(signal.kind, Quantile):
        return top
    return bound / 10 if signal.better is Better.HIGHER else bound * 10


def _excess(signal: Signal, value: float, bound: float) -> float | None:
    """Say how many bad events more than the bound allows each event brings at a value; None where none are counted."""
    if isinstance(signal.kind, Share):
        return bound - value if signal.kind.good else value - bound
    if isinstance(signal.kind, Quantile):
        edge = max((edge for edge in signal.of.buckets if edge * signal.of.factor <= bound), default=0.0)
        return share_beyond(signal.of, signal.kind.q, value, edge) - (1 - signal.kind.q)
    counted = isinstance(signal.kind, Distribution) or (isinstance(signal.kind, Ratio) and signal.of.sparse)
    return value - bound if counted else None


def _around(scale: Scale, signal: Signal, trial: Trial) -> Iterator[Case]:
    alert, window = trial.alert, signal.window
    plenty = _plenty(scale, signal, trial)
    inside, beyond = (scale.load(value, plenty) for value in (scale.inside, scale.beyond))
    none, full = dict.fromkeys(inside, 0.0), window + alert.for_ + SLACK
    yield (
        Story()
        .then(full, inside)
        .silent("silent just inside its bound")
        .then(full, beyond)
        .fires("fires just beyond its bound")
        .then(window + alert.keep_firing_for + SLACK, inside)
        .silent("resolves")
        .then(full, inside, restarted=True)
        .silent("silent through a restart")
        .case("fires just beyond its bound and resolves", trial)
    )
    if not isinstance(signal.kind, Count):
        idle = Story().then(full, none).silent("silent without traffic")
        worst = scale.load(scale.worst, PLENTY)
        # What is an amount and no ratio passes the bound only when a tenth of the window is full of ten times it.
        tenth = window // 10 if isinstance(signal.kind, Cost) and divisor(signal) is None else 0
        yield held(
            idle,
            trial,
            worst,
            dict.fromkeys(worst, 0.0),
            true_after=tenth + MINUTE,
            false_after=window - tenth + MINUTE,
        ).case("fires after its for, and as long as it must", trial)
        yield from _floors(scale, signal, trial, full)


def _plenty(scale: Scale, signal: Signal, trial: Trial) -> float:
    """Choose so many events a scrape that just beyond the bound there are bad events enough."""
    each = scale.excess[1]
    enough = 10 * trial.alert.min_bad_events / each if each else 0
    return max(PLENTY, enough * trial.scrape / signal.window)


def _floors(scale: Scale, signal: Signal, trial: Trial, full: int) -> Iterator[Case]:
    """Have an event too few, and just enough: where all that happens is bad, and where just too much is."""
    alert, scrapes = trial.alert, signal.window / trial.scrape
    for value, bad, what in (
        (scale.worst, scale.excess[0], "events"),
        (scale.beyond, scale.excess[1], "bad events"),
    ):
        needed = alert.min_bad_events / bad if bad else 0.0
        if what == "events" and alert.min_events >= needed:
            few, enough = alert.min_events - 1.0, float(alert.min_events)
        elif needed > alert.min_events + 1 and bad:
            few, enough = (alert.min_bad_events - 1) / bad, (alert.min_bad_events + 0.1) / bad
        else:
            continue
        if enough > 0:
            yield (
                Story()
                .then(full, scale.load(value, few / scrapes))
                .silent("silent with one too few")
                .then(full, scale.load(value, enough / scrapes))
                .fires("fires with just enough")
                .case(f"needs enough {what}", trial)
            )


def _unfinished(signal: Signal, labels: Mapping[str, str], trial: Trial) -> Case:
    """Go on without ever finishing a run: what the fewest runs would be allowed, and a little more."""
    if not isinstance(signal.kind, Ratio):
        message = f"{signal.name} is not counted for each run"
        raise TypeError(message)
    alert = trial.alert
    a_scrape = trial.tier.bound * max(alert.min_events, 1) / (signal.window / trial.scrape)
    full = signal.window + alert.for_ + SLACK

    def looping(part: float) -> dict[SeriesId, float]:
        return counter(signal.of, Traffic(a_scrape * part, labels), trial.exposed)

    return (
        Story()
        .then(full, looping(1 - MARGIN))
        .silent("silent just inside its bound")
        .then(full, looping(1 + MARGIN))
        .fires("fires just beyond its bound")
        .case("fires while no run finishes", trial)
    )
