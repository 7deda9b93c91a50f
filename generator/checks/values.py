"""The possible values of a label, where they are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.checks.written import buckets
from generator.model.units import plain, scientific
from generator.promql.shape import written_value
from generator.streams.raw import bound_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.service import Service
    from generator.promql.shape import Origin


def allowed_values(origin: Origin | None, service: Service) -> frozenset[str] | None:
    """List the values of an origin; None when some are not listed, such as releases."""
    found: set[str] = set()
    for part in origin or ():
        values = _of_part(part, service)
        if values is None:
            return None
        found |= values
    return frozenset(found) if found else None


def _of_part(part: str, service: Service) -> set[str] | None:
    written = written_value(part)
    if written is not None:
        return {written}
    if part in service.labels:
        return set(service.labels[part].values) or None
    for metric in service.metrics.values():
        if part == buckets(metric.name):
            return set(_spellings(metric.buckets))
    for stream in service.streams.values():
        if part == buckets(stream.stem):
            bounds = (bound_text(bound, source.unit) for source in stream.sources for bound in source.buckets)
            return {"+Inf", *bounds}
    return set()


def _spellings(bounds: tuple[float, ...]) -> Iterator[str]:
    """Spell bucket bounds as client libraries do."""
    yield "+Inf"
    for bound in bounds:
        yield plain(bound)
        yield f"{plain(bound)}.0"
        yield scientific(bound)
