"""Cases of what looks at a sum of money: it is spent in a minute, and forgotten when its window is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model.units import MINUTE
from generator.prometheus.recording.forecast import PACE
from generator.prometheus.witness.loads import Traffic, counter, tokens_for
from generator.prometheus.witness.measures import MARGIN
from generator.prometheus.witness.story import SLACK, Story

if TYPE_CHECKING:
    from generator.model import alerts
    from generator.prometheus.witness.case import Case, Trial


def spend(trial: Trial) -> tuple[Case, ...]:
    """Spend just under the bound, then a little more."""
    return _spent(trial, trial.tier.bound, trial.service.signals[trial.alert.signal].window)


def forecast(_kind: alerts.Forecast, trial: Trial) -> tuple[Case, ...]:
    """Without a yesterday the pace of 6 hours stands for all 24."""
    return _spent(trial, trial.tier.bound / 4, PACE)


def _spent(trial: Trial, usd: float, window: int) -> tuple[Case, ...]:
    alert, metric = trial.alert, trial.service.signals[trial.alert.signal].of
    a_scrape = tokens_for(usd, trial.service) / (MINUTE / trial.scrape)
    under = counter(metric, Traffic(a_scrape * (1 - MARGIN), {}), trial.exposed)
    rest = counter(metric, Traffic(a_scrape * 2 * MARGIN, {}), trial.exposed)
    none = dict.fromkeys(under, 0.0)
    story = (
        Story()
        .then(MINUTE, none)
        .then(MINUTE, under)
        .then(alert.for_ + SLACK, none)
        .silent("silent just inside its bound")
        .then(MINUTE, rest)
        .then(alert.for_ + SLACK, none)
    )
    if alert.for_ >= 2 * MINUTE:
        story = story.silent("not before its for", alert.for_ - 2 * MINUTE)
    story = story.fires("fires just beyond its bound")
    story = story.then(window - story.seconds + 3 * MINUTE + alert.keep_firing_for + SLACK, none)
    return (story.silent("resolves").case("fires when just more than its bound is spent", trial),)
