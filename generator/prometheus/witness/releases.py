"""Cases of what compares releases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model import names
from generator.model.signals import Share, divisor
from generator.model.units import HOUR, MINUTE
from generator.prometheus.alerting.chance import SIGMAS
from generator.prometheus.witness.history import merged
from generator.prometheus.witness.loads import Traffic, counter, load_of
from generator.prometheus.witness.measures import MARGIN, PLENTY, worsened
from generator.prometheus.witness.story import SLACK, Story

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model import alerts
    from generator.model.signals import Signal
    from generator.prometheus.witness.case import Case, Trial
from generator.prometheus.witness.history import Load

_WARM = 5 * MINUTE


class _Releases(Struct, frozen=True):
    """A signal in releases, which are called so that their names say no order: v9, v10, v11."""

    kind: alerts.Regression
    trial: Trial
    signal: Signal

    @property
    def base(self) -> float:
        if isinstance(self.signal.kind, Share):
            return 0.98 if self.signal.kind.good else 0.02
        return 1.0

    @property
    def worst(self) -> float:
        if isinstance(self.signal.kind, Share):
            return 0.0 if self.signal.kind.good else 1.0
        return 10.0

    def load(self, release: str, value: float, events: float = PLENTY) -> Load:
        """Find the load at which a release has a value, at a number of events a scrape."""
        traffic, runs = Traffic(events, {names.RELEASE: release}), self.trial.service.runs
        load = load_of(self.signal, value, traffic, self.trial)
        # A release is there when it has runs, whatever the signal counts.
        return (
            load if divisor(self.signal) == runs else merged(load, counter(runs, traffic, self.trial.exposed))
        )

    def an_hour(self, release: str, value: float, events: float) -> Load:
        """Find the load at which a release has a value, at a number of events an hour."""
        return self.load(release, value, events * self.trial.scrape / HOUR)

    def worse(self, part: float) -> float:
        """Worsen the base by a part of the bound."""
        return worsened(self.signal, self.base, self.trial.tier.bound * part, relative=self.kind.relative)


def regression(kind: alerts.Regression, trial: Trial) -> tuple[Case, ...]:
    """Let one release follow another, a little better or worse than allowed, with enough runs and too few."""
    releases = _Releases(kind, trial, trial.service.signals[trial.alert.signal])
    return tuple(
        case for part in (_bounds, _newest_events, _previous_events, _chance) for case in part(releases)
    )


def _bounds(of: _Releases) -> Iterator[Case]:
    alert, rest = of.trial.alert, of.trial.alert.for_ + SLACK
    before = Story().then(HOUR + 10 * MINUTE, of.load("v9", of.base)).silent("silent before the release")
    story = before.then(MINUTE + rest, of.load("v10", of.worse(1 + MARGIN)))
    if alert.for_ >= 2 * MINUTE:
        story = story.silent("not before its for", alert.for_)
    story = story.fires("fires after the release")
    story = story.then(MINUTE + alert.keep_firing_for + SLACK, of.load("v11", of.base))
    if alert.keep_firing_for >= SLACK:
        story = story.fires("keeps firing", alert.keep_firing_for - MINUTE)
    yield story.silent("resolves when the next release is well").case(
        "fires when a release is worse by just more than its bound", of.trial
    )
    inside = before.then(MINUTE + rest, of.load("v10", of.worse(1 - MARGIN))).silent(
        "silent just inside its bound"
    )
    inside = inside.then(MINUTE + rest, of.load("v10", of.worse(1 - MARGIN)), restarted=True)
    yield inside.silent("silent through a restart").case(
        "is silent when a release is worse by just less than its bound", of.trial
    )


def _newest_events(of: _Releases) -> Iterator[Case]:
    """Run a canary beside the old release."""
    if fewest := of.trial.alert.min_events:
        yield from _canary(of, of.worst, (fewest - 1, fewest), "events")


def _chance(of: _Releases) -> Iterator[Case]:
    """Run a canary that is worse by just more than the bound, so little that chance explains it, and a bit more."""
    if isinstance(of.signal.kind, Share):
        value = of.worse(1 + MARGIN)
        bad, before = (1 - share if of.signal.kind.good else share for share in (value, of.base))
        few, enough = (bad * (SIGMAS * part / (bad - before)) ** 2 for part in (1 - MARGIN, 1 + MARGIN))
        if few > of.trial.alert.min_events + 1:
            yield from _canary(of, value, (few, enough), "events for its bound")


def _canary(of: _Releases, value: float, events: tuple[float, float], what: str) -> Iterator[Case]:
    old, rest = of.load("v9", of.base), of.trial.alert.for_ + SLACK
    for number, fires in zip(events, (False, True), strict=True):
        canary = of.an_hour("v10", value, number)
        story = Story().then(_WARM, old).then(_WARM, merged(old, dict.fromkeys(canary, 0.0)))
        # All that it ever does lies within its window, so it is an hour's, whatever the window.
        story = story.then(HOUR, merged(old, canary)).then(
            MINUTE + rest, merged(old, dict.fromkeys(canary, 0.0))
        )
        story = story.fires("fires with just enough") if fires else story.silent("silent with one too few")
        yield story.case(
            f"{'fires' if fires else 'is silent'} on a canary with {'just enough' if fires else 'too few'} {what}",
            of.trial,
        )


def _previous_events(of: _Releases) -> Iterator[Case]:
    """Follow a release that hardly ran."""
    if not (fewest := of.trial.alert.min_events):
        return
    for number, fires in ((fewest - 1, False), (fewest, True)):
        old = of.an_hour("v9", of.base, number)
        none = dict.fromkeys(old, 0.0)
        story = Story().then(2 * MINUTE, none).then(HOUR, old).then(2 * MINUTE, none)
        story = story.then(MINUTE + of.trial.alert.for_ + SLACK, of.load("v10", of.worst))
        story = (
            story.fires("fires with just enough events") if fires else story.silent("silent with one too few")
        )
        yield story.case(
            f"{'fires' if fires else 'is silent'} after a release with {'just enough' if fires else 'too few'} events",
            of.trial,
        )
