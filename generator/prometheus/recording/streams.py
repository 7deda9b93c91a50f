"""Streams: what is recorded once a rule interval, and summed over windows from there."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model import names
from generator.model.signals import Cost, Ratio, Signal, Tokens
from generator.prometheus.rules import RecordingRule
from generator.promql.expr import Expr, Series, call, number, series, total

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.metrics import Metric
    from generator.model.service import Service, Site


class Stream(Struct, frozen=True):
    """A recorded rate: ``stem`` is the middle of its name, ``labels`` what it keeps besides the service."""

    stem: str
    labels: tuple[str, ...]

    def rate(self, service: Service) -> Series:
        """Select the recorded events per second of one interval."""
        return recorded(names.rate(self.labels, self.stem), service)

    def increase(self, service: Service, window: int) -> Series:
        """Select the recorded events of a window."""
        return recorded(names.increase(self.labels, self.stem, window), service)


def recorded(name: str, service: Service) -> Series:
    """Select a recorded series of one service."""
    return _of_service(name, service.name)


@lru_cache(maxsize=4096)
def _of_service(name: str, service: str) -> Series:
    return series(name, {names.SERVICE: service})


def record(name: str, expr: Expr, service: Service, **labels: str) -> RecordingRule:
    """Build the rule that records ``expr`` for a service."""
    return RecordingRule(name, expr.text, {names.SERVICE: service.name, **labels})


def of_metric(metric: Metric) -> Stream:
    """Name the raw stream of a metric."""
    labels = (names.LE, *metric.labels) if metric.is_histogram else metric.labels
    return Stream(names.base(metric), tuple(sorted(labels)))


def billed(metric: Metric) -> Stream:
    """Name the stream of tokens in which each counts once, whatever a provider includes in what."""
    return Stream(f"{names.base(metric)}_billed", tuple(sorted(metric.labels)))


def cost(metric: Metric, service: Service) -> Stream:
    """Name the stream of estimated USD of a token metric."""
    kept = (label for label in metric.labels if label != service.tokens.token_type)
    return Stream(f"{names.base(metric)}_cost", tuple(sorted(kept)))


def of_signal(signal: Signal, service: Service) -> Stream:
    """Find the stream that a signal's numerator sums."""
    if isinstance(signal.kind, Tokens):
        return billed(signal.of)
    if isinstance(signal.kind, Cost):
        return cost(signal.of, service)
    return of_metric(signal.of)


def windows(service: Service) -> dict[Stream, tuple[int, ...]]:
    """Find over which windows each stream is summed, because a signal reads that."""
    wanted: dict[Stream, set[int]] = {}
    for signal in service.signals.values():
        for stream in _reads(signal, service):
            wanted.setdefault(stream, set()).add(signal.window)
    return {stream: tuple(sorted(found)) for stream, found in wanted.items()}


def _reads(signal: Signal, service: Service) -> Iterator[Stream]:
    yield of_signal(signal, service)
    match signal.kind:
        case Ratio(per, exists_with):
            yield of_metric(per)
            if exists_with:
                yield of_metric(exists_with)
        case Tokens(per):
            yield of_metric(per)
        case Cost(per) if per is not None and not isinstance(per, int):
            yield of_metric(per)


def raw_pass(metric: Metric, service: Service, site: Site) -> RecordingRule:
    """Read a metric's raw series, once an interval, and sum its instances away."""
    stream = of_metric(metric)
    exposed = series(metric.counted, service.selector)
    expr = total(call("rate", exposed.over(site.raw_window)), stream.labels)
    return record(names.rate(stream.labels, stream.stem), expr, service)


def summed(stream: Stream, window: int, service: Service, site: Site) -> RecordingRule:
    """Sum a stream over a window; a second short of it, since a range may hold one sample more by phase."""
    expr = over_window(stream.rate(service), window, site)
    return record(names.increase(stream.labels, stream.stem, window), expr, service)


def over_window(rates: Series, window: int, site: Site, *, offset: int = 0) -> Expr:
    """Count the events of a window from recorded rates."""
    expr = call("sum_over_time", rates.over(window - 1, offset=offset))
    return expr * number(site.rule_interval)
