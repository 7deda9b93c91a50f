"""The recorded series of each kind of signal, at each of its levels.

A ratio of any kind is three series: ``numerator``, ``denominator`` and the value, which divides the two; a quantile is
the last two. Alerts read the parts to know on how many events a value stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from generator.model import names
from generator.model.alerts import Overflow
from generator.model.metrics import Metric
from generator.model.panels import PANELS
from generator.model.signals import Cost, Count, Distribution, Quantile, Ratio, Share, Signal, Tokens
from generator.prometheus.recording.buckets import of_all, of_bound
from generator.prometheus.recording.streams import Stream, of_metric, of_signal, record, recorded
from generator.promql.expr import Expr, binary, call, number, total

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.service import Service
    from generator.prometheus.rules import RecordingRule

Level = tuple[str, ...]


def signal_rules(signal: Signal, service: Service) -> tuple[RecordingRule, ...]:
    """Record a signal at every level, parts before values."""
    match signal.kind:
        case Count():
            rules = _count(signal, service)
        case Share():
            rules = _share(signal, signal.kind, service)
        case Distribution():
            rules = _distribution(signal, signal.kind, service)
        case Quantile():
            rules = _quantile(signal, signal.kind, service)
        case Ratio(per) | Tokens(per):
            rules = _per_event(signal, per, service)
        case Cost():
            rules = _cost(signal, signal.kind, service)
        case _:
            assert_never(signal.kind)
    return tuple(rules)


def _count(signal: Signal, service: Service) -> Iterator[RecordingRule]:
    stream = of_metric(signal.of)
    for labels in signal.levels:
        yield record(names.value(signal, labels), _events(stream, signal, service, labels), service)


def _share(signal: Signal, kind: Share, service: Service) -> Iterator[RecordingRule]:
    stream = of_metric(signal.of)
    for labels in signal.levels:
        every = _events(stream, signal, service, labels)
        matching = stream.increase(service, signal.window).where(**kind.where)
        # Without a single matching event there is no series: 0 then, as long as there are events at all.
        yield record(
            names.numerator(signal, labels), total(matching.now(), labels) | number(0) * every, service
        )
        yield record(names.denominator(signal, labels), every, service)
        yield _divide(signal, labels, labels, service)


def _distribution(signal: Signal, kind: Distribution, service: Service) -> Iterator[RecordingRule]:
    stream = of_metric(signal.of)
    for labels in signal.levels:
        rest = tuple(label for label in labels if label != kind.label)
        yield record(names.numerator(signal, labels), _events(stream, signal, service, labels), service)
        yield record(names.denominator(signal, rest), _events(stream, signal, service, rest), service)
        yield _divide(signal, labels, rest, service)


def _quantile(signal: Signal, kind: Quantile, service: Service) -> Iterator[RecordingRule]:
    stream = of_metric(signal.of)
    for labels in signal.levels:
        buckets = stream.increase(service, signal.window)
        events = total(of_all(buckets).now(), labels)
        yield record(names.denominator(signal, labels), events, service)
        if not labels and overflows(signal, service):
            yield record(names.part(signal, "overflow"), _overflow(signal, events, service), service)
        quantile = call(
            "histogram_quantile", number(kind.q), total(buckets.now(), tuple(sorted((*labels, names.LE))))
        )
        seen = recorded(names.denominator(signal, labels), service).now() > number(0)
        guarded = binary("and", _to_base(quantile, signal.of), seen, on=labels)
        yield record(names.value(signal, labels), guarded, service)


def overflows(signal: Signal, service: Service) -> bool:
    """Whether a panel or an alert asks how much lies beyond the last bucket of a signal."""
    watched = {alert.signal for alert in service.alerts if isinstance(alert.kind, Overflow)}
    return isinstance(signal.kind, Quantile) and (
        f"{signal.name}:overflow" in PANELS or signal.name in watched
    )


def _overflow(signal: Signal, events: Expr, service: Service) -> Expr:
    """Share of observations beyond the last bucket, where a quantile is stuck at its bound."""
    buckets = of_metric(signal.of).increase(service, signal.window)
    inside = total(of_bound(buckets, signal.of.buckets[-1]).now())
    return number(1) - inside / (events > number(0))


def _per_event(signal: Signal, per: Metric, service: Service) -> Iterator[RecordingRule]:
    stream = of_signal(signal, service)
    divisors: set[Level] = set()
    for labels in signal.levels:
        shared = tuple(label for label in labels if label in per.labels)
        if shared not in divisors:
            divisors.add(shared)
            events = _events(of_metric(per), signal, service, shared)
            yield record(names.denominator(signal, shared), events, service)
        amount = _events(stream, signal, service, labels)
        if zero := _zero(signal, labels, shared, service):
            amount = amount | number(0) * zero
        yield record(names.numerator(signal, labels), amount, service)
        yield _divide(signal, labels, shared, service)


def _zero(signal: Signal, labels: Level, shared: Level, service: Service) -> Expr | None:
    """Find what says that a breakdown exists while a sparse metric has no series for it."""
    if not signal.of.sparse:
        return None
    exists_with = signal.kind.exists_with if isinstance(signal.kind, Ratio) else None
    if exists_with and set(labels) <= set(exists_with.labels) and labels != shared:
        return _events(of_metric(exists_with), signal, service, labels)
    if labels == shared:
        return total(recorded(names.denominator(signal, labels), service).now(), labels)
    return None


def _cost(signal: Signal, kind: Cost, service: Service) -> Iterator[RecordingRule]:
    if isinstance(kind.per, Metric):
        return _per_event(signal, kind.per, service)
    return _spend(signal, kind.per, service)


def _spend(signal: Signal, per: int | None, service: Service) -> Iterator[RecordingRule]:
    stream = of_signal(signal, service)
    for labels in signal.levels:
        amount = _events(stream, signal, service, labels)
        scaled = amount if per is None else amount * number(per / signal.window)
        yield record(names.value(signal, labels), scaled, service)


def _divide(signal: Signal, labels: Level, shared: Level, service: Service) -> RecordingRule:
    top = recorded(names.numerator(signal, labels), service).now()
    bottom = recorded(names.denominator(signal, shared), service).now() > number(0)
    if labels == shared:
        return record(names.value(signal, labels), top / bottom, service)
    ratio = binary("/", top, bottom, on=(names.SERVICE, *shared), group_left=())
    return record(names.value(signal, labels), ratio, service)


def _events(stream: Stream, signal: Signal, service: Service, labels: Level) -> Expr:
    increase = stream.increase(service, signal.window)
    return total((of_all(increase) if names.LE in stream.labels else increase).now(), labels)


def _to_base(expr: Expr, metric: Metric) -> Expr:
    return expr if metric.factor == 1 else expr / number(round(1 / metric.factor))
