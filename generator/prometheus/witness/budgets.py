"""Cases of what looks at a sum of money, or at an error budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model.signals import Share
from generator.model.units import HOUR, MINUTE
from generator.prometheus.witness.case import Moment
from generator.prometheus.witness.history import Phase, SeriesId
from generator.prometheus.witness.loads import Traffic, counter, load_of, tokens_for
from generator.prometheus.witness.measures import MARGIN, PLENTY

if TYPE_CHECKING:
    from generator.model import alerts
    from generator.prometheus.witness.case import Case, Trial


def spend(trial: Trial) -> tuple[Case, ...]:
    """Spend just under the bound, then a little more: a day's window does not fall in an hour."""
    return _spent(trial, trial.tier.bound)


def forecast(_kind: alerts.Forecast, trial: Trial) -> tuple[Case, ...]:
    """Without a yesterday the pace of 6 hours stands for all 24."""
    return _spent(trial, trial.tier.bound / 4)


def _spent(trial: Trial, usd: float) -> tuple[Case, ...]:
    metric = trial.service.signals[trial.alert.signal].of
    each = tokens_for(usd, trial.service) / (HOUR / trial.scrape)
    under = counter(metric, Traffic(each * (1 - MARGIN), {}), trial.service)
    rest = counter(metric, Traffic(each * 2 * MARGIN, {}), trial.service)
    none = dict.fromkeys(under, 0.0)
    wait = trial.alert.for_ + 3 * MINUTE
    return (
        trial.case(
            "fires when just more than its bound is spent",
            (Phase(HOUR, under), Phase(wait, none), Phase(HOUR, rest), Phase(wait, none)),
            (
                Moment(HOUR + wait, fires=False, why="silent just inside its bound"),
                Moment(2 * (HOUR + wait), fires=True, why="fires just beyond its bound"),
            ),
        ),
    )


def burn_rate(kind: alerts.BurnRate, trial: Trial) -> tuple[Case, ...]:
    """Burn just faster than the quickest pace of the tier, and just slower than its slowest."""
    alert, service = trial.alert, trial.service
    signal = service.signals[alert.signal]
    good = isinstance(signal.kind, Share) and signal.kind.good
    quick = min(trial.tier.burns, key=lambda burn: burn.long)
    slow = min(burn.factor for burn in trial.tier.burns)

    def load(bad: float) -> dict[SeriesId, float]:
        return load_of(signal, 1 - bad if good else bad, Traffic(PLENTY, {}), trial)

    long = max(quick.long // 2, quick.short) + 5 * MINUTE + alert.for_
    return (
        trial.case(
            "fires when the budget burns just too fast",
            (Phase(long, load(quick.factor * kind.budget * (1 + MARGIN))),),
            (
                Moment(quick.long // 4, fires=False, why="silent while its long window is mostly empty"),
                Moment(long, fires=True, why="fires"),
            ),
        ),
        trial.case(
            "is silent when the budget burns just slowly enough",
            (Phase(long, load(slow * kind.budget * (1 - MARGIN))),),
            (Moment(long, fires=False, why="silent"),),
        ),
    )
