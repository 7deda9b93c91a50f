"""Our own Prometheus, filled with a span of raw series and with the records of rules over them.

The queried server lacks the recording rules, and is never written to: records that read records over ranges cannot be
written as one expression, so they are computed here.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.live.errors import LiveError
from generator.live.evaluate import evaluate
from generator.live.remote_write import TimeSeries, write
from generator.live.server import find_prometheus, prometheus_server
from generator.model import names
from generator.model.rules import RecordingRule
from generator.replay.evaluations import evaluated, steps_within
from generator.replay.raw import RawCount, count_series, markers, samples

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from generator.live.api import PrometheusApi
    from generator.model.rules import RuleGroup
    from generator.model.service import Site
    from generator.replay.history import LabelSet
    from generator.replay.jobs import WorkerPool
    from generator.replay.needs import Needs, RawSelector

_POINTS = 1500
#: Functions of native histograms alone.
_OF_NATIVE = ("histogram_sum(", "histogram_count(")
NO_DATA = "check the span, and that the services' selectors match its series"


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
    rules = (rule for group in groups for rule in group.rules if isinstance(rule, RecordingRule))
    if native := next((rule for rule in rules if _reads_native(rule)), None):
        message = f"{native.record} is made from native histograms, which no query copies from a server"
        raise LiveError(message, "let the server itself run the rules, and look at the time since then")


def _reads_native(rule: RecordingRule) -> bool:
    return rule.record.endswith(names.NATIVE_RATE) or any(text in rule.expr for text in _OF_NATIVE)


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
        raise LiveError(message, "take a shorter span or single alerts (--alert), or allow it: --max-samples")


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
