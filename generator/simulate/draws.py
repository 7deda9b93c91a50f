"""Random draws, each from a stream that a seed and a name determine: no draw depends on another stream."""

from __future__ import annotations

from bisect import bisect
from itertools import accumulate
from math import exp, sqrt
from random import Random
from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")

# Above this mean the exact method takes long, and a normal distribution hardly differs.
_MANY = 50


class Choice(Struct, Generic[T], frozen=True):
    """Options and their cumulative weights."""

    options: tuple[T, ...]
    weights: tuple[float, ...]

    @classmethod
    def of(cls, weighted: Iterable[tuple[T, float]]) -> Choice[T]:
        """Weigh each option; weights need not sum to 1."""
        options, weights = zip(*weighted, strict=True)
        return cls(tuple(options), tuple(accumulate(weights)))

    def draw(self, rng: Random) -> T:
        """Draw one option."""
        return self.options[bisect(self.weights, rng.random() * self.weights[-1], hi=len(self.options) - 1)]


def stream(seed: int, *names: str) -> Random:
    """Open the stream of draws that belongs to ``names``."""
    return Random("/".join((str(seed), *names)))  # noqa: S311 - a simulation, no secret


def poisson(rng: Random, mean: float) -> int:
    """Draw a number of events, of which ``mean`` are expected."""
    if mean > _MANY:
        return max(0, round(rng.gauss(mean, sqrt(mean))))
    limit, product, count = exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count
