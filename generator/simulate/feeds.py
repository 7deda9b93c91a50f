"""The raw pass in reverse: the series that a source exposes for an event, so that they become the right streams.

Several streams may read one metric: a histogram of calls holds their number, their times and their failures. Then one
event is one observation, with all the labels that the streams read.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model.metrics import FACTORS, Label, Metric, MetricType
from generator.model.names import TARGET_INFO
from generator.model.streams import MODEL, Source, Stream
from generator.notation.patterns import example, matches
from generator.streams.roles import Amount, Event, Role, role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from generator.model.service import Service

    #: Returns the value of a stream's label, by its name.
    LabelReader = Callable[[str], str]

#: The labels of a process from an OpenTelemetry SDK; it counts nothing.
INFO = Metric(TARGET_INFO, MetricType.GAUGE, "What the process says of itself.", "", (), foreign=True)
#: A metric that shows several events counts the first of these; the others are seen in its observations.
_ORDER = (
    Event.TOKENS,
    Event.RUN,
    Event.TOOL_CALL,
    Event.LLM_CALL,
    Event.TOOL_ERROR,
    Event.LLM_ERROR,
    Event.UNREAD,
    Event.INNER_RUN,
)
_ERRORS = frozenset({Event.TOOL_ERROR, Event.LLM_ERROR})


class FedSource(Struct, frozen=True):
    """A source of a stream and the role that feeds it; ``counted`` is the event that its metric counts."""

    stream: Stream
    source: Source
    role: Role
    counted: Event

    @property
    def metric(self) -> str:
        """The metric that is read: of several names, which differ among exporters, the first."""
        return self.source.names[0]

    @property
    def factor(self) -> float:
        """The factor from an amount as the metric exposes it to that of the stream."""
        return FACTORS[self.source.unit] if self.stream.is_histogram else self.source.scale

    def is_read_of(self, labels: Mapping[str, str]) -> bool:
        """Whether it is the source of events with these labels; an unknown label contradicts nothing."""
        return all(labels.get(name, value) == value for name, value in self.source.constants)


class Observation(Struct, frozen=True):
    """The contribution of an event to one series: an amount in the stream's unit, divided by ``factor``."""

    metric: Metric
    labels: Mapping[str, str]
    amount: Amount
    factor: float


def sources_by_event(service: Service) -> Mapping[Event, tuple[FedSource, ...]]:
    """List the readings that each event feeds, in the service's order."""
    every = tuple(_readings(service))
    failing = {
        one.metric for one in every if (one.role.event, one.counted) == (Event.LLM_ERROR, Event.LLM_CALL)
    }
    by_event = {event: tuple(one for one in every if one.counted is event) for event in Event}
    # A model call that fails is only an error event: where one metric has both, it counts as a call as well.
    calls = tuple(one for one in by_event[Event.LLM_CALL] if one.metric in failing)
    return {**by_event, Event.LLM_ERROR: (*calls, *by_event[Event.LLM_ERROR])}


def _readings(service: Service) -> Iterator[FedSource]:
    counting = (one for one in service.streams.values() if not one.is_gauge)
    every = [(one, source, role(one) or _own(one)) for one in counting for source in one.sources]
    for stream, source, found in every:
        beside = (other.event for _, read, other in every if _is_within(source, read))
        yield FedSource(stream, source, found, min((found.event, *beside), key=_ORDER.index))


def _own(stream: Stream) -> Role:
    """Feed a metric of the service's own with model calls, or with runs, by its labels."""
    event = Event.LLM_CALL if MODEL in stream.labels else Event.RUN
    return Role(event, Amount.SECONDS if stream.unit == "s" else Amount.ONE)


def _is_within(source: Source, other: Source) -> bool:
    """Whether all series of a source belong to the other as well."""
    return source.names[0] == other.names[0] and set(other.where) <= set(source.where)


class Happening(Struct, frozen=True):
    """An event: the labels that it sets itself, and whether it failed."""

    event: Event
    labels: Mapping[str, str]
    failed: bool


def observations(
    happening: Happening, sources: Iterable[FedSource], service: Service, value: LabelReader
) -> Iterator[Observation]:
    """Yield an event's observation in each series that it feeds; ``value`` returns any label of a stream."""
    by_metric: defaultdict[str, list[FedSource]] = defaultdict(list)
    for one in _chosen(sources, happening):
        by_metric[one.metric].append(one)
    for name, read in by_metric.items():
        metric = service.metrics[name]
        observed = next((one for one in read if one.role.amount is not Amount.ONE), read[0])
        shown = _shown(happening.event, read, service, value)
        labels = (
            {label: text for label, text in shown.items() if text}
            if metric.foreign
            else {label: shown[label] if label in shown else value(label) for label in metric.labels}
        )
        yield Observation(metric, labels, observed.role.amount, observed.factor)


def _chosen(sources: Iterable[FedSource], happening: Happening) -> Iterator[FedSource]:
    """Yield the source of each stream for an event, and the sources from which it is subtracted."""
    by_stream: defaultdict[str, list[FedSource]] = defaultdict(list)
    for one in sources:
        if happening.failed or one.role.event not in _ERRORS:
            by_stream[one.stream.name].append(one)
    for read in by_stream.values():
        first = next((one for one in read if one.is_read_of(happening.labels)), None)
        if first is not None:
            yield first
            yield from (
                one for one in read if one is not first and set(first.source.names) & set(one.source.minus)
            )


class _Meant(Struct, frozen=True):
    """A value that a reader of a label expects: a text that one of its patterns matches, or that none matches."""

    value: str
    patterns: tuple[str, ...]
    none: bool = False

    def takes(self, text: str) -> bool:
        """Whether a text is read as the value."""
        return matches(text, self.patterns) is not self.none

    @property
    def examples(self) -> tuple[str, ...]:
        """Texts to try: the value itself, and an example of each pattern."""
        return (self.value, *(() if self.none else map(example, self.patterns)))


def _shown(event: Event, read: Iterable[FedSource], service: Service, value: LabelReader) -> dict[str, str]:
    """Choose a value for each label of a metric that has the right meaning for all its readers."""
    meant: defaultdict[str, list[_Meant]] = defaultdict(list)
    for one in read:
        if one.role.event in {event, one.counted, *_ERRORS}:
            for shown, patterns in one.source.where:
                meant[shown].append(_Meant("", patterns))
        for name, (shown, *_) in one.source.supplied.items():
            label = service.labels.get(name)
            if label is None or label.joined != shown:
                meant[shown].append(_meant(value(name), label))
    return {shown: _fitting(wanted) for shown, wanted in meant.items()}


def _meant(value: str, label: Label | None) -> _Meant:
    patterns = label.patterns if label else {}
    if not patterns:
        return _Meant(value, (re.escape(value),))
    if value in patterns:
        return _Meant(value, patterns[value])
    return _Meant(value, tuple(one for some in patterns.values() for one in some), none=True)


def _fitting(wanted: Iterable[_Meant]) -> str:
    every = tuple(wanted)
    texts = [text for one in every for text in one.examples]
    return next((text for text in texts if all(one.takes(text) for one in every)), texts[-1])


def source_labels(metric: Metric, service: Service, value: LabelReader) -> dict[str, str]:
    """Return the labels of a metric that counts no events, as its source exposes them."""
    read = (
        FedSource(stream, source, Role(Event.RUN), Event.RUN)
        for stream in service.streams.values()
        for source in stream.sources
        if metric.name in source.names
    )
    shown = _shown(Event.RUN, list(read)[:1], service, value)
    return {label: text for label, text in shown.items() if text or not metric.foreign}
