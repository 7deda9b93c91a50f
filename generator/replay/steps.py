"""The instants at which rules are evaluated, and the stretches of single requests."""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator


class Steps(Struct, frozen=True):
    """Every ``step`` seconds from ``first`` to ``last``; all are whole Unix seconds, multiples of the step."""

    first: int
    last: int
    step: int

    @property
    def instants(self) -> range:
        """The instants themselves."""
        return range(self.first, self.last + 1, self.step)

    def __len__(self) -> int:
        return len(self.instants)

    def since(self, time: float) -> Steps:
        """Leave out the instants before a time."""
        first = self.first if time <= self.first else ceil(time / self.step) * self.step
        return Steps(first, self.last, self.step)

    def chunks(self, points: int) -> Iterator[Steps]:
        """Cut into stretches of at most ``points`` instants; the same for the same steps."""
        for first in range(self.first, self.last + 1, points * self.step):
            yield Steps(first, min(first + (points - 1) * self.step, self.last), self.step)

    def halves(self) -> tuple[Steps, Steps]:
        """Cut in two; there are at least two instants."""
        middle = self.first + (len(self) // 2) * self.step
        return Steps(self.first, middle - self.step, self.step), Steps(middle, self.last, self.step)


def steps_within(start: float, end: float, step: int) -> Steps:
    """Return the multiples of ``step`` from ``start`` to ``end``, at which Prometheus could evaluate."""
    return Steps(ceil(start / step) * step, floor(end / step) * step, step)
