"""Loads: the events of streams a second."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model import names
from generator.model.signals import Count
from generator.model.streams import MODEL, TOKEN_TYPE, Stream, cost
from generator.model.units import plain
from generator.scenarios.subject import PLENTY, Fixture, Subject
from generator.scenarios.timeline import Load, SeriesId, merged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Traffic(Struct, frozen=True):
    """An amount of traffic: ``events`` a second, with the given label values."""

    events: float
    labels: Mapping[str, str]


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
    return histogram(stream, [(stream.buckets[0], 1 - share), (inf, share)], traffic, fixture)


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


def _labels(stream: Stream, labels: Mapping[str, str], fixture: Fixture) -> tuple[tuple[str, str], ...]:
    """Choose a value for every label of a stream; for tokens, a model and a type that have a price."""
    chosen = {name: fixture.values_of(name)[0] for name in stream.labels}
    if fixture.price and TOKEN_TYPE in chosen:
        chosen |= {MODEL: fixture.price.model, TOKEN_TYPE: fixture.price.token_type}
    own = {name: value for name, value in labels.items() if name in chosen}
    return tuple(sorted({**chosen, **own}.items()))


def histogram(
    stream: Stream, spread: Sequence[tuple[float, float]], traffic: Traffic, fixture: Fixture
) -> Load:
    """Write observations, given as upper bounds of buckets with their shares."""
    labels = _labels(stream, traffic.labels, fixture)
    load: Load = {}
    for edge in (*stream.buckets, inf):
        le = "+Inf" if edge == inf else plain(edge)
        share = sum(part for upper, part in spread if upper <= edge)
        load[SeriesId(names.rate(stream), tuple(sorted((*labels, (names.LE, le)))))] = traffic.events * share
    return load
