"""Loads that give a signal a value: the events of streams a second."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, assert_never

from msgspec import Struct

from generator.model import names
from generator.model.signals import Better, Cost, Count, Distribution, Level, Quantile, Ratio, Share, Tokens
from generator.model.streams import MODEL, TOKEN_TYPE, Stream, cost
from generator.model.units import plain
from generator.scenarios.subject import PLENTY
from generator.scenarios.timeline import Load, SeriesId, merged
from generator.signals.quantile import HAIR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.model.signals import Signal
    from generator.scenarios.subject import Fixture, Subject


class Traffic(Struct, frozen=True):
    """An amount of traffic: ``events`` a second, with the given label values."""

    events: float
    labels: Mapping[str, str]


def load_of(signal: Signal, value: float, traffic: Traffic, subject: Subject) -> Load:
    """Find a load at which ``signal`` has ``value``."""
    fixture = subject.fixture
    match signal.kind:
        case Share(where, among=among):
            there = Traffic(traffic.events, {**traffic.labels, **among})
            return _share(signal, where, min(1.0, value), there, fixture)
        case Distribution(label):
            return _distribution(signal, label, min(1.0, value), traffic, fixture)
        case Quantile(q):
            return _histogram(signal.of, _spread(signal.of, q, value), traffic, fixture)
        case Ratio(per) | Tokens(per):
            amount = Traffic(traffic.events * value, traffic.labels)
            return merged(counter(signal.of, amount, fixture), counter(per, traffic, fixture))
        case Cost():
            return _cost(signal, signal.kind, Traffic(value, traffic.labels), traffic.events, fixture)
        case Count() | Level():
            # A gauge has its value; a counter gains it as events within the window.
            level = value if signal.of.is_gauge else value / signal.window
            return some(signal.of, Traffic(level, traffic.labels), fixture)
        case _:
            assert_never(signal.kind)


def counter(stream: Stream, traffic: Traffic, fixture: Fixture) -> Load:
    """Count all events in one series, or set a gauge to their number."""
    return {SeriesId(names.rate(stream), _labels(stream, traffic.labels, fixture)): traffic.events}


def some(stream: Stream, traffic: Traffic, fixture: Fixture) -> Load:
    """Write the events of a stream of either type; in a histogram few are beyond the last bucket."""
    if stream.is_histogram:
        return beyond_last(stream, 0.01, traffic, fixture)
    return counter(stream, traffic, fixture)


def beyond_last(stream: Stream, share: float, traffic: Traffic, fixture: Fixture) -> Load:
    """Write ``share`` of the observations beyond the last bucket."""
    return _histogram(stream, [(stream.buckets[0], 1 - share), (inf, share)], traffic, fixture)


def all_but(stream: Stream | None, subject: Subject) -> Load:
    """Make every stream that the service measures, except one."""
    return merged(
        *(
            some(one, Traffic(PLENTY, {}), subject.fixture)
            for one in subject.fixture.streams.values()
            if one.metric and (stream is None or one.name != stream.name)
        )
    )


def spending(usd: float, subject: Subject) -> Load:
    """Spend an amount of USD a second; for a plain count, make that many events."""
    fixture, of = subject.fixture, subject.signal.of
    if isinstance(subject.signal.kind, Count):
        return counter(of, Traffic(usd, {}), fixture)
    if subject.every == 1:
        return counter(of, Traffic(tokens_for(usd, fixture), {}), fixture)
    return counter(cost(of), Traffic(usd, {}), fixture)


def tokens_for(usd: float, fixture: Fixture) -> float:
    """Count the tokens, of the kind that ``counter`` uses, that cost ``usd``."""
    return usd / fixture.price.usd if fixture.price else 0.0


def share_beyond(signal: Signal, q: float, value: float, bound: float) -> float:
    """Compute the share on the bad side of a bound, by whole buckets, where ``load_of`` gives a quantile a value."""
    stream = signal.of
    if signal.better is Better.HIGHER:
        edge = min((edge for edge in stream.buckets if edge >= bound / HAIR), default=inf)
        return sum(part for upper, part in _spread(stream, q, value) if upper <= edge)
    edge = max((edge for edge in stream.buckets if edge <= bound * HAIR), default=0.0)
    return sum(part for upper, part in _spread(stream, q, value) if upper > edge)


def _labels(stream: Stream, labels: Mapping[str, str], fixture: Fixture) -> tuple[tuple[str, str], ...]:
    """Choose a value for every label of a stream; for tokens, a model and a type that have a price."""
    chosen = {name: fixture.values_of(name)[0] for name in stream.labels}
    if fixture.price and TOKEN_TYPE in chosen:
        chosen |= {MODEL: fixture.price.model, TOKEN_TYPE: fixture.price.token_type}
    own = {name: value for name, value in labels.items() if name in chosen}
    return tuple(sorted({**chosen, **own}.items()))


def _cost(signal: Signal, kind: Cost, usd: Traffic, runs: float, fixture: Fixture) -> Load:
    """Spend ``usd`` for each run, or at that pace where the signal is not a ratio."""
    tokens = tokens_for(usd.events, fixture)
    if isinstance(kind.per, Stream):
        spent = counter(signal.of, Traffic(runs * tokens, usd.labels), fixture)
        return merged(spent, counter(kind.per, Traffic(runs, usd.labels), fixture))
    return counter(signal.of, Traffic(tokens / (kind.per or signal.window), usd.labels), fixture)


def _share(
    signal: Signal, where: Mapping[str, str], value: float, traffic: Traffic, fixture: Fixture
) -> Load:
    name, matched = next(iter(where.items()))
    rest = next((other for other in fixture.values_of(name) if other != matched), f"not-{matched}")
    matching = Traffic(traffic.events * value, {**traffic.labels, **where})
    others = Traffic(traffic.events * (1 - value), {**traffic.labels, name: rest})
    return merged(counter(signal.of, matching, fixture), counter(signal.of, others, fixture))


def _distribution(signal: Signal, label: str, value: float, traffic: Traffic, fixture: Fixture) -> Load:
    limits = signal.kind.limits if isinstance(signal.kind, Distribution) else ()
    named = traffic.labels.get(label, (*limits, *fixture.values_of(label))[0])
    rest = next((one for one in fixture.values_of(label) if one not in {named, *limits}), f"not-{named}")
    matching = Traffic(traffic.events * value, {**traffic.labels, label: named})
    others = Traffic(traffic.events * (1 - value), {**traffic.labels, label: rest})
    return merged(counter(signal.of, matching, fixture), counter(signal.of, others, fixture))


def _spread(stream: Stream, q: float, value: float) -> list[tuple[float, float]]:
    """Spread observations over buckets so that the quantile, interpolated within its bucket, is ``value``."""
    edges = (0.0, *stream.buckets)
    index = next((i for i in range(1, len(edges)) if edges[i] >= value), len(edges) - 1)
    low, high = edges[index - 1], edges[index]
    inside = (value - low) / (high - low)
    if inside <= q and index > 1:
        below = (q - inside) / (1 - inside) if inside < 1 else 0.0
        return [(stream.buckets[0], below), (high, 1 - below)]
    within = min(1.0, q / inside)
    beyond = edges[index + 1] if index + 1 < len(edges) else inf
    return [(high, within), (beyond, 1 - within)]


def _histogram(stream: Stream, spread: list[tuple[float, float]], traffic: Traffic, fixture: Fixture) -> Load:
    labels = _labels(stream, traffic.labels, fixture)
    load: Load = {}
    for edge in (*stream.buckets, inf):
        le = "+Inf" if edge == inf else plain(edge)
        share = sum(part for upper, part in spread if upper <= edge)
        load[SeriesId(names.rate(stream), tuple(sorted((*labels, (names.LE, le)))))] = traffic.events * share
    return load
