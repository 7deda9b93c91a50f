"""The test cases of a change: a step by just more and just less than the bound, with enough events and with too few."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.alerts import condition
from generator.alerts.chance import SEEN, SIGMAS, dispersion
from generator.alerts.change.expression import may_recover
from generator.model.signals import (
    Better,
    Count,
    Distribution,
    Level,
    Quantile,
    Ratio,
    Share,
    Signal,
    top_bucket,
)
from generator.model.units import DAY, duration
from generator.scenarios import MARGIN, PLENTY, SLACK, Subject, Traffic, worsened
from generator.signals.quantile import share_beyond
from generator.signals.registry import load_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from generator.model.alerts import Change
    from generator.scenarios import Load, TestCase, Timeline

_MORE = 1_000_000
#: Healthy values, as parts of the bound of the signal itself.
_BELOW = (0.9, 0.8, 0.7, 0.6, 0.5)


def cases(kind: Change, subject: Subject) -> Iterator[TestCase]:
    """Step by just more and just less than the bound, with enough events and with too few."""
    step = _Step(kind, subject)
    # A single step may be over before its `for` is.
    if step.fires >= step.forgotten - subject.interval or not step.is_seen:
        return
    yield from _bounds(step)
    yield from _rises(step)
    yield from _no_limit(step)
    yield from _events_now(step)
    yield from _events_before(step)
    yield from _by_chance(step)
    if subject.thorough and may_recover(subject.signal, kind):
        yield from _recoveries(step)
    if subject.thorough and kind.also_over and subject.alert.for_ <= kind.also_over // 12:
        yield from _rare(step)


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
            parts = (part for part in _BELOW if self._is_seen_from(part * self.kind.beyond))
            return next(parts, _BELOW[0]) * self.kind.beyond
        if isinstance(kind, Quantile):
            # A value that gets worse leaves its bucket.
            middle = self.signal.of.buckets[len(self.signal.of.buckets) // 2]
            return middle * (1.1 if self.signal.better is Better.HIGHER else 0.9)
        if isinstance(kind, Share | Distribution):
            return 0.02
        least = 0.0 if self.kind.relative else 3 * self.subject.tier.bound
        return max(100.0 if isinstance(kind, Count) else 1.0, least)

    @property
    def is_seen(self) -> bool:
        """Whether the value shows the whole step until the alert fires, and the buckets show more bad events.

        A sum or a gauge shows it until its earlier value changes as well, after ``over``. Other signals show it longer,
        since much more traffic comes before the step than after it.
        """
        steady = condition.adds_up(self.signal) or isinstance(self.signal.kind, Level)
        if steady and self.fires > self.kind.over:
            return False
        return self.kind.beyond is None or self._is_seen_from(self.base)

    def _is_seen_from(self, base: float) -> bool:
        signal, beyond = self.signal, self.kind.beyond
        if not isinstance(signal.kind, Quantile) or beyond is None:
            return True
        value = self._worse_than(base, 1 + MARGIN)
        bad, before = self.bad(value), self.bad(base)
        ends_beyond = value < beyond if signal.better is Better.HIGHER else value > beyond
        return ends_beyond and bad is not None and before is not None and bad - before > SEEN

    @property
    def clearly_worse(self) -> float:
        """A value just beyond the bound; where chance is judged, one that it never explains."""
        return self.worse(1.1) if self.bad(self.worst) is None else self.worst

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

    def is_sure(self, events: float) -> bool:
        """Whether chance cannot explain the worst value on this number of events."""
        bad, before = self.bad(self.worst), self.bad(self.base)
        if bad is None or before is None:
            return True
        return (bad - before) * events > (1 + MARGIN) * SIGMAS * sqrt(dispersion(self.signal) * bad * events)

    def load(self, value: float, events: float = PLENTY, other: Mapping[str, str] | None = None) -> Load:
        """Find the load for a value, at a number of events a second."""
        labels = {**self.subject.labels, **(other or {})}
        return load_of(self.signal, value, Traffic(events, labels), self.subject)

    def sparse(self, value: float, events: float) -> Load:
        """Find the load for a value at a number of events in a window."""
        return self.load(value, events / self.signal.window)

    def worse(self, part: float) -> float:
        """Worsen the base by a part of the bound."""
        return self._worse_than(self.base, part)

    def _worse_than(self, base: float, part: float) -> float:
        bound = self.subject.tier.bound * part
        return worsened(self.signal, base, bound, relative=self.kind.relative)

    def from_base(self, base: float, load: Load | None = None) -> Timeline:
        """Begin at a value, with enough traffic to stay long in a window, or under a given load."""
        before = load or self.load(base, _MORE * PLENTY)
        if not isinstance(self.signal.kind, Level):
            return self.subject.timeline.then(self.forgotten, before).quiet("silent before")
        # A gauge is complete only when its window is.
        settled = self.forgotten + self.subject.keep + self.subject.interval
        return self.subject.timeline.then(settled, before).silent("silent before")


def _bounds(step: _Step) -> Iterator[TestCase]:
    subject = step.subject
    interval, value = subject.interval, step.worse(1 + MARGIN)
    resolves = step.forgotten + subject.keep
    timeline = step.from_base(step.base).then(resolves + SLACK, step.load(value))
    # A sum has no traffic that could stay long in a window.
    sharp = not (condition.adds_up(step.signal) or isinstance(step.signal.kind, Level))
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


def _rises(step: _Step) -> Iterator[TestCase]:
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
    if not (fewest := step.subject.alert.min_events) or condition.adds_up(step.signal):
        return
    if not step.is_sure(fewest):
        # Chance needs more events than the floor.
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
    if not (fewest := alert.min_events) or condition.adds_up(step.signal):
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


def _by_chance(step: _Step) -> Iterator[TestCase]:
    """Step by just more than the bound, on so few events that chance explains it, and on a few more."""
    value = step.worse(1 + MARGIN)
    bad, before = step.bad(value), step.bad(step.base)
    if bad is None or before is None or bad <= before:
        # Nothing is counted, or buckets are too coarse to show the step.
        return
    # After much more traffic before, only the later events scatter; after an equal amount, both do.
    for scatters, early, like in ((bad, False, "much more"), (bad + before, True, "as much")):
        variance = dispersion(step.signal) * scatters
        few, enough = (variance * (SIGMAS * part / (bad - before)) ** 2 for part in (1 - MARGIN, 1 + MARGIN))
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


def _recoveries(step: _Step) -> Iterator[TestCase]:
    """Get better and then worse again, after a yesterday of different kinds."""
    subject, over, better = step.subject, step.kind.over, step.forgotten
    good, bad = step.load(step.base), step.load(step.worse(1 + MARGIN))
    begun = subject.timeline
    back = begun.then(DAY + 2 * better, bad).then(better, good).then(better, bad)
    yield subject.case("silent on a recovery", back.quiet("silent on the way back to yesterday's value"))
    again = begun.then(better, good).then(better, bad).then(DAY - better, good).then(step.fires, bad)
    yield subject.case("fires on the same step as yesterday", again.fires("fires"))
    fell = begun.then(better, bad).then(DAY, good).then(step.fires, bad)
    yield subject.case("fires where yesterday got better", fell.fires("fires"))
    rare = subject.alert.for_ + subject.signal.window + 2 * SLACK
    if not (fewest := subject.alert.min_events) or isinstance(step.signal.kind, Count) or rare > over:
        return
    few = step.sparse(step.worse(1 + MARGIN), fewest - 1)
    for ago in (DAY, DAY + over):
        # The few events end just after the time of comparison.
        rest = ago - SLACK - better - step.fires
        yield subject.case(
            f"fires after too few events {duration(ago)} ago",
            begun.then(2 * better, bad)
            .then(rare, few)
            .then(rest, bad)
            .then(better, good)
            .then(step.fires, bad)
            .fires("fires"),
        )


def _rare(step: _Step) -> Iterator[TestCase]:
    """Step where the signal's own window holds too few events."""
    subject, longer, fewest = step.subject, step.kind.also_over, step.subject.alert.min_events

    # As many as the signal's own window may hold without being enough.
    usual = 0.75 * longer / step.signal.window

    def load(value: float, floors: float = usual) -> Load:
        """Find the load of some events in the longer window, given in multiples of its floor."""
        return step.load(value, floors * fewest / longer)

    begun = subject.timeline
    before = begun.then(2 * longer, load(step.base)).quiet("silent before")
    yield subject.case(
        "fires on rare events that get worse by more than its bound",
        before.then(longer, load(step.clearly_worse)).fires("fires just beyond its bound"),
    )
    inside = before.then(2 * longer, load(step.worse(1 - MARGIN))).quiet("silent just inside its bound")
    yield subject.case("silent on rare events that get worse by just less than its bound", inside)
    few = (
        begun.then(2 * longer, load(step.base, 1)).then(longer, load(step.worst, 0.4)).quiet("silent on few")
    )
    yield subject.case("silent on too few events in the longer window", few)
    few, enough = (
        begun.then(2 * longer, load(step.base, events / fewest)).then(longer, load(step.worst))
        for events in (fewest - 1, fewest)
    )
    yield subject.case("silent after an event too few", few.quiet("silent with an event too few"))
    yield subject.case("fires after just enough rare events", enough.fires("fires with just enough events"))
    eased = before.then(longer // 4, load(step.worst)).fires("fires while it is much worse")
    eased = eased.then(longer // 4 + subject.keep + SLACK, load(step.base)).silent(
        "resolves when that is over"
    )
    yield subject.case("fires on rare events for no longer than they are worse", eased)
    many = begun.then(2 * longer, step.load(step.base)).then(longer * 5 // 6, step.load(step.worse(1.5)))
    yield subject.case("silent where many events show no change", many.silent("silent on a step of long ago"))
    for windowfuls, goes_on in ((1.9, True), (2.1, False)):
        floors = windowfuls * longer / step.signal.window
        stepped = begun.then(2 * longer, load(step.base, floors)).then(
            longer, load(step.clearly_worse, floors)
        )
        if goes_on:
            lasts = stepped.fires("fires still")
            yield subject.case("goes on where a window may have too few events", lasts)
        else:
            ended = stepped.silent("silent on a step of long ago")
            yield subject.case("ends where each window has enough events", ended)
    yield from _rare_rises(step, usual * fewest)
    yield from _rare_by_chance(step)
    if may_recover(step.signal, step.kind):
        yield from _rare_yesterday(step, load)


def _rare_rises(step: _Step, events: float) -> Iterator[TestCase]:
    """Rise from as good as can be to just inside and just beyond the bound of the signal itself."""
    longer, beyond = step.kind.also_over, step.kind.beyond
    bad = None if beyond is None else step.bad(beyond)
    if beyond is None or bad is None or bad * events < 1.1 * SIGMAS**2 * dispersion(step.signal):
        return
    for side, what in (
        (-1, "silent where rare events are still good"),
        (1, "fires where rare events are bad"),
    ):
        good = step.subject.timeline.then(2 * longer, step.load(0.0, events / longer))
        bad_for = longer + step.subject.alert.for_ + SLACK
        risen = good.then(bad_for, step.load(beyond * (1 + side * MARGIN), events / longer))
        yield step.subject.case(what, risen.quiet(what) if side < 0 else risen.fires(what))


def _rare_by_chance(step: _Step) -> Iterator[TestCase]:
    """Step, after much more traffic, on so few events that chance explains it, and on a few more."""
    subject, longer, before = step.subject, step.kind.also_over, step.bad(step.base)
    fewest, most = subject.alert.min_events, subject.alert.min_events * longer / step.signal.window
    for part in range(2, 30):
        value = step.worse(part)
        bad = step.bad(value)
        if bad is None or before is None or bad >= 1:
            return
        few, enough = (
            dispersion(step.signal) * bad * (SIGMAS * near / (bad - before)) ** 2
            for near in (1 - MARGIN, 1 + MARGIN)
        )
        if fewest + 1 < few and enough < (1 - MARGIN) * most:
            break
    else:
        return
    for events, what in ((few, "silent on what chance explains"), (enough, "fires on just more")):
        busy = step.from_base(step.base).then(longer, step.load(step.base, _MORE * PLENTY))
        timeline = busy.then(longer + subject.alert.for_ + SLACK, step.load(value, events / longer))
        found = timeline.quiet(what) if events == few else timeline.fires(what)
        yield subject.case(f"{what} of rare events", found)


def _rare_yesterday(step: _Step, load: Callable[..., Load]) -> Iterator[TestCase]:
    """Get better and then worse again, after a yesterday of different kinds."""
    subject, longer, usual, better = step.subject, step.kind.also_over, step.clearly_worse, step.base
    begun = subject.timeline
    back = begun.then(DAY + longer, load(usual)).then(2 * longer, load(better)).then(longer, load(usual))
    yield subject.case("silent on a recovery of rare events", back.quiet("silent on the way back"))
    rose = begun.then(DAY, load(better)).then(longer, load(usual)).fires("fires")
    yield subject.case("fires where rare events were better yesterday", rose)
    fell = begun.then(3 * longer, load(usual, 0.4)).then(DAY - longer, load(better)).then(longer, load(usual))
    yield subject.case("fires where yesterday had too few events", fell.fires("fires"))
