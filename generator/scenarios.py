"""Scenarios: the traffic of a service over time, and the times at which an alert fires; test cases are made of them.

A timeline has the values of series from one rule interval to the next, and the expected states of an alert. A subject
is a severity of an alert, with the service that it is tested on. A load is the events of streams a second.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from math import inf
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.model import names
from generator.model.hours import Hours
from generator.model.metrics import OTHER
from generator.model.signals import Better, Count, Distribution, Quantile, Share, Signal, lowest, top_bucket
from generator.model.streams import MODEL, TOKEN_TYPE, Stream, cost
from generator.model.units import HOUR, MINUTE, plain
from generator.promql.expr import series

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from generator.model.alerts import Alert, Tier
    from generator.model.service import Price, Site


#: Events a second: far above every floor.
PLENTY = 100.0
#: The distance of a test case from a bound, beyond or inside, as a part of the bound.
MARGIN = 0.02
#: Alerts with longer windows are tested sparingly: promtool evaluates every rule at every instant of a history.
LONGEST_CASE = 8 * HOUR
#: A sparing test case is evaluated once in this many rule intervals.
_SPARSE = 5
#: The margin for an event whose time is not known to the interval.
SLACK = 3 * MINUTE


class SeriesId(Struct, frozen=True, cache_hash=True):
    """A series: its name, and its labels without the service."""

    name: str
    labels: tuple[tuple[str, str], ...]

    def of(self, service: str) -> str:
        """Write its selector for a service."""
        return _selector(self, service)

    def labels_of(self, service: str) -> dict[str, str]:
        """List its labels for a service."""
        return {**dict(self.labels), names.SERVICE: service}


@lru_cache(maxsize=4096)
def _selector(name: SeriesId, service: str) -> str:
    return series(name.name, name.labels_of(service)).now().text


#: The value of each series: events per second for streams, the constant's value for constants.
Load = dict[SeriesId, float]
#: The constant of a service that promises traffic.
PROMISE = (SeriesId(names.TRAFFIC, ()), 60.0)
#: Its record of whether it is within the hours of the promise.
_HOURS_RECORD = SeriesId(names.HOURS, ((names.WORDS, Hours(7 * HOUR, 12 * HOUR, (1, 2, 3, 4, 5)).words),))


def merged(*loads: Mapping[SeriesId, float]) -> Load:
    """Add loads up."""
    total: Load = {}
    for load in loads:
        for name, amount in load.items():
            total[name] = total.get(name, 0) + amount
    return total


def idle(load: Mapping[SeriesId, float]) -> Load:
    """Keep the series of a load, without events."""
    return dict.fromkeys(load, 0.0)


class Phase(Struct, frozen=True):
    """A constant load for a number of rule intervals; any series that it does not name is absent."""

    steps: int
    load: Mapping[SeriesId, float]


class Expectation(Struct, frozen=True):
    """The expected state of an alert ``seconds`` into a timeline.

    Attributes:
        seconds: The time of the check.
        fires: Whether it fires.
        why: The reason, in a few words.
        since: For a silent alert, the time since which it must have been silent.
        value: The value of the firing alert, where it is known.
    """

    seconds: int
    fires: bool
    why: str
    since: int | None = None
    value: float | None = None


class Timeline(Struct, frozen=True):
    """A sequence of phases with expectations; the first value is at second 0."""

    interval: int
    phases: tuple[Phase, ...] = ()
    expectations: tuple[Expectation, ...] = ()

    @property
    def seconds(self) -> int:
        """The length in seconds."""
        return self.interval * sum(phase.steps for phase in self.phases)

    def up(self, seconds: float) -> int:
        """Round up to whole rule intervals."""
        return int(-(-seconds // self.interval)) * self.interval

    def then(self, seconds: float, load: Mapping[SeriesId, float]) -> Timeline:
        """Go on under a load."""
        phase = Phase(max(1, self.up(seconds) // self.interval), load)
        return Timeline(self.interval, (*self.phases, phase), self.expectations)

    def silent(self, why: str, after: float | None = None) -> Timeline:
        """Expect silence at the end of the last phase, or ``after`` seconds into it."""
        return self._expect(Expectation(self._at(after), fires=False, why=why))

    def quiet(self, why: str) -> Timeline:
        """Expect silence all through the last phase."""
        return self._expect(Expectation(self.seconds, fires=False, why=why, since=self._at(0)))

    def fires(self, why: str, after: float | None = None, value: float | None = None) -> Timeline:
        """Expect the alert at the end of the last phase, or ``after`` seconds into it."""
        return self._expect(Expectation(self._at(after), fires=True, why=why, value=value))

    def until(self, seconds: int) -> tuple[Phase, ...]:
        """Cut the phases off after a number of seconds."""
        phases, left = [], seconds // self.interval
        for phase in self.phases:
            if left > 0:
                phases.append(Phase(min(phase.steps, left), phase.load))
            left -= phase.steps
        return tuple(phases)

    def _expect(self, expectation: Expectation) -> Timeline:
        return Timeline(self.interval, self.phases, (*self.expectations, expectation))

    def _at(self, after: float | None) -> int:
        start = self.seconds - self.phases[-1].steps * self.interval
        return self.seconds if after is None else start + self.up(after)


class TestCase(Struct, frozen=True):
    """The expected behaviour of one severity of an alert over a timeline.

    Attributes:
        name: The tested behaviour, in a few words.
        alert: The alert.
        tier: The severity.
        timeline: The loads and the expectations.
        labels: They select the series among the alert's.
        constants: The constants of the service's file besides those of every case.
        without: The constants that it lacks.
    """

    __test__ = False

    name: str
    alert: Alert
    tier: Tier
    timeline: Timeline
    labels: tuple[tuple[str, str], ...] = ()
    constants: tuple[tuple[SeriesId, float], ...] = ()
    without: frozenset[SeriesId] = frozenset()


def values_of(phases: tuple[Phase, ...], name: SeriesId, every: int = 1) -> str:
    """Write the values of a series in promtool's notation; where it ends it is stale, as records of rules are.

    Args:
        phases: The phases.
        name: The series.
        every: The number of values in each step of a phase.
    """
    parts: list[str] = []
    before: float | None = None
    for place, phase in enumerate(phases):
        steps = phase.steps * every + (place == 0)
        value = phase.load.get(name)
        if value is not None:
            parts.append(f"{number_text(value)}x{steps - 1}" if steps > 1 else number_text(value))
        elif before is None:
            parts.append(f"_x{steps}")
        else:
            parts.append(f"stale _x{steps - 1}" if steps > 1 else "stale")
        before = value
    return " ".join(parts)


def samples_of(phases: tuple[Phase, ...], name: SeriesId, every: int = 1) -> list[float | None]:
    """List the values of a series, ``every`` in each step of a phase."""
    return [
        phase.load.get(name)
        for place, phase in enumerate(phases)
        for _ in range(phase.steps * every + (place == 0))
    ]


def series_of(phases: tuple[Phase, ...]) -> list[SeriesId]:
    """List the series of phases."""
    return list(dict.fromkeys(name for phase in phases for name in phase.load))


def number_text(value: float) -> str:
    """Write a number so that promtool reads it as it is."""
    text = repr(float(value)).removesuffix(".0")
    return f"{Decimal(text):f}" if "e" in text else text


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
        hours: The hours of this promise; None for any hour.
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
    hours: Hours | None = None

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
        return replace(self, every=_SPARSE) if self.sparing and window > LONGEST_CASE else self

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


def within_hours(load: Mapping[SeriesId, float]) -> Load:
    """Write a load in the hours of a promise."""
    return {**load, _HOURS_RECORD: 1.0}


def outside_hours(load: Mapping[SeriesId, float]) -> Load:
    """Write a load outside of them."""
    return {**load, _HOURS_RECORD: 0.0}


class Traffic(Struct, frozen=True):
    """An amount of traffic: ``events`` a second, with the given label values."""

    events: float
    labels: Mapping[str, str]


def counter(stream: Stream, traffic: Traffic, fixture: Fixture) -> Load:
    """Count all events in one series, or set a gauge to their number."""
    return {SeriesId(names.rate(stream), _labels(stream, traffic.labels, fixture)): traffic.events}


def some(stream: Stream, traffic: Traffic, fixture: Fixture) -> Load:
    """Write the events of a stream of either type; in a histogram few are beyond the last bucket."""
    if stream.is_histogram:
        return beyond_last(stream, 0.01, traffic, fixture)
    return counter(stream, traffic, fixture)


def beyond_last(stream: Stream, share: float, traffic: Traffic, fixture: Fixture) -> Load:
    """Write ``share`` of the observations beyond the last bucket."""
    return histogram(stream, [(stream.buckets[0], 1 - share), (inf, share)], traffic, fixture)


def all_but(stream: Stream | None, subject: Subject) -> Load:
    """Make every stream that the service measures, except one."""
    return merged(
        *(
            some(one, Traffic(PLENTY, {}), subject.fixture)
            for one in subject.fixture.streams.values()
            if one.metric and (stream is None or one.name != stream.name)
        )
    )


def spending(usd: float, subject: Subject) -> Load:
    """Spend an amount of USD a second; for a plain count, make that many events."""
    fixture, of = subject.fixture, subject.signal.of
    if isinstance(subject.signal.kind, Count):
        return counter(of, Traffic(usd, {}), fixture)
    if subject.every == 1:
        return counter(of, Traffic(tokens_for(usd, fixture), {}), fixture)
    return counter(cost(of), Traffic(usd, {}), fixture)


def tokens_for(usd: float, fixture: Fixture) -> float:
    """Count the tokens, of the kind that ``counter`` uses, that cost ``usd``."""
    return usd / fixture.price.usd if fixture.price else 0.0


def _labels(stream: Stream, labels: Mapping[str, str], fixture: Fixture) -> tuple[tuple[str, str], ...]:
    """Choose a value for every label of a stream; for tokens, a model and a type that have a price."""
    chosen = {name: fixture.values_of(name)[0] for name in stream.labels}
    if fixture.price and TOKEN_TYPE in chosen:
        chosen |= {MODEL: fixture.price.model, TOKEN_TYPE: fixture.price.token_type}
    own = {name: value for name, value in labels.items() if name in chosen}
    return tuple(sorted({**chosen, **own}.items()))


def histogram(
    stream: Stream, spread: Sequence[tuple[float, float]], traffic: Traffic, fixture: Fixture
) -> Load:
    """Write observations, given as upper bounds of buckets with their shares."""
    labels = _labels(stream, traffic.labels, fixture)
    load: Load = {}
    for edge in (*stream.buckets, inf):
        le = "+Inf" if edge == inf else plain(edge)
        share = sum(part for upper, part in spread if upper <= edge)
        load[SeriesId(names.rate(stream), tuple(sorted((*labels, (names.LE, le)))))] = traffic.events * share
    return load
