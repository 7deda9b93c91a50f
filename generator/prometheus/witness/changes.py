"""Cases of what compares a window with an earlier one.

What comes first has a thousand times the traffic of what comes after: a window that holds a minute of it shows
nothing else. So the change is there from when the later window has left it behind until the earlier one has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model.signals import Better, Count, Distribution, Quantile, Ratio, Share, Signal, top_bucket
from generator.model.units import MINUTE
from generator.prometheus.alerting.chance import SIGMAS
from generator.prometheus.witness.loads import Traffic, load_of, share_beyond
from generator.prometheus.witness.measures import MARGIN, PLENTY, labels_for, worsened
from generator.prometheus.witness.story import SLACK, Story

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.model import alerts
    from generator.prometheus.witness.case import Case, Trial
    from generator.prometheus.witness.history import Load

_MORE = 1_000
#: How often to look whether an alert is silent, at most: a month has many minutes.
_LOOKS = 60


class _Step(Struct, frozen=True):
    """A signal that steps from a base value to another.

    All times are seconds after the step. The change is there from ``seen`` until ``forgotten``.
    """

    kind: alerts.Change
    trial: Trial
    signal: Signal

    @property
    def seen(self) -> int:
        return self.signal.window + MINUTE

    @property
    def forgotten(self) -> int:
        return self.kind.over + self.signal.window

    @property
    def fires(self) -> int:
        return self.seen + self.trial.alert.for_ + 2 * MINUTE

    @property
    def base(self) -> float:
        """A healthy value; not far below what the signal must be beyond as well, where there is such a thing."""
        if isinstance(self.signal.kind, Share) and self.signal.kind.good:
            return 0.98
        if self.kind.beyond is not None:
            return self.kind.beyond * 0.9
        if isinstance(self.signal.kind, Quantile):
            return self.signal.of.buckets[len(self.signal.of.buckets) // 2] * self.signal.of.factor * 0.9
        if isinstance(self.signal.kind, Share | Distribution):
            return 0.02
        least = 0.0 if self.kind.relative else 3 * self.trial.tier.bound
        return max(100.0 if isinstance(self.signal.kind, Count) else 1.0, least)

    @property
    def worst(self) -> float:
        """A value as bad as can be."""
        if isinstance(self.signal.kind, Share | Distribution):
            return 0.0 if self.signal.better is Better.HIGHER else 1.0
        top = top_bucket(self.signal)
        return top if top is not None else self.base * 10

    def bad(self, value: float) -> float | None:
        """Say which share of the events is bad at a value; None where an alert counts none."""
        kind = self.signal.kind
        if isinstance(kind, Share):
            return 1 - value if kind.good else value
        if isinstance(kind, Quantile) and (beyond := self.kind.beyond) is not None:
            edges = self.signal.of.buckets
            edge = max((edge for edge in edges if edge * self.signal.of.factor <= beyond), default=0.0)
            return share_beyond(self.signal.of, kind.q, value, edge)
        counted = isinstance(kind, Distribution) or (isinstance(kind, Ratio) and self.signal.of.sparse)
        return value if counted else None

    def load(self, value: float, events: float = PLENTY, other: Mapping[str, str] | None = None) -> Load:
        """Find the load of a value, at a number of events a scrape."""
        labels = {**labels_for(self.trial.alert, self.signal, self.trial.service), **(other or {})}
        return load_of(self.signal, value, Traffic(events, labels), self.trial)

    def sparse(self, value: float, events: float) -> Load:
        """Find the load of a value at a number of events in a window."""
        return self.load(value, events * self.trial.scrape / self.signal.window)

    def worse(self, part: float) -> float:
        """Worsen the base by a part of the bound."""
        bound = self.trial.tier.bound * part
        return worsened(self.signal, self.base, bound, relative=self.kind.relative)

    def from_base(self, base: float, load: Load | None = None) -> Story:
        """Begin at a value, with so much traffic that a window forgets it late, or under a load of its own."""
        long = self.forgotten + SLACK
        return Story().then(long, load or self.load(base, _MORE * PLENTY)).silent("silent before")


def change(kind: alerts.Change, trial: Trial) -> tuple[Case, ...]:
    """Step by just more and just less than the bound, with enough events and with too few."""
    step = _Step(kind, trial, trial.service.signals[trial.alert.signal])
    if step.fires > step.forgotten - 2 * MINUTE:
        # A single step is over before its `for` is.
        return ()
    return tuple(
        case
        for part in (_bounds, _beyond, _no_limit, _events_now, _events_before, _chance)
        for case in part(step)
    )


def _bounds(step: _Step) -> Iterator[Case]:
    alert, inside = step.trial.alert, step.load(step.worse(1 - MARGIN))
    story = step.from_base(step.base).then(
        step.forgotten + alert.keep_firing_for + SLACK, step.load(step.worse(1 + MARGIN))
    )
    # What is only counted has no traffic of its own that could make a window forget late.
    sharp = not isinstance(step.signal.kind, Count)
    if sharp and alert.for_ >= 2 * MINUTE:
        story = story.silent("not before its for", step.seen + alert.for_ - 2 * MINUTE)
    story = story.fires("fires just beyond its bound", step.fires)
    if sharp and alert.keep_firing_for >= SLACK:
        story = story.fires("keeps firing", step.forgotten + alert.keep_firing_for - 2 * MINUTE)
    yield story.silent("resolves").case("fires when it gets worse by just more than its bound", step.trial)
    quiet = step.from_base(step.base).then(step.forgotten, inside)
    every = MINUTE * max(5, step.forgotten // (_LOOKS * MINUTE))
    for after in range(every, step.forgotten, every):
        quiet = quiet.silent("silent just inside its bound", after)
    quiet = quiet.then(step.signal.window, inside, restarted=True).silent("silent through a restart")
    yield quiet.case("is silent when it gets worse by just less than its bound", step.trial)


def _beyond(step: _Step) -> Iterator[Case]:
    """Rise by a multiple of the bound, to just inside and just beyond what the signal itself must be beyond."""
    if (beyond := step.kind.beyond) is None:
        return
    rise = 3 * step.trial.tier.bound
    base = beyond / (1 + rise) if step.kind.relative else max(0.0, beyond - rise)
    for side, fires in ((-1, False), (1, True)):
        story = step.from_base(base).then(step.fires, step.load(beyond * (1 + side * MARGIN)))
        story = (
            story.fires("fires where it is bad enough")
            if fires
            else story.silent("silent where it is still good")
        )
        yield story.case(
            f"{'fires' if fires else 'is silent'} when a large rise ends just {side:+d} of what is good",
            step.trial,
        )


def _no_limit(step: _Step) -> Iterator[Case]:
    """Let what is no limit become more: nobody need know that more runs complete."""
    kind = step.signal.kind
    if not isinstance(kind, Distribution) or not (label := step.trial.service.labels[kind.label]).limits:
        return
    harmless = next((value for value in label.values if value not in label.limits), None)
    if harmless is not None and step.trial.alert.by == label.name:
        story = step.from_base(step.base).then(
            step.fires, step.load(step.worst, other={label.name: harmless})
        )
        yield story.silent("silent on what is no limit").case(
            "is silent when what is no limit becomes more", step.trial
        )


def _events_now(step: _Step) -> Iterator[Case]:
    if not (fewest := step.trial.alert.min_events) or isinstance(step.signal.kind, Count):
        return
    few = step.from_base(step.base).then(step.fires, step.sparse(step.worst, fewest - 1))
    yield few.silent("silent with an event too few").case("is silent with too few events now", step.trial)
    enough = step.from_base(step.base).then(step.fires, step.sparse(step.worst, fewest))
    yield enough.fires("fires with just enough events").case("fires with just enough events now", step.trial)


def _events_before(step: _Step) -> Iterator[Case]:
    alert = step.trial.alert
    if not (fewest := alert.min_events) or isinstance(step.signal.kind, Count):
        return
    first = step.signal.window + alert.for_ + 2 * SLACK
    for events, fires in ((fewest - 1, False), (fewest, True)):
        story = Story().then(first, step.sparse(step.base, events)).silent("silent before")
        story = story.then(step.kind.over, step.load(step.worst))
        story = (
            story.fires("fires with just enough events")
            if fires
            else story.silent("silent with an event too few")
        )
        yield story.case(
            f"{'fires with just enough' if fires else 'is silent with too few'} events before", step.trial
        )


def _chance(step: _Step) -> Iterator[Case]:
    """Step by just more than the bound, on so few events that chance explains it, and on a few more."""
    value = step.worse(1 + MARGIN)
    bad, before = step.bad(value), step.bad(step.base)
    if bad is None or before is None or bad <= before:
        # Nothing is counted, or buckets are too coarse to show the step.
        return
    # Beside so much traffic before, only what comes after scatters; beside as much, both do.
    for scatters, early, like in ((bad, None, "much more"), (bad + before, True, "as much")):
        few, enough = (scatters * (SIGMAS * part / (bad - before)) ** 2 for part in (1 - MARGIN, 1 + MARGIN))
        if few <= step.trial.alert.min_events + 1 or (early and step.fires > step.kind.over):
            continue
        for events, fires in ((few, False), (enough, True)):
            story = step.from_base(step.base, step.sparse(step.base, events) if early else None)
            story = story.then(step.fires, step.sparse(value, events))
            story = story.fires("fires") if fires else story.silent("silent")
            what = "fires on just more" if fires else "is silent on no more"
            yield story.case(f"{what} than chance explains after {like} traffic", step.trial)
