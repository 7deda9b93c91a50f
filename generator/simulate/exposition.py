"""The metrics that a process exposes for its runs, by scrape: those of its service, with the service's labels."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate, product
from math import log2, pi, sin
from typing import TYPE_CHECKING, assert_never

from msgspec import Struct, field

from generator.model import names
from generator.model.metrics import OTHER, Across, Label, Metric
from generator.model.signals import Better, Level
from generator.model.streams import ERROR_CLASS, MODEL, STOP_REASON, TOKEN_TYPE, TOOL
from generator.model.units import scientific
from generator.simulate.agents import PRICED_AS, TOKEN_FIELDS, prices_of, usd_of_call
from generator.simulate.feeds import INFO, FedSource, Happening, observations, source_labels, sources_by_event
from generator.simulate.vocabulary import Vocabulary, label_choices, vocabulary
from generator.streams.roles import Amount, Event, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from generator.model.service import Service
    from generator.simulate.agents import LlmCall, Prices, Run

#: The swing of a gauge, as a part of its usual value, and its period.
_SWING, _SCRAPES_A_SWING = 0.05, 240
#: Labels and their values.
Segments = tuple[tuple[str, str], ...]
_Route = tuple[Event, tuple[str, ...], Segments]
#: Its multiples spread evenly between 0 and 1.
_GOLDEN = 0.6180339887
#: The value of a gauge without an objective; its place under a promised maximum, and above a promised minimum.
_USUAL, _UNDER, _ABOVE = 5.0, 0.5, 0.1
#: The part of a model call's time that passes before its first token.
_FIRST_TOKEN = 0.2
#: The seconds after which a call of a model fails.
_FAILING = 1.0


class Amounts(Struct, frozen=True):
    """The amounts of an event, in base units; None for those that it does not have."""

    seconds: float | None = None
    until_first: float | None = None
    steps: float | None = None
    tokens: float | None = None
    usd: float | None = None

    def of(self, amount: Amount) -> float:
        """Return an amount.

        Raises:
            LookupError: the event lacks it, so that a stream of it would be invented out of nothing.
        """
        found: float | None
        match amount:
            case Amount.ONE:
                found = 1
            case Amount.SECONDS:
                found = self.seconds
            case Amount.UNTIL_FIRST:
                found = self.until_first
            case Amount.STEPS:
                found = self.steps
            case Amount.TOKENS:
                found = self.tokens
            case Amount.USD:
                found = self.usd
            case _:
                assert_never(amount)
        if found is None:
            raise LookupError(f"the simulation knows no {amount} of an event that a stream reads it of")
        return found


class Values(Struct, frozen=True):
    """One series of a process: its value at each of its scrapes from the ``first`` on."""

    labels: Mapping[str, str]
    first: int
    values: list[float]


class Counter(Struct, frozen=True):
    """A counter with its labels; ``added`` holds increments by the number of the first scrape that sees them."""

    metric: Metric
    labels: Mapping[str, str]
    zero_initialised: bool
    added: dict[int, float] = field(default_factory=dict)

    def add(self, scrape: int, amount: float, times: int) -> None:
        """Add ``amount``, given as it is exposed, ``times`` over."""
        self.added[scrape] = self.added.get(scrape, 0) + amount * times

    def series(self, scrapes: int) -> Iterator[Values]:
        """Read it at the first ``scrapes`` scrapes."""
        if self.added or self.zero_initialised:
            first = 0 if self.zero_initialised else min(self.added)
            sums = list(accumulate(_dense(self.added, scrapes)))
            yield Values({"__name__": self.metric.name, **self.labels}, first, sums[first:])


class Histogram(Struct, frozen=True):
    """A histogram with its labels; ``buckets`` hold the observations of each bucket, the last one those above all."""

    metric: Metric
    labels: Mapping[str, str]
    zero_initialised: bool
    buckets: tuple[dict[int, float], ...]
    total: dict[int, float] = field(default_factory=dict)

    def add(self, scrape: int, amount: float, times: int) -> None:
        """Observe ``amount``, given as it is exposed, ``times`` over."""
        bucket = self.buckets[bisect_left(self.metric.buckets, amount)]
        bucket[scrape] = bucket.get(scrape, 0) + times
        self.total[scrape] = self.total.get(scrape, 0) + amount * times

    def series(self, scrapes: int) -> Iterator[Values]:
        """Read its buckets, sum and count at the first ``scrapes`` scrapes."""
        if not self.total and not self.zero_initialised:
            return
        first = 0 if self.zero_initialised else min(self.total)
        name, below = self.metric.name, [0.0] * scrapes
        for edge, bucket in zip((*self.metric.buckets, float("inf")), self.buckets, strict=True):
            below = list(map(float.__add__, below, _dense(bucket, scrapes)))
            labels = {"__name__": f"{name}_bucket", **self.labels, names.LE: bucket_label(edge)}
            yield Values(labels, first, list(accumulate(below))[first:])
        yield Values({"__name__": f"{name}_count", **self.labels}, first, list(accumulate(below))[first:])
        sums = list(accumulate(_dense(self.total, scrapes)))
        yield Values({"__name__": f"{name}_sum", **self.labels}, first, sums[first:])


class Gauge(Struct, frozen=True):
    """A gauge with its labels, which swings about its ``usual`` value, in its exposed unit, by the part ``swing``."""

    metric: Metric
    labels: Mapping[str, str]
    usual: float
    swing: float = _SWING

    def series(self, scrapes: int) -> Iterator[Values]:
        """Read it at the first ``scrapes`` scrapes."""
        turn = 2 * pi / _SCRAPES_A_SWING
        values = [self.usual * (1 + self.swing * sin(turn * scrape)) for scrape in range(scrapes)]
        yield Values({"__name__": self.metric.name, **self.labels}, 0, values)


def counting(metric: Metric, labels: Mapping[str, str], *, zero_initialised: bool) -> Counter | Histogram:
    """Start to count a metric."""
    if metric.is_histogram:
        buckets: list[dict[int, float]] = [{} for _ in (*metric.buckets, None)]
        return Histogram(metric, labels, zero_initialised, tuple(buckets))
    return Counter(metric, labels, zero_initialised)


def bucket_label(edge: float) -> str:
    """Spell a bucket's bound as Python's client does: ``100.0``, ``1e+06``, ``+Inf``."""
    if edge == float("inf"):
        return "+Inf"
    if edge < 1e6:  # noqa: PLR2004 - where the client turns to exponents
        return repr(float(edge))
    return scientific(edge)


def _dense(added: Mapping[int, float], scrapes: int) -> list[float]:
    dense = [0.0] * scrapes
    for scrape, amount in added.items():
        dense[scrape] = float(amount)
    return dense


class ServiceExposition(Struct, frozen=True):
    """The data that all processes of a service share; ``fed`` lists the readings of each event."""

    service: Service
    words: Vocabulary
    prices: Prices
    fed: Mapping[Event, tuple[FedSource, ...]]

    @classmethod
    def of(cls, service: Service) -> ServiceExposition:
        """Read it from a service."""
        return cls(service, vocabulary(service), prices_of(service), sources_by_event(service))


class Process(Struct, frozen=True):
    """The metrics of one process, which runs ``release``."""

    exposed: ServiceExposition
    release: str
    counting: dict[tuple[str, Segments], Counter | Histogram] = field(default_factory=dict)
    gauges: list[Gauge] = field(default_factory=list)
    routes: dict[_Route, list[tuple[Amount, float, Counter | Histogram]]] = field(default_factory=dict)
    token_types: dict[str, list[tuple[str, tuple[str, ...]]]] = field(default_factory=dict)
    finished: list[int] = field(default_factory=lambda: [0])

    def show(self) -> None:
        """Expose every declared combination of labels of the gauges, each well within its objective."""
        service = self.exposed.service
        for metric in service.metrics.values():
            if metric.is_gauge:
                usual = _usual(metric, service)
                declared = [dict(one) for one in _declared(metric, self.release, self.exposed)]
                for labels in declared or [{}]:
                    self.gauges.append(Gauge(metric, self._labels_of(metric, labels), usual))
        joined = {
            label.joined: _value(name, {}, self) for name, label in service.labels.items() if label.joined
        }
        if joined:
            self.gauges.append(Gauge(INFO, joined, 1, swing=0))

    def _labels_of(self, metric: Metric, labels: Mapping[str, str]) -> dict[str, str]:
        return source_labels(metric, self.exposed.service, lambda name: _value(name, labels, self))

    def start(self) -> None:
        """Expose every declared combination of labels at 0, as the generated module does; others wait for events."""
        unread = {one.metric for one in self.exposed.fed[Event.UNREAD]}
        for metric in self.exposed.service.metrics.values():
            begins = not metric.sparse or metric.name in unread
            if begins and not metric.is_gauge and not metric.foreign:
                for labels in _declared(metric, self.release, self.exposed):
                    self._counting(metric, self._labels_of(metric, labels), zero_initialised=True)

    def finish(self, scrape: int, run: Run) -> None:
        """Count a finished run and all its events."""
        good = self.exposed.words.reasons.is_ok(run.reason)
        ended = (run.reason, "ok" if good else "", *_of_models(run))
        whose = _whose(self.finished[0], self.exposed.service)
        self.finished[0] += 1
        self._add(Event.RUN, ended, scrape, Amounts(seconds=run.seconds, steps=run.steps), 1, whose)
        for call in run.tool_calls:
            self.call(scrape, call.tool, call.seconds, call.error, whose=whose)
        for answer in run.llm_calls:
            self.answer(scrape, answer, whose=whose)
        for error in run.llm_errors:
            self._add(Event.LLM_ERROR, error, scrape, Amounts(seconds=_FAILING), 1, whose)

    def call(  # noqa: PLR0913, PLR0917 - a call as it is
        self, scrape: int, tool: str, seconds: float, error: str = "", times: int = 1, whose: Segments = ()
    ) -> None:
        """Count a tool call, ``times`` over; ``error`` is the class of its error."""
        self._add(Event.TOOL_CALL, (tool, error), scrape, Amounts(seconds=seconds), times, whose)
        if error:
            self._add(Event.TOOL_ERROR, (tool, error), scrape, Amounts(), times, whose)

    def answer(self, scrape: int, call: LlmCall, times: int = 1, whose: Segments = ()) -> None:
        """Count an LLM step and its tokens, ``times`` over."""
        amounts = Amounts(
            seconds=call.seconds,
            until_first=call.seconds * _FIRST_TOKEN,
            usd=usd_of_call(call, self.exposed.prices),
        )
        self._add(Event.LLM_CALL, (call.model,), scrape, amounts, times, whose)
        if call.model not in self.token_types:
            self.token_types[call.model] = _token_fields(self.exposed, call.model)
        for token_type, fields in self.token_types[call.model]:
            tokens = sum(getattr(call, name) for name in fields)
            self._add(Event.TOKENS, (call.model, token_type), scrape, Amounts(tokens=tokens), times, whose)

    def _add(  # noqa: PLR0913, PLR0917 - an event as it is
        self,
        event: Event,
        key: tuple[str, ...],
        scrape: int,
        amounts: Amounts,
        times: int = 1,
        whose: Segments = (),
    ) -> None:
        route = self.routes.get((event, key, whose))
        if route is None:
            route = self.routes[event, key, whose] = list(self._route(event, key, whose))
        for amount, factor, counter in route:
            counter.add(scrape, amounts.of(amount) / factor, times)

    def _route(
        self, event: Event, key: tuple[str, ...], whose: Segments
    ) -> Iterator[tuple[Amount, float, Counter | Histogram]]:
        happening = _happening(event, key, whose, self.exposed.words)
        observed = observations(
            happening,
            self.exposed.fed[event],
            self.exposed.service,
            lambda name: _value(name, happening.labels, self),
        )
        for one in observed:
            counter = self._counting(one.metric, one.labels, zero_initialised=False)
            yield one.amount, one.factor, counter

    def _counting(
        self, metric: Metric, labels: Mapping[str, str], *, zero_initialised: bool
    ) -> Counter | Histogram:
        key = metric.name, tuple(labels.items())
        if key not in self.counting:
            self.counting[key] = counting(metric, labels, zero_initialised=zero_initialised)
        return self.counting[key]


def _whose(number: int, service: Service) -> Segments:
    """Choose a value of each segment for a run: the first listed one for half of the runs, and so on."""
    return tuple(
        (label, _one_of([value for value in service.labels[label].values if value != OTHER], number, place))
        for place, label in enumerate(service.segments)
        if service.labels[label].values
    )


def _one_of(values: Sequence[str], number: int, place: int) -> str:
    part = number * (_GOLDEN + place / 10) % 1
    return values[min(int(-log2(1 - part)), len(values) - 1)]


def _usual(metric: Metric, service: Service) -> float:
    """Choose the value of a gauge on one instance, in its exposed unit."""
    signals = (one for one in service.signals.values() if isinstance(one.kind, Level))
    read = next(
        (one for one in signals if one.of.metric == metric.name and one.name in service.objectives), None
    )
    if read is None:
        level = _USUAL
    else:
        bound, lower = service.objectives[read.name].bound, read.better is not Better.HIGHER
        level = bound * _UNDER if lower else bound + abs(bound) * _ABOVE
    return level / metric.factor / (service.replicas if metric.across is Across.SUM else 1)


def _happening(event: Event, key: tuple[str, ...], whose: Segments, words: Vocabulary) -> Happening:
    labels = _said(event, key, words) | dict(whose)
    return Happening(event, labels, failed=ERROR_CLASS in labels)


def _said(event: Event, key: tuple[str, ...], words: Vocabulary) -> dict[str, str]:  # noqa: PLR0911 - one an event
    """Convert an event's key to label values; an event that failed has the class of its error."""
    match event:
        case Event.RUN:
            reason, good, model, error = key
            labels = {STOP_REASON: reason, **({MODEL: model} if model else {})}
            return labels | _ended(words.run, error, well=bool(good))
        case Event.TOOL_CALL:
            tool, error = key
            return {TOOL: tool, **_ended(words.call, error, well=not error)}
        case Event.TOOL_ERROR:
            return {TOOL: key[0], ERROR_CLASS: key[1]}
        case Event.LLM_CALL:
            return {MODEL: key[0], **_ended(words.step, "", well=True)}
        case Event.LLM_ERROR:
            return {MODEL: key[0], **_ended(words.step, key[1], well=False)}
        case Event.TOKENS:
            return {MODEL: key[0], TOKEN_TYPE: key[1]}
        case Event.UNREAD | Event.INNER_RUN:
            return {}  # no simulated agent has any
        case _:
            assert_never(event)


def _ended(outcome: Outcome | None, error: str, *, well: bool) -> dict[str, str]:
    status = {outcome.label: outcome.good if well else outcome.bad} if outcome else {}
    return status if well else {**status, ERROR_CLASS: error or OTHER}


def _of_models(run: Run) -> tuple[str, str]:
    """Return the model that a run is counted under, and the class of its last error; either may be empty."""
    called = [call.model for call in run.llm_calls] + [model for model, _ in run.llm_errors]
    return next(iter(called), ""), run.llm_errors[-1][1] if run.llm_errors else ""


def _value(label: str, labels: Mapping[str, str], process: Process) -> str:
    """Return a label's value; a label that no event sets always has its first declared value, or an invented one."""
    if label == names.RELEASE:
        return process.release
    if label in labels:
        return labels[label]
    declared = process.exposed.service.labels
    return label_choices(declared[label], label)[0] if label in declared else ""


def _token_fields(exposed: ServiceExposition, model: str) -> list[tuple[str, tuple[str, ...]]]:
    """List the token types that are exposed for a model, each with the fields of a step that it counts."""
    types = {TOKEN_FIELDS[name]: name for name in exposed.words.token_types if name in TOKEN_FIELDS}
    counted = {name: [field] for field, name in types.items()}
    for inclusion in exposed.service.inclusions:
        if model in inclusion.models and inclusion.token_type in counted:
            inside = [TOKEN_FIELDS[name] for name in inclusion.included if name in TOKEN_FIELDS]
            counted[inclusion.token_type] += inside
            if "cached" in inside and "written" not in inside:
                # A source that counts cached tokens inside prompts does not show which ones were written to the cache.
                counted.pop(types.pop("written", ""), None)
    for field_, instead in PRICED_AS.items():
        if field_ not in types and instead in types:
            counted[types[instead]].append(field_)
    return [(name, tuple(fields)) for name, fields in counted.items()]


def _declared(metric: Metric, release: str, exposed: ServiceExposition) -> Iterator[dict[str, str]]:
    """List the label combinations that a process can expose before anything happened."""
    labels = [exposed.service.labels[name] for name in metric.labels if name != names.RELEASE]
    if not all(label.values for label in labels):
        return
    for values in product(*(label.values for label in labels)):
        combination = dict(zip((label.name for label in labels), values, strict=True))
        if _possible(combination, labels):
            combination[names.RELEASE] = release
            yield {name: combination[name] for name in metric.labels}


def _possible(combination: Mapping[str, str], labels: Iterable[Label]) -> bool:
    """Check that every label that determines another one agrees with it."""
    return all(
        combination.get(label.determines or "", wanted) == wanted
        for label in labels
        if (wanted := label.determined.get(combination[label.name])) is not None
    )
