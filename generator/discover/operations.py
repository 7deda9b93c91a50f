"""Metrics of several operations, such as OpenTelemetry's: runs, calls of tools and of models, by a label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.discover import meaning
from generator.promql.expr import escape_regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from generator.discover.foreign import Exposed, Part, Place


def sliced(metrics: Iterable[Exposed], place: Place) -> Iterator[Exposed]:
    """Take the metrics of several kinds of operations apart."""
    for metric in metrics:
        kinds = next(filter(None, _kinds_by_label(metric, place)), None)
        if kinds is None:
            yield metric
        else:
            label, by_kind = kinds
            for kind, values in by_kind.items():
                where = (*metric.where, (label, tuple(map(escape_regex, values))))
                yield replace(metric, where=where, kind=kind)


def unread_operations(part: Part, others: Iterable[Part], place: Place) -> tuple[str, list[str]]:
    """List the values of the label of operations that no part of the same metric reads."""
    metric = part.metric
    if not metric.kind:
        return "", []
    label = metric.where[0][0]
    read = {
        value for one in others if one.metric.name == metric.name for value in place.values(one.metric, label)
    }
    return label, [one for one in place.values(replace(metric, where=()), label) if one and one not in read]


def _kinds_by_label(metric: Exposed, place: Place) -> Iterator[tuple[str, Mapping[str, list[str]]] | None]:
    wanted = meaning.OPERATION_LABELS
    if metric.words & (meaning.TOKENS | meaning.COSTS | meaning.TOOLS):
        wanted = meaning.SURE_OPERATION_LABELS
    for label in sorted(place.labels(metric)):
        if meaning.words(label) & wanted:
            by_kind = meaning.operations(place.values(metric, label))
            yield (label, by_kind) if len(by_kind) > 1 else None
