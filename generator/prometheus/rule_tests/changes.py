"""Test cases of alerts that compare a window with an earlier one: changes, and counts that fall."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.alerts.chance import SIGMAS
from generator.alerts.fall import AGO
from generator.model.signals import Better, Count, Distribution, Level, Quantile, Ratio, Share, top_bucket
from generator.model.units import DAY, HOUR, duration
from generator.prometheus.rule_tests.loads import Traffic, load_of, share_beyond
from generator.prometheus.rule_tests.subject import MARGIN, PLENTY, SLACK, Subject, worsened

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.model.alerts import Change, Fall
    from generator.model.signals import Signal
    from generator.prometheus.rule_tests.timeline import Load, TestCase, Timeline

_MORE = 1_000_000
_PAST = DAY + 2 * HOUR


class _Step(Struct, frozen=True):
    """A signal that steps from a base value to another.

    All times are seconds after the step. The change is visible from ``seen`` until just before ``forgotten``.
    """

    kind: Change
    subject: Subject

    @property
    def signal(self) -> Signal:
        return self.subject.signal

    @property
    def seen(self) -> int:
        return self.signal.window

    @property
    def forgotten(self) -> int:
        return self.kind.over + self.signal.window

    @property
    def fires(self) -> int:
        return self.seen + self.subject.alert.for_

    @property
    def base(self) -> float:
        """A healthy value; not far below the bound ``beyond`` of the signal itself, if there is one."""
        kind = self.signal.kind
        if isinstance(kind, Share) and self.signal.better is Better.HIGHER:
            return 0.98
        if self.kind.beyond is not None:
            return self.kind.beyond * 0.9
        if isinstance(kind, Quantile):
            # What gets worse leaves its bucket.
            middle = self.signal.of.buckets[len(self.signal.of.buckets) // 2]
            return middle * (1.1 if self.signal.better is Better.HIGHER else 0.9)
        if isinstance(kind, Share | Distribution):
            return 0.02
        least = 0.0 if self.kind.relative else 3 * self.subject.tier.bound
        return max(100.0 if isinstance(kind, Count) else 1.0, least)

    @property
    def worst(self) -> float:
        """A value as bad as can be."""
        if isinstance(self.signal.kind, Share | Distribution):
            return 0.0 if self.signal.better is Better.HIGHER else 1.0
        top = top_bucket(self.signal)
        if isinstance(self.signal.kind, Quantile) and self.signal.better is Better.HIGHER:
            return self.base / 10
        return top if top is not None else self.base * 10

    def bad(self, value: float) -> float | None:
        """Compute the bad share of events at a value; None for an alert that counts no bad events."""
        kind = self.signal.kind
        if isinstance(kind, Share):
            return 1 - value if kind.good else value
        if isinstance(kind, Quantile) and (beyond := self.kind.beyond) is not None:
            return share_beyond(self.signal, kind.q, value, beyond)
        counted = isinstance(kind, Distribution) or (isinstance(kind, Ratio) and self.signal.of.sparse)
        return value if counted else None

    def load(self, value: float, events: float = PLENTY, other: Mapping[str, str] | None = None) -> Load:
        """Find the load for a value, at a number of events a second."""
        labels = {**self.subject.labels, **(other or {})}
        return load_of(self.signal, value, Traffic(events, labels), self.subject)

    def sparse(self, value: float, events: float) -> Load:
        """Find the load for a value at a number of events in a window."""
        return self.load(value, events / self.signal.window)

    def worse(self, part: float) -> float:
        """Worsen the base by a part of the bound."""
        bound = self.subject.tier.bound * part
        return worsened(self.signal, self.base, bound, relative=self.kind.relative)

    def from_base(self, base: float, load: Load | None = None) -> Timeline:
        """Begin at a value, with enough traffic to stay long in a window, or under a given load."""
        before = load or self.load(base, _MORE * PLENTY)
        if not isinstance(self.signal.kind, Count | Level):
            return self.subject.timeline.then(self.forgotten, before).quiet("silent before")
        # A count or a gauge is complete only when its window is; ratios are right from the first event on.
        settled = self.forgotten + self.subject.keep + self.subject.interval
        return self.subject.timeline.then(settled, before).silent("silent before")


def change(kind: Change, subject: Subject) -> Iterator[TestCase]:
    """Step by just more and just less than the bound, with enough events and with too few."""
    step = _Step(kind, subject)
    if step.fires >= step.forgotten - subject.interval:
        # A single step is over before its `for` is.
        return
    yield from _bounds(step)
    yield from _beyond(step)
    yield from _no_limit(step)
    yield from _events_now(step)
    yield from _events_before(step)
    yield from _chance(step)


def _bounds(step: _Step) -> Iterator[TestCase]:
    subject = step.subject
    interval, value = subject.interval, step.worse(1 + MARGIN)
    resolves = step.forgotten + subject.keep
    timeline = step.from_base(step.base).then(resolves + SLACK, step.load(value))
    # A plain count has no traffic that could stay long in a window.
    sharp = not isinstance(step.signal.kind, Count | Level)
    if sharp and subject.alert.for_ >= interval:
        timeline = timeline.silent("not before its for", step.fires - interval)
    timeline = timeline.fires("fires just beyond its bound", step.fires, subject.tier.bound * (1 + MARGIN))
    if sharp:
        timeline = timeline.fires("keeps firing", resolves - interval).silent("no longer", resolves)
    yield subject.case("fires when it gets worse by just more than its bound", timeline.silent("resolves"))
    yield subject.case(
        "silent when it gets worse by just less than its bound",
        step.from_base(step.base)
        .then(step.forgotten, step.load(step.worse(1 - MARGIN)))
        .quiet("silent just inside its bound"),
    )


def _beyond(step: _Step) -> Iterator[TestCase]:
    """Rise by a multiple of the bound, to just inside and just beyond the bound of the signal itself."""
    if (beyond := step.kind.beyond) is None:
        return
    rise = 3 * step.subject.tier.bound
    base = beyond / (1 + rise) if step.kind.relative else max(0.0, beyond - rise)
    inside, outside = (
        step.from_base(base).then(step.fires, step.load(beyond * (1 + side * MARGIN))) for side in (-1, 1)
    )
    yield step.subject.case(
        "silent when a large rise ends where it is still good", inside.quiet("silent where it is still good")
    )
    yield step.subject.case(
        "fires when a large rise ends where it is bad", outside.fires("fires where it is bad enough")
    )


def _no_limit(step: _Step) -> Iterator[TestCase]:
    """Increase a value that is no limit: more completed runs are no problem."""
    kind = step.signal.kind
    if not isinstance(kind, Distribution) or not kind.limits or step.subject.alert.by != kind.label:
        return
    harmless = next(
        (one for one in step.subject.fixture.values_of(kind.label) if one not in kind.limits), None
    )
    if harmless is not None:
        timeline = step.from_base(step.base).then(
            step.fires, step.load(step.worst, other={kind.label: harmless})
        )
        yield step.subject.case(
            "silent when what is no limit becomes more", timeline.quiet("silent on what is no limit")
        )


def _events_now(step: _Step) -> Iterator[TestCase]:
    if not (fewest := step.subject.alert.min_events) or isinstance(step.signal.kind, Count):
        return
    few, enough = (
        step.from_base(step.base).then(step.fires, step.sparse(step.worst, events))
        for events in (fewest - 1, fewest)
    )
    yield step.subject.case("silent with too few events now", few.quiet("silent with an event too few"))
    yield step.subject.case(
        "fires with just enough events now", enough.fires("fires with just enough events")
    )


def _events_before(step: _Step) -> Iterator[TestCase]:
    alert, interval = step.subject.alert, step.subject.interval
    if not (fewest := alert.min_events) or isinstance(step.signal.kind, Count):
        return
    first = step.signal.window + alert.for_ + 2 * interval
    few, enough = (
        step.subject.timeline.then(first, step.sparse(step.base, events))
        .quiet("silent before")
        .then(step.kind.over, step.load(step.worst))
        for events in (fewest - 1, fewest)
    )
    yield step.subject.case("silent with too few events before", few.quiet("silent with an event too few"))
    yield step.subject.case(
        "fires with just enough events before", enough.fires("fires with just enough events")
    )


def _chance(step: _Step) -> Iterator[TestCase]:
    """Step by just more than the bound, on so few events that chance explains it, and on a few more."""
    value = step.worse(1 + MARGIN)
    bad, before = step.bad(value), step.bad(step.base)
    if bad is None or before is None or bad <= before:
        # Nothing is counted, or buckets are too coarse to show the step.
        return
    # After much more traffic before, only the later events scatter; after an equal amount, both do.
    for scatters, early, like in ((bad, False, "much more"), (bad + before, True, "as much")):
        few, enough = (scatters * (SIGMAS * part / (bad - before)) ** 2 for part in (1 - MARGIN, 1 + MARGIN))
        if few <= step.subject.alert.min_events + 1 or (early and step.fires > step.kind.over):
            continue
        explained, beyond = (
            step.from_base(step.base, step.sparse(step.base, events) if early else None).then(
                step.fires, step.sparse(value, events)
            )
            for events in (few, enough)
        )
        yield step.subject.case(
            f"silent on what chance explains after {like} traffic", explained.quiet("silent")
        )
        yield step.subject.case(
            f"fires on just more than chance explains after {like} traffic", beyond.fires("fires")
        )


def fall(_kind: Fall, subject: Subject) -> Iterator[TestCase]:
    """Fall by just less and just more than the bound; after a day with the same fall; and from very little."""
    subject = subject.over(DAY)
    bound, keep, window = subject.tier.bound, subject.keep, subject.signal.window
    full = window + subject.alert.for_
    usual = _load(1.0, subject)
    inside, beyond = (_load(1 - bound * part, subject) for part in (1 - MARGIN / 2, 1 + MARGIN / 2))
    past = subject.timeline.then(_PAST, usual).quiet("silent while all is as usual")
    yield subject.case(
        "fires when just more than its bound is gone",
        past.then(full, inside)
        .quiet("silent just inside its bound")
        .then(full, beyond)
        # Both are equally far from the bound, so that it is crossed in the middle of the window.
        .silent("not before its for", window * 2 // 3)
        .fires("fires just beyond its bound", value=bound * (1 + MARGIN / 2))
        .then(HOUR + window + keep + SLACK, beyond)
        .silent("resolves when it was so an hour ago"),
    )
    yield subject.case(
        "silent without a yesterday", subject.timeline.then(HOUR, usual).then(full, beyond).quiet("silent")
    )
    if subject.thorough:
        yield from _likewise(subject, beyond, full)
    yield from _events(subject, full)


def _likewise(subject: Subject, low: Load, full: int) -> Iterator[TestCase]:
    """Be as low, or have an event too few, at one of the earlier times of comparison."""
    usual, none = _load(1.0, subject), _load(0.0, subject)
    few = _events_of(subject.alert.min_events - 1, subject)
    for ago in AGO:
        for then, now, what in ((low, low, "as low"), (few, none, "nearly as low")):
            timeline = subject.timeline.then(_PAST - ago, usual).then(full, then)
            timeline = timeline.then(ago - full, usual).then(full, now).quiet("silent")
            yield subject.case(f"silent when it was {what} {duration(ago)} ago", timeline)


def _events(subject: Subject, full: int) -> Iterator[TestCase]:
    if fewest := subject.alert.min_events:
        few, enough = (
            subject.timeline.then(_PAST, _events_of(number, subject)).then(full, _load(0.0, subject))
            for number in (fewest - 1, fewest)
        )
        yield subject.case("silent after too few events", few.quiet("silent with an event too few"))
        yield subject.case(
            "fires after just enough events", enough.fires("fires with just enough events", value=1)
        )


def _load(part: float, subject: Subject) -> Load:
    """Make a part of plenty."""
    return _events_of(part * PLENTY * subject.signal.window, subject)


def _events_of(number: float, subject: Subject) -> Load:
    """Make a number of events in a window."""
    return load_of(subject.signal, number, Traffic(1.0, subject.labels), subject)
