"""The records that a server has over a span, and their start: a few cheap queries for a span of any length."""

from __future__ import annotations

from functools import reduce
from math import ceil, floor, inf
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.promql.expr import Expr, Series, aggregate, binary, labelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from generator.live.api import PrometheusApi
    from generator.replay.needs import Needs

_LOOKS = 60
#: Seconds; a sufficient precision.
_CLOSE = 60
_SHORTEST = 15
#: The label that separates constants in the answer to a query.
_CONSTANT = "constant"


class Covered(Struct, frozen=True):
    """A query's view of a service's records.

    Attributes:
        service: The service.
        first: The first time of any record, Unix seconds; as coarse as ``step``.
        last: The last time.
        measured: The first time of a record that is not a constant; infinity without one.
        step: Seconds between the queried instants.
    """

    service: str
    first: float
    last: float
    measured: float
    step: float


def covered(api: PrometheusApi, service: str, need: Needs, start: int, end: int) -> Covered | None:
    """Look for any of the needed records of ``service``; None without any in the span.

    Raises:
        LiveError: the server cannot be reached or refuses.
    """
    step = max(_SHORTEST, ceil((end - start) / _LOOKS))
    counts = tuple(_counts(service, need))
    if not counts:
        return None
    query = reduce(lambda one, other: binary("or", one, other), counts)
    series = api.one_range(str(query), start, end, step).series
    times = [time for one in series for time in one.timestamps]
    measured = [time for one in series if _CONSTANT not in one.labels for time in one.timestamps]
    return Covered(service, min(times), max(times), min(measured, default=inf), step) if times else None


def _counts(service: str, need: Needs) -> Iterator[Expr]:
    """Count the measured records, and the constants separately."""
    if need.measured:
        yield _count(service, need.measured)
    if constants := need.records - need.measured:
        yield labelled(_count(service, constants), _CONSTANT, "yes")


def _count(service: str, records: Iterable[str]) -> Expr:
    return aggregate("count", Series("").one_of("__name__", sorted(records)).where(service=service).now())


def begins(api: PrometheusApi, found: Covered | None, need: Needs, start: int) -> float:
    """Find the start of a service's records, to the minute; minus infinity if it is before the span, or there are none.

    Constants do not count: they exist as soon as the rules do.

    Args:
        api: The server.
        found: The view of the whole span.
        need: The records.
        start: The start of the span.

    Raises:
        LiveError: the server cannot be reached or refuses.
    """
    while found and start < found.measured < inf and found.step > _CLOSE:
        # Past the first instant with a record, or the last of the finer ones could be just before it.
        before, after = max(start, floor(found.measured - found.step)), ceil(found.measured + found.step)
        finer = covered(api, found.service, need, before, after)
        found = finer if finer and finer.measured < inf else replace(found, step=0)
    return found.measured if found and start < found.measured < inf else -inf
