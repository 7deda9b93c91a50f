"""Comparison of recorded signals with expected ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tests.prometheus.expected import Key
    from tests.prometheus.increments import Bounded

# For sums of floats in another order.
_RELATIVE, _ABSOLUTE = 1e-9, 1e-9


class Mismatch(Struct, frozen=True):
    """A series that is missing, that should not exist, or whose value is wrong."""

    at: int
    key: Key
    expected: Bounded | None
    recorded: float | None


def mismatches(
    expected: Mapping[Key, Bounded], recorded: Mapping[Key, float], names: Collection[str], at: int
) -> list[Mismatch]:
    """Compare the series of ``names`` at one instant."""
    keys = {key for key in (*expected, *recorded) if key[0] in names}
    return [
        Mismatch(at, key, expected.get(key), recorded.get(key))
        for key in sorted(keys, key=str)
        if not _agree(expected.get(key), recorded.get(key))
    ]


def _agree(expected: Bounded | None, recorded: float | None) -> bool:
    if expected is None:
        return recorded is None
    if recorded is None:
        # Only where so few samples exist that a rate may have no result.
        return expected.high == float("inf")
    low = expected.low * (1 - _RELATIVE) - _ABSOLUTE
    return low <= recorded <= expected.high * (1 + _RELATIVE) + _ABSOLUTE
