"""The input and the output of every benchmark."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.line import RatioLine


class Effort(Struct, frozen=True):
    """The amount of measuring: the sizes, and the number of repetitions."""

    instances: tuple[int, ...] = (1, 10, 100)
    services: tuple[int, ...] = (10, 100, 1000)
    together: int = 100
    minutes: int = 60
    hours: int = 6
    times: int = 5
    tiers: int | None = None


QUICK = Effort(instances=(1, 10), services=(1, 10, 100), together=10, hours=1, times=2, tiers=3)
FULL = Effort()


class Found(Struct, frozen=True):
    """Lines of the table, and notes on missing measurements."""

    lines: Sequence[RatioLine]
    notes: Sequence[str] = ()
