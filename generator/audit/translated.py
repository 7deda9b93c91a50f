"""Foreign metrics: their labels and values as a profile reads them, compared with the existing series."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model.metrics import OTHER, Label, Metric
from generator.notation.patterns import matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from generator.audit.source import AuditSource
    from generator.model.service import Service
    from generator.model.streams import Source, Stream


class ObservedTranslation(Struct, frozen=True):
    """A label of a stream in a metric.

    Attributes:
        label: Its name in the product.
        exposed: Its names in the source, of which the first with a value says it.
        strays: Exposed values that no pattern matches and no list contains.
        is_absent: Whether no series has it, although its absence has no meaning.
        is_there: Whether any series has it.
        where: The labels by which the profile reads only a part of the metric's series.
    """

    label: str
    exposed: tuple[str, ...]
    strays: tuple[str, ...]
    is_absent: bool
    is_there: bool = True
    where: tuple[str, ...] = ()


def absent(translations: Iterable[ObservedTranslation], *, partly: bool) -> Iterator[ObservedTranslation]:
    """Find the labels that no series of a metric has; ``partly``: that others have, and none of those that are read."""
    every = tuple(translations)
    there = {(one.label, one.exposed) for one in every if one.is_there}
    for one in every:
        if one.is_absent and ((one.label, one.exposed) in there) is partly:
            yield one


def _sources_of(metric: Metric, service: Service) -> tuple[Source, ...]:
    """Find the sources that read a metric."""
    return tuple(dict.fromkeys(one for one in service.sources if metric.name in one.metrics))


def alternatives(metric: Metric, service: Service) -> frozenset[str]:
    """List the names of which one is enough, where exporters differ."""
    return frozenset(
        name
        for source in _sources_of(metric, service)
        for names in (source.names, source.minus)
        if metric.name in names
        for name in names
    )


def dropped(metric: Metric, service: Service) -> frozenset[str]:
    """List the known labels that a profile sums away."""
    return frozenset(label for source in _sources_of(metric, service) for label in source.drop)


def translations(
    source: AuditSource, counted: str, metric: Metric, service: Service
) -> Iterator[ObservedTranslation]:
    """Observe each label that a profile reads from a metric."""
    seen: set[tuple[object, ...]] = set()
    for feed in _sources_of(metric, service):
        for name, exposed in feed.supplied.items():
            label = service.labels[name]
            if label.joined not in exposed and (name, exposed, feed.where) not in seen:
                seen.add((name, exposed, feed.where))
                values = _values(source, counted, exposed, feed)
                where = tuple(one for one, _ in feed.where)
                strays = tuple(_strays(label, values))
                gone = _is_absent(label, values)
                yield ObservedTranslation(name, exposed, strays, gone, any(values), where)


def unread_labels(
    exposed: Iterable[str], metric: Metric, service: Service, library: Mapping[str, Stream]
) -> Iterator[tuple[str, str]]:
    """Name each stream with a label that it may have, that a metric exposes, and that the profile does not read."""
    for stream in service.streams.values():
        for feed in (one for one in stream.sources if metric.name in one.names):
            known = {name for name, _ in (*feed.labels, *feed.constants)} | {*feed.drop}
            wanted = library[stream.name].labels if stream.name in library else ()
            for label in wanted:
                if label in service.labels and label in exposed and label not in known:
                    yield stream.name, label


def _values(source: AuditSource, counted: str, exposed: tuple[str, ...], feed: Source) -> list[str]:
    """List the values of a label on the series that are read: of several names the first that is not empty has it."""
    read = (values[: len(exposed)] for values in _read(source, counted, exposed, feed))
    return list(dict.fromkeys(next(filter(None, values), "") for values in read))


def is_read(source: AuditSource, counted: str, feed: Source) -> bool:
    """Whether any of the series is one that the profile reads."""
    return bool(_read(source, counted, (), feed))


def _read(source: AuditSource, counted: str, by: tuple[str, ...], feed: Source) -> list[tuple[str, ...]]:
    """List the label combinations on the series that are read: first ``by``, then those of ``feed.where``."""
    where = dict(feed.where)
    counts = source.groups(counted, (*by, *where)).counts
    return [
        values
        for values in counts
        if all(
            matches(one, patterns) for one, patterns in zip(values[len(by) :], where.values(), strict=True)
        )
    ]


def _strays(label: Label, values: Iterable[str]) -> Iterator[str]:
    taken = {*label.values} if not label.patterns else {OTHER} & {*label.values}
    for value in values:
        known = value in taken or any(matches(value, each) for each in label.patterns.values())
        if value and (label.values or label.patterns) and not known and not matches(value, label.ignore):
            yield value


def _is_absent(label: Label, values: list[str]) -> bool:
    means_something = any(matches("", patterns) for patterns in label.patterns.values())
    return bool(values) and not any(values) and not means_something
