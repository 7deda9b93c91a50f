"""What a server has over a span: which records, from when on. A few cheap looks, however long the span."""

from __future__ import annotations

from functools import reduce
from math import ceil, floor, inf
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.promql.expr import Series, aggregate, binary, labelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from generator.live.api import PrometheusApi
    from generator.promql.expr import Expr
    from generator.replay.needs import Needs

_LOOKS = 60
#: Seconds; as close as anybody wants to know.
_CLOSE = 60
_SHORTEST = 15
#: The label that sets constants apart in the answer to a look.
_CONSTANT = "constant"


class Covered(Struct, frozen=True):
    """What a look saw of a service's records.

    Attributes:
        service: Whose they are.
        first: When any was there first, Unix seconds; as coarse as ``step``.
        last: And last.
        measured: When one was there first that is no constant; infinity where none was.
        step: Seconds between the instants that were looked at.
    """

    service: str
    first: float
    last: float
    measured: float
    step: float


def covered(api: PrometheusApi, service: str, need: Needs, start: int, end: int) -> Covered | None:
    """Look for any of the needed records of ``service``; None where there is none in the span.

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
    """Count the records that are measured, and the constants apart from them."""
    if need.measured:
        yield _count(service, need.measured)
    if constants := need.records - need.measured:
        yield labelled(_count(service, constants), _CONSTANT, "yes")


def _count(service: str, records: Iterable[str]) -> Expr:
    return aggregate("count", Series("").one_of("__name__", sorted(records)).where(service=service).now())


def begins(api: PrometheusApi, found: Covered | None, need: Needs, start: int) -> float:
    """Find, to the minute, when a service's records begin; minus infinity where that was before the span, or never.

    Constants do not count: they are there as soon as the rules are.

    Args:
        api: The server.
        found: What a look at the whole span saw.
        need: The records.
        start: The begin of the span.

    Raises:
        LiveError: the server cannot be reached or refuses.
    """
    while found and start < found.measured < inf and found.step > _CLOSE:
        # Past the first look that saw something, or the last of the finer ones could be just short of it.
        before, after = max(start, floor(found.measured - found.step)), ceil(found.measured + found.step)
        finer = covered(api, found.service, need, before, after)
        found = finer if finer and finer.measured < inf else replace(found, step=0)
    return found.measured if found and start < found.measured < inf else -inf
