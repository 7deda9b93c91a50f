"""Cases of error budgets: each pace of a severity, at its bound, in its long and in its short window."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model.signals import Share
from generator.model.units import HOUR, MINUTE
from generator.prometheus.witness.loads import Traffic, load_of
from generator.prometheus.witness.measures import MARGIN, PLENTY
from generator.prometheus.witness.story import SLACK, Story

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model import alerts
    from generator.model.alerts import Burn
    from generator.model.signals import Signal
    from generator.prometheus.witness.case import Case, Trial
    from generator.prometheus.witness.history import Load


class _Pace(Struct, frozen=True):
    """One pace at which a budget burns. Its long window counts as soon as it is half covered."""

    kind: alerts.BurnRate
    trial: Trial
    signal: Signal
    burn: Burn
    #: The next quicker pace of the severity, as a part of this one; infinite without one.
    quicker: float

    @property
    def half(self) -> int:
        return self.burn.long // 2

    @property
    def fast(self) -> float:
        """A pace far beyond the bound, as a part of it: not every event is bad, and no quicker pace is reached."""
        bad = self.burn.factor * self.kind.budget
        return min(3.0, (1 + bad) / 2 / bad, 0.95 * self.quicker)

    def load(self, part: float, events: float = PLENTY) -> Load:
        """Burn at a part of this pace, at a number of events a scrape."""
        bad = part * self.burn.factor * self.kind.budget
        good = isinstance(self.signal.kind, Share) and self.signal.kind.good
        return load_of(self.signal, 1 - bad if good else bad, Traffic(events, {}), self.trial)

    def only_bad(self, events: float, seconds: int) -> Load:
        """Have nothing but bad events, so many in a time."""
        good = isinstance(self.signal.kind, Share) and self.signal.kind.good
        traffic = Traffic(events * self.trial.scrape / seconds, {})
        return load_of(self.signal, 0.0 if good else 1.0, traffic, self.trial)

    def named(self, what: str) -> str:
        """Name a case after the pace."""
        return f"{what} ({self.burn.factor:g}x)"


def burn_rate(kind: alerts.BurnRate, trial: Trial) -> tuple[Case, ...]:
    """Try every pace of a severity by itself."""
    signal = trial.service.signals[trial.alert.signal]
    paces = [
        _Pace(kind, trial, signal, burn, _quicker(burn, trial.tier.burns))
        for burn in sorted(trial.tier.burns, key=lambda burn: burn.long)
    ]
    return tuple(
        case for pace in paces for case in (_bound(pace), _windows(pace), _short_lived(pace), *_events(pace))
    )


def _quicker(burn: Burn, burns: tuple[Burn, ...]) -> float:
    return min((other.factor / burn.factor for other in burns if other.factor > burn.factor), default=inf)


def _bound(pace: _Pace) -> Case:
    """Burn just slowly enough for half the long window, then too fast, so that each window crosses alone."""
    alert, half = pace.trial.alert, pace.half
    # Twice as long as the average takes to cross; an hour's window needs the time to be seen in minutes.
    over = min(0.3 if pace.burn.long > HOUR else 1.5 * MARGIN, (pace.fast - 1) / 2)
    crossed = int(half * MARGIN / over)
    return (
        Story()
        .then(half + alert.for_ + SLACK, pace.load(1 - MARGIN))
        .silent("silent just inside its bound")
        .then(max(2 * crossed, crossed + alert.for_ + SLACK), pace.load(1 + over))
        .silent("silent while its long window is still inside", crossed * 3 // 5)
        .fires("fires when both windows are beyond")
        .then(pace.burn.short + 2 * MINUTE + alert.keep_firing_for, pace.load(1 + MARGIN))
        .fires("fires while its short window is just beyond")
        .then(pace.burn.short + MINUTE + alert.keep_firing_for + SLACK, pace.load(1 - MARGIN))
        .silent("resolves when its short window is inside again")
        .case(pace.named("fires when the budget burns just too fast"), pace.trial)
    )


def _windows(pace: _Pace) -> Case:
    """Burn fast from the first minute on, for so long that the long window remembers, then stop."""
    alert, short = pace.trial.alert, pace.burn.short
    rest = short + MINUTE + alert.keep_firing_for + SLACK
    story = (
        Story()
        .then(pace.half + alert.for_ + MINUTE, pace.load(pace.fast))
        .silent("silent while its long window is not half covered", pace.half + alert.for_ - MINUTE)
        .fires("fires as soon as it is")
    )
    remembered = int(rest / (pace.fast - 1 - MARGIN)) if pace.fast > 1 + 2 * MARGIN else 0
    if 0 < remembered + rest < pace.burn.long:
        story = (
            story.then(max(remembered - story.seconds, MINUTE), pace.load(pace.fast))
            .then(rest, pace.load(0))
            .silent("resolves when its short window no longer shows it")
        )
        if pace.fast * 0.7 > 1 + MARGIN:
            story = story.fires("fires while it does", short // 4)
    return story.case(pace.named("fires when both windows show it"), pace.trial)


def _short_lived(pace: _Pace) -> Case:
    """Burn too fast, but not for long enough to matter."""
    return (
        Story()
        .then(pace.half, pace.load(0))
        .then(min(pace.half - MINUTE, 2 * pace.burn.short + 20 * MINUTE), pace.load(min(1.5, pace.fast)))
        .silent("silent while its long window shows too little")
        .case(pace.named("is silent when it burns too fast only for a while"), pace.trial)
    )


def _events(pace: _Pace) -> Iterator[Case]:
    """Have nothing but bad events: one too few of them, and then one more."""
    alert = pace.trial.alert
    if not alert.min_bad_events:
        return
    first = pace.half + alert.for_ + SLACK
    more = pace.only_bad(1.1, 2 * MINUTE)
    yield (
        Story()
        .then(first, pace.only_bad(alert.min_bad_events - 1, first))
        .silent("silent with one bad event too few")
        .then(2 * MINUTE, more)
        .then(alert.for_ + MINUTE, pace.only_bad(0.01, first))
        .fires("fires with enough of them")
        .case(pace.named("needs enough bad events"), pace.trial)
    )
