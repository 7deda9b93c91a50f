"""Cases of what looks at a window: thresholds, overflow, changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model.signals import Cost, Count, Distribution, Quantile, Share, Signal
from generator.model.units import MINUTE
from generator.prometheus.witness.budgets import spend
from generator.prometheus.witness.case import Moment
from generator.prometheus.witness.history import Phase
from generator.prometheus.witness.loads import Traffic, beyond_last, load_of
from generator.prometheus.witness.measures import FEW, MARGIN, PLENTY, around, labels_for, worsened
from generator.prometheus.witness.rhythm import Loads, steady

if TYPE_CHECKING:
    from generator.model import alerts
    from generator.prometheus.witness.case import Case, Trial


def threshold(_kind: alerts.Threshold, trial: Trial) -> tuple[Case, ...]:
    """Stand on either side of the bound."""
    alert, service = trial.alert, trial.service
    signal = service.signals[alert.signal]
    if isinstance(signal.kind, Cost) and signal.kind.per is None:
        return spend(trial)
    beyond, inside = around(signal, trial.tier.bound)
    labels = labels_for(alert, signal, service)
    few = FEW / (signal.window / trial.scrape)
    floors = alert.min_events or alert.min_bad_events
    loads = Loads(
        load_of(signal, beyond, Traffic(PLENTY, labels), trial),
        load_of(signal, inside, Traffic(PLENTY, labels), trial),
        load_of(signal, beyond, Traffic(few, labels), trial) if floors else None,
    )
    return steady(trial, loads, signal.window)


def overflow(_kind: alerts.Overflow, trial: Trial) -> tuple[Case, ...]:
    """Put just more, and just less, than the bound beyond the last bucket."""
    alert, service = trial.alert, trial.service
    signal = service.signals[alert.signal]
    beyond, inside = (trial.tier.bound * (1 + side * MARGIN) for side in (1, -1))
    traffic, few = Traffic(PLENTY, {}), Traffic(FEW / 60, {})
    loads = Loads(
        beyond_last(signal.of, beyond, traffic, service),
        beyond_last(signal.of, inside, traffic, service),
        beyond_last(signal.of, beyond, few, service),
    )
    return steady(trial, loads, signal.window)


def change(kind: alerts.Change, trial: Trial) -> tuple[Case, ...]:
    """Step from a base value; where the other side moves on before ``for`` is over, the step is larger."""
    alert, service = trial.alert, trial.service
    signal = service.signals[alert.signal]
    labels = labels_for(alert, signal, service)
    traffic = Traffic(PLENTY, labels)
    lasts = kind.over - signal.window
    step = 1 + MARGIN if lasts >= alert.for_ + 2 * MINUTE else 1.3
    base = _base(signal, kind)
    before = load_of(signal, base, traffic, trial)
    beyond, inside = (
        load_of(
            signal, worsened(signal, base, trial.tier.bound * part, relative=kind.relative), traffic, trial
        )
        for part in (step, 1 - MARGIN)
    )
    settled = kind.over + signal.window + 2 * MINUTE
    fires = (
        settled
        + signal.window
        + max(0, min(lasts, alert.for_ + 3 * MINUTE))
        + (alert.for_ // 2 if lasts <= 0 else 0)
    )
    whole = settled + kind.over + signal.window
    return (
        trial.case(
            "fires when it gets worse by just more than its bound",
            (Phase(settled, before), Phase(whole - settled, beyond)),
            (
                Moment(settled, fires=False, why="silent while nothing changes"),
                Moment(fires // MINUTE * MINUTE, fires=True, why="fires after the change"),
            ),
        ),
        trial.case(
            "is silent when it gets worse by just less than its bound",
            (Phase(settled, before), Phase(whole - settled, inside)),
            tuple(
                Moment(settled + part * MINUTE, fires=False, why="silent just inside its bound")
                for part in range(5, (whole - settled) // MINUTE, 5)
            ),
        ),
    )


def _base(signal: Signal, kind: alerts.Change) -> float:
    """Choose a healthy value; below what the signal must be beyond as well, where there is such a thing."""
    if isinstance(signal.kind, Share) and signal.kind.good:
        return 0.98
    if kind.beyond is not None:
        return kind.beyond * 0.9
    if isinstance(signal.kind, Quantile):
        return signal.of.buckets[len(signal.of.buckets) // 2] * signal.of.factor * 0.9
    return (
        0.02
        if isinstance(signal.kind, Share | Distribution)
        else 100.0
        if isinstance(signal.kind, Count)
        else 1.0
    )
