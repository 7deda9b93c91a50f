"""Our own Prometheus, filled with raw series of a span, unchanged from another server, and with records over them."""

from __future__ import annotations

import json
from bisect import bisect_right
from contextlib import contextmanager
from functools import partial
from math import ceil
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.live.answers import RangeSeries, whole_number
from generator.live.errors import LiveError, RefusedError, TimedOutError, TooLargeError
from generator.live.evaluate import LabelSet, evaluate
from generator.live.remote_write import STALE_NAN, TimeSeries, write
from generator.live.server import find_prometheus, prometheus_server
from generator.model.rules import RuleGroup, recording_rules
from generator.model.units import HOUR, MINUTE
from generator.promql.syntax import LOOKBACK
from generator.replay.history import evaluated, steps_within
from generator.replay.jobs import Job, WorkerPool
from generator.streams.raw import reads_native

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from generator.live.api import PrometheusApi
    from generator.model.service import Site
    from generator.replay.subject import Needs, RawSelector

_POINTS = 1500
NO_DATA = "check the span, and that the services' selectors match its series"
# The estimated limit of one answer: some megabytes of JSON.
_SAMPLES_A_REQUEST = 200_000
_SHORTEST, _LONGEST = MINUTE, 6 * HOUR
# The number of instants in a span at which series are counted, and the longest time between two, in seconds: in the
# days that a rule looks back, a new service has data of hours.
_LOOKS, _RAREST = 60, 15 * MINUTE


class RawSource(Struct, frozen=True):
    """The source of raw series, the span (Unix seconds), and the largest number of samples to read."""

    crew: WorkerPool
    span: tuple[int, int]
    site: Site
    most_samples: int


def check_scratch() -> None:
    """Check that records can be computed here.

    Raises:
        LiveError: there is no Prometheus on this machine.
    """
    try:
        find_prometheus()
    except LiveError as error:
        message = f"the recording rules are computed by a Prometheus of our own, and there is {error}"
        help_ = "install it, or replay on a server that runs the recording rules"
        raise LiveError(message, help_) from error


def check_copied(groups: Iterable[RuleGroup]) -> None:
    """Check that rules read no native histograms: a query returns their buckets, and not the samples themselves.

    Raises:
        LiveError: they do.
    """
    if native := next(
        (rule for rule in recording_rules(groups) if reads_native(rule.record, rule.expr)), None
    ):
        message = f"{native.record} is made from native histograms, which no query copies from a server"
        raise LiveError(message, "let the server itself run the rules, and look at the time since then")


@contextmanager
def scratch(source: RawSource, needs: Needs) -> Iterator[PrometheusApi]:
    """Start a server, fill it, evaluate the recording rules in it; it ends with the block.

    Raises:
        LiveError: no raw series in the span, too many samples, or a server fails.
    """
    check_copied(needs.groups)
    with server_with_raw(source, needs.raw) as (api, span):
        _record(replace(source, span=span), needs, api)
        yield api


@contextmanager
def server_with_raw(
    source: RawSource, raw: Sequence[RawSelector]
) -> Iterator[tuple[PrometheusApi, tuple[int, int]]]:
    """Start a server and fill it with raw series; yield it with their span.

    Raises:
        LiveError: no raw series in the span, too many samples, or a server fails.
    """
    counts = _quantities(source, raw)
    known = replace(source, span=(min(one.first for one in counts), source.span[1]))
    _check_amount(known, counts)
    with prometheus_server() as server:
        for one in counts:
            _fill(known, one, server.api)
        yield server.api, known.span


def _quantities(source: RawSource, raw: Sequence[RawSelector]) -> tuple[RawCount, ...]:
    start, end = source.span
    counted = count_series(source.crew.apis[0], raw, start, end)
    present = tuple(one for one in counted if one.series)
    if not present:
        message = f"{source.crew.apis[0].url} has no data in the span: neither recorded nor raw series"
        raise LiveError(message, NO_DATA)
    return present


def _check_amount(source: RawSource, counts: Sequence[RawCount]) -> None:
    start, end = source.span
    total = sum(one.series for one in counts) * (end - start) // source.site.scrape_interval
    if total > source.most_samples:
        message = (
            f"about {total:,} raw samples would have to be read ({sum(one.series for one in counts):,} series), more "
            f"than {source.most_samples:,}"
        )
        help_ = "take a shorter span or single alerts (--alert), allow it: --max-samples, or take only what is recorded"
        raise LiveError(message, f"{help_}: --records read")


def _fill(source: RawSource, one: RawCount, own: PrometheusApi) -> None:
    times: dict[LabelSet, list[int]] = {}
    pieces = samples(source.crew, one, source.span, source.site.scrape_interval)
    write(own, _watched(pieces, times) if one.selector.instant else pieces)
    if one.selector.instant:
        write(own, markers(times, *_shown(source, one.selector)))


def _watched(pieces: Iterable[TimeSeries], times: dict[LabelSet, list[int]]) -> Iterator[TimeSeries]:
    for piece in pieces:
        times.setdefault(frozenset(piece.labels.items()), []).extend(piece.timestamps)
        yield piece


def _shown(source: RawSource, selector: RawSelector) -> tuple[dict[LabelSet, set[float]], Sequence[int]]:
    """Query the steps at which the server itself shows each series."""
    steps = steps_within(*source.span, source.site.rule_interval)
    shown: dict[LabelSet, set[float]] = {}
    for chunk in steps.chunks(_POINTS):
        evaluation = evaluated(source.crew.apis[0], selector.text, chunk)
        for labels, values in evaluation.samples.items():
            shown.setdefault(labels | {("__name__", selector.name)}, set()).update(values)
    return shown, steps.instants


def _record(source: RawSource, needs: Needs, own: PrometheusApi) -> None:
    evaluate(
        own,
        needs.groups,
        *source.span,
        progress=lambda record, done, total: source.crew.progress(f"recording {record}", done, total),
    )


class RawCount(Struct, frozen=True):
    """The largest number of a selector's series at once, and a time before which it has none (Unix seconds)."""

    selector: RawSelector
    series: int
    first: int


def count_series(
    api: PrometheusApi, selectors: Sequence[RawSelector], start: int, end: int
) -> tuple[RawCount, ...]:
    """Count the series of each selector, at a few instants of the span.

    Raises:
        LiveError: the server cannot be reached or refuses.
    """
    step = max(60, min(ceil((end - start) / _LOOKS), _RAREST), ceil((end - start) / _POINTS))
    counts = []
    for selector in selectors:
        result = api.one_range(f"count({selector.text})", start, end, step)
        most = max((whole_number(value) for one in result.series for value in one.values), default=0)
        seen = min((time for one in result.series for time in one.timestamps), default=end)
        counts.append(RawCount(selector, most, max(start, int(seen) - step)))
    return tuple(counts)


def samples(
    crew: WorkerPool, one: RawCount, span: tuple[int, int], scrape_interval: int
) -> Iterator[TimeSeries]:
    """Return all samples of ``span``, after its start up to its end, in pieces; a series occurs once in each piece.

    Staleness markers are not among them: no query shows them.

    Raises:
        LiveError: the server cannot be reached or refuses.
    """
    start, end = span
    width = _SAMPLES_A_REQUEST * scrape_interval // max(1, one.series)
    width = min(max(width, _SHORTEST), _LONGEST)
    jobs = [_job(one.selector, first, min(first + width, end)) for first in range(start, end, width)]
    for _, text in crew.answers(jobs):
        for labels, times, values in json.loads(text):
            yield TimeSeries(labels, times, values)


def _job(selector: RawSelector, start: int, end: int) -> Job:
    work = partial(_fetched, selector=selector, start=start, end=end)
    return Job(f"raw {selector.text} {start} {end}", f"reading {selector.name}", work)


def _fetched(api: PrometheusApi, *, selector: RawSelector, start: int, end: int) -> str:
    pieces = [
        [dict(one.labels), [round(time * 1000) for time in one.timestamps], list(one.values)]
        for one in _read(api, selector, start, end)
    ]
    return json.dumps(pieces)


def _read(api: PrometheusApi, selector: RawSelector, start: int, end: int) -> list[RangeSeries]:
    try:
        result = api.query_samples(f"{selector.text}[{end - start}s]", end)
    except (RefusedError, TimedOutError, TooLargeError) as error:
        if end - start <= _SHORTEST:
            raise error.about(f"{selector.text} cannot be read") from error
        middle = (start + end) // 2
        return [*_read(api, selector, start, middle), *_read(api, selector, middle, end)]
    return [cut for one in result.series if (cut := _after(one, start)).timestamps]


def _after(one: RangeSeries, start: int) -> RangeSeries:
    """Prometheus 2 includes a sample at the start of a range, Prometheus 3 does not: here it is excluded."""
    kept = [(time, value) for time, value in zip(one.timestamps, one.values, strict=True) if time > start]
    times, values = zip(*kept, strict=True) if kept else ((), ())
    return RangeSeries(one.labels, times, values)


def markers(
    samples: Mapping[LabelSet, Sequence[int]], shown: Mapping[LabelSet, set[float]], steps: Iterable[int]
) -> tuple[TimeSeries, ...]:
    """Return the markers of each series of ``samples`` (Unix milliseconds, in order, by labels with the name).

    ``shown`` are the steps (Unix seconds) at which the server shows the series to a selector without a range.
    """
    instants = tuple(steps)
    series = []
    for labels, times in samples.items():
        due = [step * 1000 for step in instants if _ended(times, step, shown.get(labels, set()))]
        if due:
            series.append(TimeSeries(dict(labels), due, [STALE_NAN] * len(due)))
    return tuple(series)


def _ended(times: Sequence[int], step: int, shown: set[float]) -> bool:
    if step in shown:
        return False
    before = bisect_right(times, step * 1000)
    return before > 0 and times[before - 1] > (step - LOOKBACK) * 1000
