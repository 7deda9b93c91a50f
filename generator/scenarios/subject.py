"""Subjects: a severity of an alert, and the service that it is tested on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.model import names
from generator.model.metrics import OTHER
from generator.model.signals import Better, Distribution, Quantile, Share, Signal, lowest, top_bucket
from generator.model.units import HOUR, MINUTE
from generator.scenarios.timeline import Load, SeriesId, TestCase, Timeline

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.model.alerts import Alert, Tier
    from generator.model.service import Price, Site
    from generator.model.streams import Stream

#: Events a second: far above every floor.
PLENTY = 100.0
#: The distance of a test case from a bound, beyond or inside, as a part of the bound.
MARGIN = 0.02
#: Alerts with longer windows are tested sparingly: promtool evaluates every rule at every instant of a history.
LONGEST = 8 * HOUR
#: A sparing test case is evaluated once in this many rule intervals.
_SPARSE = 5
#: The margin for an event whose time is not known to the interval.
SLACK = 3 * MINUTE

#: The constant of a service that promises traffic.
PROMISE = (SeriesId(names.TRAFFIC, ()), 60.0)


class Fixture(Struct, frozen=True):
    """The service of the test cases: example-agent for shared alerts, a service of the specs for its own.

    Attributes:
        site: The site.
        signals: Its signals; histograms have buckets.
        runs: The stream of finished runs.
        streams: Its streams by name.
        values: The values that its labels may have; where only their number is bounded, as many as may be live.
        listed: The labels whose values are listed.
        prices: The prices of tokens.
        constants: The records of its file in every test case.
        runs_per_hour: Promised traffic; 0 for no promise.
        shared: Whether it is one of many that shared alerts watch.
        marks: The labels of its alerts that its author chose.
    """

    site: Site
    signals: Mapping[str, Signal]
    runs: Stream
    streams: Mapping[str, Stream]
    values: Mapping[str, tuple[str, ...]]
    listed: frozenset[str]
    prices: tuple[Price, ...]
    constants: Mapping[SeriesId, float]
    runs_per_hour: float
    shared: bool
    marks: Mapping[str, str] = {}

    @property
    def price(self) -> Price | None:
        """The first price above 0."""
        return next((price for price in self.prices if price.usd > 0), None)

    def values_of(self, label: str) -> tuple[str, ...]:
        """List the values of a label, except the one for all others."""
        return tuple(value for value in self.values.get(label, ()) if value != OTHER) or (f"{label}-1",)


class Subject(Struct, frozen=True):
    """One severity of an alert, and the service that it is tested on.

    ``sparing`` is whether histories of days may be evaluated more rarely than the rules are; ``every`` is the number of
    rule intervals between two evaluations. Above 1 the input is not streams but their records at every interval.
    ``thorough`` also builds cases that would take promtool too long.
    """

    alert: Alert
    tier: Tier
    fixture: Fixture
    sparing: bool = False
    every: int = 1
    thorough: bool = False

    @property
    def signal(self) -> Signal:
        """The signal that the alert is about."""
        return self.fixture.signals[self.alert.signal]

    @property
    def interval(self) -> int:
        """Seconds between two evaluations of the rules."""
        return self.fixture.site.rule_interval * self.every

    @property
    def info(self) -> SeriesId:
        """The constant that names the service."""
        return next(name for name in self.fixture.constants if name.name == names.INFO)

    def over(self, window: int) -> Subject:
        """Choose the evaluation interval for a window."""
        return replace(self, every=_SPARSE) if self.sparing and window > LONGEST else self

    @property
    def keep(self) -> int:
        """For how long the alert outlasts its condition, in seconds."""
        return self.alert.keep_firing_for if self.fixture.site.keeps_firing else 0

    @property
    def timeline(self) -> Timeline:
        """An empty timeline."""
        return Timeline(self.interval)

    @property
    def labels(self) -> dict[str, str]:
        """The label value for testing an alert by label."""
        by = self.alert.by
        if by is None:
            return {}
        if self.alert.only:
            return {by: self.alert.only}
        kind = self.signal.kind
        limits = kind.limits if isinstance(kind, Distribution) and kind.label == by else ()
        return {by: (*limits, *self.fixture.values_of(by))[0]}

    def case(self, name: str, timeline: Timeline, labels: tuple[tuple[str, str], ...] = ()) -> TestCase:
        """Make a test case of a timeline."""
        kind = self.signal.kind
        # Where no value is a limit, the share left for other values may be too large as well.
        only = self.labels if isinstance(kind, Distribution) and not kind.limits else {}
        return TestCase(name, self.alert, self.tier, timeline, labels or tuple(only.items()))

    def fires_and_resolves(  # noqa: PLR0913 - a load and what follows it, each with its time
        self,
        timeline: Timeline,
        load: Load,
        rest: Load,
        *,
        true_after: int,
        false_after: int,
        value: float | None = None,
        exact: bool = True,
    ) -> Timeline:
        """Fire after ``for`` and not before; go on for ``keep_firing_for`` and no longer.

        Args:
            timeline: The timeline so far.
            load: The load that makes the condition true, at first ``true_after`` seconds after it begins.
            rest: The load that makes it false again, at first ``false_after`` seconds after it begins.
            true_after: Seconds.
            false_after: Seconds.
            value: The value that the alert fires with.
            exact: Whether the times are known to the interval.
        """
        step, slack = self.interval, 0 if exact else SLACK
        fires = timeline.up(true_after + self.alert.for_)
        before = fires - (1 if exact else 2) * step
        timeline = timeline.then(fires + slack, load)
        if before > 0:
            timeline = timeline.silent("not before its for", before)
        timeline = timeline.fires("fires", value=value)
        resolves = timeline.up(false_after + self.keep)
        timeline = timeline.then(resolves + slack, rest)
        if self.keep >= SLACK:
            timeline = timeline.fires("keeps firing", resolves - (1 if exact else 2) * step)
        return timeline.silent("resolves")


def around(signal: Signal, bound: float) -> tuple[float, float]:
    """Find values just beyond and just inside a bound; for a good share the margin is relative to its bad part."""
    share = isinstance(signal.kind, Share | Distribution)
    # A quantile is at least a part of its first bucket.
    below = max(bound * (1 - MARGIN), (bound + lowest(signal)) / 2)
    if signal.better is Better.HIGHER and not share:
        return below, bound * (1 + MARGIN)
    if signal.better is Better.HIGHER:
        bad = 1 - bound
        return 1 - _beyond(bad, 1), 1 - bad * (1 - MARGIN)
    # A quantile is at most its last bucket, and a share at most 1, however close the bound is.
    return _beyond(bound, 1 if share else top_bucket(signal)), below


def _beyond(bound: float, most: float | None) -> float:
    beyond = bound * (1 + MARGIN)
    return beyond if most is None else min(beyond, (bound + most) / 2)


def worst(signal: Signal, bound: float) -> float:
    """Find a value far beyond a bound."""
    if isinstance(signal.kind, Share | Distribution):
        return 0.0 if signal.better is Better.HIGHER else 1.0
    top = top_bucket(signal)
    if top is not None and isinstance(signal.kind, Quantile) and signal.better is not Better.HIGHER:
        return top
    return max(bound / 10, lowest(signal)) if signal.better is Better.HIGHER else bound * 10


def worsened(signal: Signal, base: float, by: float, *, relative: bool) -> float:
    """Make a value worse by a difference, or by a part of itself; never below 0."""
    sign = -1 if signal.better is Better.HIGHER else 1
    return max(0.0, base * (1 + sign * by) if relative else base + sign * by)
