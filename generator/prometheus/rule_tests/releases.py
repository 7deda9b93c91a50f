"""Test cases of alerts that compare releases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.alerts.chance import SIGMAS
from generator.alerts.condition import HALF_EVENT
from generator.model import names
from generator.model.signals import Better, Quantile, Share, compared_on
from generator.model.units import HOUR, MINUTE
from generator.prometheus.rule_tests.loads import Traffic, counter, load_of, share_beyond
from generator.prometheus.rule_tests.subject import MARGIN, PLENTY, SLACK, Subject, worsened
from generator.prometheus.rule_tests.timeline import idle, merged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.alerts import Regression
    from generator.model.signals import Signal
    from generator.prometheus.rule_tests.timeline import Load, TestCase

_WARM = 5 * MINUTE
#: All events of a canary, or of a release that hardly ran, happen within this time.
_BRIEF = 10 * MINUTE


class _Releases(Struct, frozen=True):
    """A signal in releases whose names do not show their order: v9, v10, v11."""

    kind: Regression
    subject: Subject

    @property
    def signal(self) -> Signal:
        return self.subject.signal

    @property
    def base(self) -> float:
        if isinstance(self.signal.kind, Share):
            return 0.98 if self.signal.better is Better.HIGHER else 0.02
        if isinstance(self.signal.kind, Quantile):
            first = self.signal.of.buckets[:2][-1]
            return (1.1 if self.signal.better is Better.HIGHER else 0.9) * first
        return 1.0

    @property
    def worst(self) -> float:
        if isinstance(self.signal.kind, Share):
            return 0.0 if self.signal.better is Better.HIGHER else 1.0
        if isinstance(self.signal.kind, Quantile) and self.signal.better is Better.HIGHER:
            return self.base / 10
        if isinstance(self.signal.kind, Quantile):
            # All are in the last bucket.
            low, high = (0.0, *self.signal.of.buckets)[-2:]
            return low + self.signal.kind.q * (high - low)
        return 10.0

    def bad(self, value: float, newest: float) -> float | None:
        """Return the share of bad events at a value, beside the newest one; None if none are counted."""
        kind = self.signal.kind
        if isinstance(kind, Share):
            return 1 - value if kind.good else value
        if isinstance(kind, Quantile):
            return share_beyond(self.signal, kind.q, value, newest)
        return None

    def load(self, release: str, value: float, events: float = PLENTY) -> Load:
        """Find the load at which a release has a value, at a number of events a second."""
        traffic, fixture = Traffic(events, {names.RELEASE: release}), self.subject.fixture
        load = load_of(self.signal, value, traffic, self.subject)
        # A release exists when it has runs, even if the signal counts something else.
        per = compared_on(self.signal)
        if per is not None and per.name == fixture.runs.name:
            return load
        return merged(load, counter(fixture.runs, traffic, fixture))

    def brief(self, release: str, value: float, events: float) -> Load:
        """Find the load at which a release has a value, at its total number of events."""
        return self.load(release, value, events / _BRIEF)

    def worse(self, part: float) -> float:
        """Worsen the base by a part of the bound."""
        return worsened(self.signal, self.base, self.subject.tier.bound * part, relative=self.kind.relative)


def regression(kind: Regression, subject: Subject) -> Iterator[TestCase]:
    """Test two successive releases, a little better or worse than allowed, with enough runs and too few."""
    releases = _Releases(kind, subject)
    yield from _bounds(releases)
    yield from _newest_events(releases)
    yield from _previous_events(releases)
    yield from _chance(releases)


def _bounds(of: _Releases) -> Iterator[TestCase]:
    subject = of.subject
    before = subject.timeline.then(_BRIEF, of.load("v9", of.base)).quiet("silent before the release")
    yield subject.case(
        "fires when a release is worse by just more than its bound",
        subject.fires_and_resolves(
            before,
            of.load("v10", of.worse(1 + MARGIN)),
            of.load("v11", of.base),
            true_after=subject.interval,
            false_after=subject.interval,
            value=subject.tier.bound * (1 + MARGIN),
        ),
        ((names.RELEASE, "v10"),),
    )
    yield subject.case(
        "silent when a release is worse by just less than its bound",
        before.then(subject.alert.for_ + SLACK, of.load("v10", of.worse(1 - MARGIN))).quiet(
            "silent just inside its bound"
        ),
    )


def _newest_events(of: _Releases) -> Iterator[TestCase]:
    """Run a canary beside the old release."""
    if fewest := of.subject.alert.min_events:
        yield from _canary(of, of.worst, (fewest - 1, fewest), "events")


def _chance(of: _Releases) -> Iterator[TestCase]:
    """Run a canary worse by just more than the bound, on events that chance explains, and on a few more."""
    value = of.worse(1 + MARGIN)
    bad, before = (of.bad(one, value) for one in (value, of.base))
    if bad is None or before is None or bad <= before:
        # Nothing is counted, or buckets are too coarse to show the difference.
        return
    more = bad - before
    floor = (of.subject.alert.min_bad_events - HALF_EVENT) / more
    few, enough = (max(bad * (SIGMAS * part / more) ** 2, floor * part) for part in (1 - MARGIN, 1 + MARGIN))
    if few > of.subject.alert.min_events + 1:
        yield from _canary(of, value, (few, enough), "events for its bound")


def _canary(of: _Releases, value: float, events: tuple[float, float], what: str) -> Iterator[TestCase]:
    old, subject = of.load("v9", of.base), of.subject
    for number, fires in zip(events, (False, True), strict=True):
        canary = of.brief("v10", value, number)
        beside = merged(old, idle(canary))
        timeline = (
            # The old release has so many more events that it scatters no more.
            subject.timeline.then(HOUR, old)
            .then(_WARM, beside)
            .then(_BRIEF, merged(old, canary))
            .then(subject.alert.for_ + subject.interval, beside)
        )
        if fires:
            timeline = timeline.fires("fires with just enough")
            yield subject.case(f"fires on a canary with just enough {what}", timeline)
        else:
            timeline = timeline.quiet("silent with one too few")
            yield subject.case(f"silent on a canary with too few {what}", timeline)


def _previous_events(of: _Releases) -> Iterator[TestCase]:
    """Follow a release that hardly ran."""
    if not (fewest := of.subject.alert.min_events):
        return
    subject = of.subject
    few, enough = (
        subject.timeline.then(2 * MINUTE, idle(old))
        .then(_BRIEF, old)
        .then(2 * MINUTE, idle(old))
        .then(subject.alert.for_ + subject.interval, of.load("v10", of.worst))
        for old in (of.brief("v9", of.base, number) for number in (fewest - 1, fewest))
    )
    yield subject.case("silent after a release with too few events", few.quiet("silent with one too few"))
    yield subject.case(
        "fires after a release with just enough events", enough.fires("fires with just enough events")
    )
