"""What a server has over a span: which records, from when on. A few cheap looks, however long the span."""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.promql.expr import Series, aggregate
from generator.replay.asking import ask

if TYPE_CHECKING:
    from collections.abc import Iterable

    from generator.live.api import PrometheusApi
    from generator.replay.asking import Patience

_LOOKS = 60
#: Seconds; as close as anybody wants to know.
_CLOSE = 60
_SHORTEST = 15


class Covered(Struct, frozen=True):
    """When records of a service were first and last seen, Unix seconds; as coarse as the looks at the span."""

    service: str
    first: float
    last: float
    step: float


def covered(  # noqa: PLR0913, PLR0917 - a span has two ends
    api: PrometheusApi, service: str, records: Iterable[str], start: int, end: int, patience: Patience
) -> Covered | None:
    """Look for any of ``records`` of ``service``; None where there is none in the span.

    Raises:
        LiveError: the server cannot be reached or refuses.
    """
    step = max(_SHORTEST, ceil((end - start) / _LOOKS))
    read = Series("").one_of("__name__", sorted(records)).where(service=service)
    fields = {
        "query": str(aggregate("count", read.now())),
        "start": str(start),
        "end": str(end),
        "step": str(step),
    }
    times = [
        time for one in ask(api, "/api/v1/query_range", fields, patience).series for time in one.timestamps
    ]
    return Covered(service, min(times), max(times), step) if times else None


def begins(  # noqa: PLR0913, PLR0917 - a span has two ends
    api: PrometheusApi, service: str, records: Iterable[str], start: int, end: int, patience: Patience
) -> float:
    """Find, to the minute, when ``records`` of ``service`` begin; minus infinity where that was before the span.

    Raises:
        LiveError: the server cannot be reached or refuses.
    """
    names = tuple(records)
    found = covered(api, service, names, start, end, patience) if names else None
    while found and found.first > start and found.step > _CLOSE:
        # Past the first look that saw something, or the last of the finer ones could be just short of it.
        before, after = max(start, floor(found.first - found.step)), ceil(found.first + found.step)
        found = covered(api, service, names, before, after, patience) or replace(found, step=0)
    return found.first if found and found.first > start else float("-inf")
