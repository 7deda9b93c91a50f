"""Numbers, amounts and times at the edge of sense or beyond."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.extremes.leaves import SchemaPart

NUMBERS = (
    *("0", "-1", "6.0", "1e1", "0.5", "1e-300", "5e-324", "1e308", "-1e308"),
    *("9007199254740992", "0.9999999999999999"),
)
TIMES = (
    *("0s", "1s", "15s", "61s", "2m", "31d", "32d", "3650d", "522w", "1w1d1h1m1s"),
    *("99999999999999999s", "000000000000000001s", "1ms", "-5m", "300"),
)
LENGTHS = ("0s", "1ms", "3650d", "99999999999999999s")
SHARES = ("0%", "0.00000000000001%", "0.0001%", "99.9999999999999%", "99.9999%", "100%")
POINTS = ("0pp", "0.0000000000001pp", "0.0001pp", "100pp")
MONEY = ("$0", "$0.00000000000001", "$0.000001", "$99999999999999999")
COUNTS = ("0", "1e1", "1e308", "0.000000000000001", "0.000001", "99999999999999999")
BOUNDS = (
    "0x objective",
    "0.0000001x objective",
    "9999999999999x objective",
    "objective - 3650d",
    "objective + 100pp",
)
PACES = (
    *("0x in 1h and 5m", "0.000000000001x in 1h and 5m", "1x in 31d and 30d", "1x in 3650d and 3649d"),
    *("99999999999999999x in 2m and 1m", "1x in 61s and 60s", "1x in 1h and 1h"),
)


def extremes(part: SchemaPart) -> Iterator[str]:
    """The values to test, as written, for a leaf of this part of the schema; none for words from a list."""
    contents = part.contents
    types = contents.get("type", ())
    if {"integer", "number"} & {types if isinstance(types, str) else "", *types}:
        yield from NUMBERS
        yield from _bounds(part)
    if part.place.endswith(("/duration", "/cost/properties/per", "/trend/properties/over")):
        yield from TIMES
    if part.place.endswith(("/quantity", "/bound")):
        yield from (*LENGTHS, *SHARES, *POINTS, *MONEY, *COUNTS)
    if part.place.endswith("/bound"):
        yield from (*BOUNDS, *PACES)


def _bounds(part: SchemaPart) -> Iterator[str]:
    for keyword in ("minimum", "maximum"):
        if keyword in part.contents:
            bound = part.contents[keyword]
            yield from map(str, (bound, bound - 1, bound + 1, bound * 1.0000001))
