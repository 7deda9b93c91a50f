"""For each kind of alert, the cases that prove it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from generator.model import alerts
from generator.model.signals import Cost
from generator.prometheus.witness import burns, changes, releases, spends, states, thresholds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from generator.prometheus.witness.case import Case, Trial

#: Of each kind the function that builds its cases.
KINDS: Mapping[type, Callable[..., tuple[Case, ...]]] = MappingProxyType(
    {
        alerts.Threshold: thresholds.threshold,
        alerts.Change: changes.change,
        alerts.Overflow: thresholds.overflow,
        alerts.Regression: releases.regression,
        alerts.BurnRate: burns.burn_rate,
        alerts.Forecast: spends.forecast,
        alerts.Unpriced: states.unpriced,
        alerts.Absence: states.absence,
        alerts.Idle: states.idle,
        alerts.Undeclared: states.undeclared,
        alerts.Outside: states.outside,
        alerts.SeriesCount: states.series_count,
    }
)


def cases(trial: Trial) -> tuple[Case, ...]:
    """Build the cases of one severity of an alert; none where nothing costs anything, and so no bound can be met."""
    signal = trial.service.signals[trial.alert.signal]
    if isinstance(signal.kind, Cost) and not any(price.usd for price in trial.service.prices):
        return ()
    return KINDS[type(trial.alert.kind)](trial.alert.kind, trial)
