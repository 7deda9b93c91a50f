"""For each kind of alert, the cases that prove it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from generator.model import alerts
from generator.model.signals import Cost
from generator.prometheus.witness import budgets, releases, states, windows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from generator.prometheus.witness.case import Case, Trial

#: Of each kind the function that builds its cases.
KINDS: Mapping[type, Callable[..., tuple[Case, ...]]] = MappingProxyType(
    {
        alerts.Threshold: windows.threshold,
        alerts.Change: windows.change,
        alerts.Overflow: windows.overflow,
        alerts.Regression: releases.regression,
        alerts.BurnRate: budgets.burn_rate,
        alerts.Forecast: budgets.forecast,
        alerts.Unpriced: states.unpriced,
        alerts.Absence: states.absence,
        alerts.Idle: states.idle,
        alerts.Undeclared: states.undeclared,
        alerts.SeriesCount: states.series_count,
    }
)


def cases(trial: Trial) -> tuple[Case, ...]:
    """Build the cases of one severity of an alert; none where nothing costs anything, and so no bound can be met."""
    signal = trial.service.signals[trial.alert.signal]
    if isinstance(signal.kind, Cost) and not any(price.usd for price in trial.service.prices):
        return ()
    return KINDS[type(trial.alert.kind)](trial.alert.kind, trial)
