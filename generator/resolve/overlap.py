"""Selectors that can match the same series: two are disjoint only when a label has different values in them."""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.spec.types import Claims

Matchers = dict[str, str]


def overlaps(services: tuple[Claims, ...]) -> Iterator[tuple[Claims, Claims]]:
    """Find the pairs that overlap; services are joined by hash, since a fleet has thousands of them."""
    by_labels: dict[frozenset[str], list[tuple[Claims, Matchers]]] = {}
    for spec in services:
        matchers = {item.key.value: item.value.value for item in spec.selector}
        by_labels.setdefault(frozenset(matchers), []).append((spec, matchers))
    for ours, theirs in combinations_with_replacement(by_labels, 2):
        yield from _joined(by_labels[ours], by_labels[theirs], sorted(ours & theirs))


def _joined(
    ours: list[tuple[Claims, Matchers]], theirs: list[tuple[Claims, Matchers]], common: list[str]
) -> Iterator[tuple[Claims, Claims]]:
    """Pair the services whose common labels have equal values, each with the first such service."""
    first: dict[tuple[str, ...], Claims] = {}
    for spec, matchers in ours:
        first.setdefault(tuple(matchers[label] for label in common), spec)
    for spec, matchers in theirs:
        other = first.get(tuple(matchers[label] for label in common))
        if other is not None and other is not spec:
            yield other, spec
