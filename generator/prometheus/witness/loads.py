"""Loads that give a signal a value: what the counters gain at each scrape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model.metrics import Metric
from generator.model.signals import Cost, Distribution, Quantile, Ratio, Share, Signal, Tokens
from generator.prometheus.witness.exposed import edges
from generator.prometheus.witness.history import Load, merged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.model.service import Service
    from generator.prometheus.witness.case import Trial
    from generator.prometheus.witness.exposed import Exposed


class Traffic(Struct, frozen=True):
    """How much happens: ``events`` a scrape, with the given label values."""

    events: float
    labels: Mapping[str, str]


def load_of(signal: Signal, value: float, traffic: Traffic, trial: Trial) -> Load:
    """Find a load at which ``signal`` has ``value``."""
    exposed = trial.exposed
    match signal.kind:
        case Share(where):
            return _share(signal, where, min(1.0, value), traffic, exposed)
        case Distribution(label):
            return _distribution(signal, label, min(1.0, value), traffic, exposed)
        case Quantile(q):
            return _histogram(signal.of, _spread(signal.of, q, value), traffic, exposed)
        case Ratio(per) | Tokens(per):
            amount = Traffic(traffic.events * value, traffic.labels)
            return merged(counter(signal.of, amount, exposed), counter(per, traffic, exposed))
        case Cost() as kind:
            return _cost(signal, kind, Traffic(value, traffic.labels), traffic.events, trial)
        case _:
            return _count(signal, value, traffic, trial)


def _cost(signal: Signal, kind: Cost, usd: Traffic, runs: float, trial: Trial) -> Load:
    """Spend ``usd`` for each run, or at that pace where nothing is divided by runs."""
    tokens = tokens_for(usd.events, trial.service)
    if isinstance(kind.per, Metric):
        spent = counter(signal.of, Traffic(runs * tokens, usd.labels), trial.exposed)
        return merged(spent, counter(kind.per, Traffic(runs, usd.labels), trial.exposed))
    pace = Traffic(tokens * trial.scrape / (kind.per or signal.window), usd.labels)
    return counter(signal.of, pace, trial.exposed)


def _count(signal: Signal, value: float, traffic: Traffic, trial: Trial) -> Load:
    amount = Traffic(value * trial.scrape / signal.window, traffic.labels)
    if signal.of.is_histogram:
        return beyond_last(signal.of, 0.0, amount, trial.exposed)
    return counter(signal.of, amount, trial.exposed)


def counter(metric: Metric, traffic: Traffic, exposed: Exposed) -> Load:
    """Let a counter gain all events in one series."""
    (name,) = exposed.series(metric, traffic.labels)
    return {name: traffic.events}


def beyond_last(metric: Metric, share: float, traffic: Traffic, exposed: Exposed) -> Load:
    """Let ``share`` of the observations lie beyond the last bucket."""
    return _histogram(metric, [(metric.buckets[0], 1 - share), (float("inf"), share)], traffic, exposed)


def tokens_for(usd: float, service: Service) -> float:
    """Count the tokens, of the kind that ``counter`` uses, that cost ``usd``."""
    return usd / next(price.usd for price in service.prices if price.usd > 0)


def _share(
    signal: Signal, where: Mapping[str, str], value: float, traffic: Traffic, exposed: Exposed
) -> Load:
    name, wanted = next(iter(where.items()))
    rest = next((other for other in exposed.service.labels[name].values if other != wanted), f"not-{wanted}")
    matching = Traffic(traffic.events * value, {**traffic.labels, **where})
    others = Traffic(traffic.events * (1 - value), {**traffic.labels, name: rest})
    return merged(counter(signal.of, matching, exposed), counter(signal.of, others, exposed))


def _distribution(signal: Signal, label: str, value: float, traffic: Traffic, exposed: Exposed) -> Load:
    shown = exposed.service.labels[label]
    named = traffic.labels.get(label, (*shown.limits, *shown.values, f"{label}-1")[0])
    rest = next((other for other in shown.values if other != named), f"not-{named}")
    matching = Traffic(traffic.events * value, {**traffic.labels, label: named})
    others = Traffic(traffic.events * (1 - value), {**traffic.labels, label: rest})
    return merged(counter(signal.of, matching, exposed), counter(signal.of, others, exposed))


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


def _histogram(metric: Metric, spread: list[tuple[float, float]], traffic: Traffic, exposed: Exposed) -> Load:
    shares = [sum(part for upper, part in spread if upper <= edge) for edge in edges(metric)]
    series = exposed.series(metric, traffic.labels)
    return {name: traffic.events * share for name, share in zip(series, shares, strict=True)}
