"""A replay from beginning to end: its series, its server with the records that it has, and the resulting alerts."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from enum import StrEnum
from functools import reduce
from math import ceil, floor, inf
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.live.api import PrometheusApi, connect
from generator.live.errors import LiveError
from generator.model import names
from generator.promql.expr import Expr, Series, aggregate, binary, labelled
from generator.replay.history import AlertHistory, histories
from generator.replay.scratch import NO_DATA, RawSource, check_copied, check_scratch, count_series, scratch
from generator.replay.subject import Needs, ReplaySubject, needs, raw_of
from generator.replay.times import utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from generator.model.rules import RuleGroup
    from generator.model.service import Site
    from generator.replay.jobs import WorkerPool


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


class RecordSource(StrEnum):
    """The source of recorded series: the server, or raw series evaluated here.

    AUTO reads them where they reach as far back as the server's raw series do.
    """

    AUTO = "auto"
    READ = "read"
    INLINED = "inlined"


class Order(Struct, frozen=True):
    """The replay to make. ``start`` and ``end`` are Unix seconds; the limits protect the server."""

    subject: ReplaySubject
    site: Site
    start: int
    end: int
    records: RecordSource = RecordSource.AUTO
    points: int = 1500
    most_samples: int = 50_000_000


class Replay(Struct, frozen=True):
    """The result of a replay; ``records`` is READ or INLINED, ``notes`` are sentences about the data."""

    server: str
    start: int
    end: int
    records: RecordSource
    alerts: tuple[AlertHistory, ...]
    notes: tuple[str, ...]


def replay(order: Order, crew: WorkerPool) -> Replay:
    """Evaluate the alerts of ``order``, of which there may be none, on the server of ``crew``, which is only read.

    Raises:
        LiveError: the server cannot be reached or refuses, it has no data in the span, or inputs for computing records
            are missing.
    """
    if not order.subject.rules:
        return Replay(crew.apis[0].url, order.start, order.end, order.records, (), ())
    need = needs(order.subject.rules, order.subject.recording)
    _greet(crew.apis[0], order.end)
    looks = {} if order.records is RecordSource.INLINED else _looks(order, crew, need)
    records, notes = _records(order, crew.apis[0], need, looks)
    with _own(order, crew, need) if records is RecordSource.INLINED else nullcontext(crew) as asked:
        if records is RecordSource.INLINED:
            looks = _looks(order, asked, need)
            notes = (*notes, *_unmeasured(crew.apis[0].url, need, looks))
        begun = _begun(order, asked, need, looks)
        found = histories(asked, order.subject.rules, (order.start, order.end), order.points, begun)
    warnings = (text for one in found for text in one.warnings)
    notices = tuple(dict.fromkeys((*notes, *warnings)))
    return Replay(crew.apis[0].url, order.start, order.end, records, found, notices)


def _greet(api: PrometheusApi, time: int) -> None:
    """Check that a Prometheus answers, before anything takes long."""
    answer = api.one_range("vector(1)", time, time, 1).series
    if any(one.values != (1.0,) for one in answer):
        message = f"{api.url} does not answer the query vector(1)"
        raise LiveError(message, "is this a Prometheus? the address ends where its own paths begin")


def _looks(order: Order, crew: WorkerPool, need: Needs) -> dict[str, Covered | None]:
    """Look once, for each service, at the server's records over the span."""
    span = order.start, order.end
    return {service: covered(crew.apis[0], service, need, *span) for service in order.subject.services}


def _records(
    order: Order, api: PrometheusApi, need: Needs, looks: dict[str, Covered | None]
) -> tuple[RecordSource, tuple[str, ...]]:
    """Choose the source of records, by the server's data, and describe missing data."""
    if order.records is RecordSource.INLINED:
        return RecordSource.INLINED, ()
    if not need.records:
        return RecordSource.READ, ()
    if any(looks.values()):
        if order.records is RecordSource.AUTO and (late := _recorded_late(order, api, need, looks)):
            which = f"The recorded series of {', '.join(late)} begin later than the raw ones in the span"
            return RecordSource.INLINED, (f"{which}: all were computed here.",)
        return RecordSource.READ, tuple(_missing(order, need, looks))
    if order.records is RecordSource.READ:
        message = f"{api.url} has no recorded series of {', '.join(looks)} in the span"
        raise LiveError(message, NO_DATA)
    return RecordSource.INLINED, ("The server has no recorded series in the span: they were computed here.",)


def _recorded_late(
    order: Order, api: PrometheusApi, need: Needs, looks: dict[str, Covered | None]
) -> list[str]:
    """List the services whose raw series are there long before their records, as where rules were loaded lately.

    None is listed where records cannot be computed here.
    """
    try:
        check_copied(need.groups)
        check_scratch()
    except LiveError:
        return []
    return [service for service, look in looks.items() if _is_raw_before(order, api, need, service, look)]


def _is_raw_before(order: Order, api: PrometheusApi, need: Needs, service: str, look: Covered | None) -> bool:
    """Whether the server has raw series of a service more than two looks before its first measured record."""
    step = max(_SHORTEST, ceil((order.end - order.start) / _LOOKS))
    until = floor(min(look.measured if look else inf, order.end)) - 2 * step
    if not need.measured or until <= order.start:
        return False
    selectors = raw_of(_only_of(service, need.groups), need.records)
    return any(one.series for one in count_series(api, selectors, order.start, until))


def _only_of(service: str, groups: Iterable[RuleGroup]) -> Iterator[RuleGroup]:
    for group in groups:
        yield replace(
            group, rules=tuple(rule for rule in group.rules if rule.labels.get(names.SERVICE) == service)
        )


def _begun(order: Order, crew: WorkerPool, need: Needs, looks: dict[str, Covered | None]) -> dict[str, float]:
    """Find the start of each service, by its records from either source."""
    return {service: begins(crew.apis[0], look, need, order.start) for service, look in looks.items()}


def _unmeasured(url: str, need: Needs, looks: dict[str, Covered | None]) -> Iterator[str]:
    """Name the services of which the server has no series at all.

    Raises:
        LiveError: it has none of any service.
    """
    silent = [service for service, one in looks.items() if need.measured and not _is_measured(one)]
    if silent and len(silent) == len(looks):
        message = f"{url} has no series of {', '.join(silent)} in the span"
        raise LiveError(message, NO_DATA)
    for service in silent:
        yield f"There are no series of {service} in the span, as its selector picks them: its silence proves nothing."


def _is_measured(one: Covered | None) -> bool:
    return one is not None and one.measured < inf


def _missing(order: Order, need: Needs, looks: dict[str, Covered | None]) -> Iterator[str]:
    for service, one in looks.items():
        if one is None:
            yield f"There are no recorded series of {service} in the span: none of its alerts can fire."
            continue
        if need.measured and not _is_measured(one):
            yield f"Only constants of {service} are recorded in the span, and no events: its silence proves nothing."
            continue
        if one.first > order.start + one.step:
            yield f"The recorded series of {service} begin about {utc(one.first)}: nothing is known before."
        if one.last < order.end - one.step:
            yield f"The recorded series of {service} end about {utc(one.last)}: nothing is known after."


@contextmanager
def _own(order: Order, crew: WorkerPool, need: Needs) -> Iterator[WorkerPool]:
    """Use our own server, filled from the named one."""
    check_scratch()
    first = min(one.steps(order.start, order.end).first for one in order.subject.rules)
    source = RawSource(crew, (floor(first - need.past), order.end), order.site, order.most_samples)
    with scratch(source, need) as own:
        # Its answers are quickly made again, and of no use without it.
        yield replace(crew, apis=tuple(connect(own.url) for _ in crew.apis), parts=None)
