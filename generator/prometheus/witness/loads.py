"""Loads that give a signal a value: what the counters gain at each scrape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model import names
from generator.model.labels import OTHER
from generator.model.metrics import Metric
from generator.model.signals import Cost, Distribution, Quantile, Ratio, Share, Signal, Tokens
from generator.model.units import plain
from generator.prometheus.witness.history import Load, SeriesId, merged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.model.service import Service
    from generator.prometheus.witness.case import Trial

_INSTANCE = "a"


class Traffic(Struct, frozen=True):
    """How much happens: ``events`` a scrape, with the given label values."""

    events: float
    labels: Mapping[str, str]


def load_of(signal: Signal, value: float, traffic: Traffic, trial: Trial) -> Load:
    """Find a load at which ``signal`` has ``value``."""
    service = trial.service
    match signal.kind:
        case Share(where):
            return _share(signal, where, min(1.0, value), traffic, service)
        case Distribution(label):
            return _distribution(signal, label, min(1.0, value), traffic, service)
        case Quantile(q):
            return _histogram(signal.of, _spread(signal.of, q, value), traffic, service)
        case Ratio(per) | Tokens(per):
            amount = Traffic(traffic.events * value, traffic.labels)
            return merged(counter(signal.of, amount, service), counter(per, traffic, service))
        case Cost() as kind:
            return _cost(signal, kind, Traffic(value, traffic.labels), traffic.events, trial)
        case _:
            return _count(signal, value, traffic, trial)


def _cost(signal: Signal, kind: Cost, usd: Traffic, runs: float, trial: Trial) -> Load:
    """Spend ``usd`` for each run, or at that pace where nothing is divided by runs."""
    tokens = tokens_for(usd.events, trial.service)
    if isinstance(kind.per, Metric):
        spent = counter(signal.of, Traffic(runs * tokens, usd.labels), trial.service)
        return merged(spent, counter(kind.per, Traffic(runs, usd.labels), trial.service))
    pace = Traffic(tokens * trial.scrape / (kind.per or signal.window), usd.labels)
    return counter(signal.of, pace, trial.service)


def _count(signal: Signal, value: float, traffic: Traffic, trial: Trial) -> Load:
    amount = Traffic(value * trial.scrape / signal.window, traffic.labels)
    if signal.of.is_histogram:
        return beyond_last(signal.of, 0.0, amount, trial.service)
    return counter(signal.of, amount, trial.service)


def counter(metric: Metric, traffic: Traffic, service: Service) -> Load:
    """Let a counter gain all events in one series."""
    return {_series(metric.name, labels_of(metric, traffic.labels, service), service): traffic.events}


def beyond_last(metric: Metric, share: float, traffic: Traffic, service: Service) -> Load:
    """Let ``share`` of the observations lie beyond the last bucket."""
    return _histogram(metric, [(metric.buckets[0], 1 - share), (float("inf"), share)], traffic, service)


def tokens_for(usd: float, service: Service) -> float:
    """Count the tokens, of the kind that ``counter`` uses, that cost ``usd``."""
    return usd / next(price.usd for price in service.prices if price.usd > 0)


def labels_of(metric: Metric, given: Mapping[str, str], service: Service) -> dict[str, str]:
    """Choose a value for every label, such that values that determine others agree with them."""
    chosen: dict[str, str] = {}
    for name in metric.labels:
        label = service.labels[name]
        values = [value for value in label.values if value != OTHER] or [f"{name}-1"]
        wanted = given.get(label.determines or "")
        if wanted is not None:
            values = [value for value in values if label.determined.get(value) == wanted] or values
        chosen[name] = given.get(name, values[0])
    for name in metric.labels:
        label = service.labels[name]
        if label.determines in chosen and label.determines not in given and chosen[name] in label.determined:
            chosen[label.determines] = label.determined[chosen[name]]
    return chosen


def _share(
    signal: Signal, where: Mapping[str, str], value: float, traffic: Traffic, service: Service
) -> Load:
    name, wanted = next(iter(where.items()))
    rest = next((other for other in service.labels[name].values if other != wanted), f"not-{wanted}")
    matching = Traffic(traffic.events * value, {**traffic.labels, **where})
    others = Traffic(traffic.events * (1 - value), {**traffic.labels, name: rest})
    return merged(counter(signal.of, matching, service), counter(signal.of, others, service))


def _distribution(signal: Signal, label: str, value: float, traffic: Traffic, service: Service) -> Load:
    shown = service.labels[label]
    named = traffic.labels.get(label, (*shown.limits, *shown.values, f"{label}-1")[0])
    rest = next((other for other in shown.values if other != named), f"not-{named}")
    matching = Traffic(traffic.events * value, {**traffic.labels, label: named})
    others = Traffic(traffic.events * (1 - value), {**traffic.labels, label: rest})
    return merged(counter(signal.of, matching, service), counter(signal.of, others, service))


def _spread(metric: Metric, q: float, value: float) -> list[tuple[float, float]]:
    """Spread observations over buckets so that the quantile, interpolated within its bucket, is ``value``."""
    exposed = value / metric.factor
    edges = (0.0, *metric.buckets)
    index = next((i for i in range(1, len(edges)) if edges[i] >= exposed), len(edges) - 1)
    low, high = edges[index - 1], edges[index]
    inside = (exposed - low) / (high - low)
    if inside <= q and index > 1:
        below = (q - inside) / (1 - inside) if inside < 1 else 0.0
        return [(metric.buckets[0], below), (high, 1 - below)]
    within = min(1.0, q / inside)
    beyond = edges[index + 1] if index + 1 < len(edges) else float("inf")
    return [(high, within), (beyond, 1 - within)]


def share_beyond(metric: Metric, q: float, value: float, edge: float) -> float:
    """Say which share of the observations lies beyond a bucket's bound, where ``load_of`` gives a quantile a value."""
    return sum(part for upper, part in _spread(metric, q, value) if upper > edge)


def _histogram(metric: Metric, spread: list[tuple[float, float]], traffic: Traffic, service: Service) -> Load:
    labels = labels_of(metric, traffic.labels, service)
    load: Load = {}
    for edge in (*metric.buckets, float("inf")):
        share = sum(part for upper, part in spread if upper <= edge)
        bound = "+Inf" if edge == float("inf") else plain(edge)
        name = _series(f"{metric.name}_bucket", {**labels, names.LE: bound}, service)
        load[name] = traffic.events * share
    return load


def _series(name: str, labels: Mapping[str, str], service: Service) -> SeriesId:
    every = {**labels, **service.selector, "instance": _INSTANCE}
    return SeriesId(name, tuple(sorted(every.items())))
