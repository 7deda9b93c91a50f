"""Numbers that Prometheus itself formats: 2.4 s, 7.2 %, 8.9k, $0.031.

A column of a Grafana table has one unit, so a table with rows in different units shows text, a label of its query.
``count_values`` makes it from a number, scaled by one arm of the query for each order of magnitude.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model.units import DAY, HOUR, MINUTE, Unit
from generator.promql.expr import Expr, any_of, call, literal, number, quote

if TYPE_CHECKING:
    from collections.abc import Sequence

#: ``${1}`` and never ``$1``, which a following letter would make another group's name.
_ALL = "(.+)"


class Magnitude(Struct, frozen=True):
    """The format of numbers from ``least`` on: divided by ``one``, rounded to ``step``, within ``text``.

    It ends at the next one.
    """

    least: float
    one: float
    step: float
    text: str


_MAGNITUDES = {
    Unit.RATIO: (Magnitude(0, 0.01, 0.1, "${1} %"),),
    Unit.SECONDS: (
        Magnitude(0, 0.001, 1, "${1} ms"),
        Magnitude(1, 1, 0.1, "${1} s"),
        Magnitude(2 * MINUTE, MINUTE, 0.1, "${1} min"),
    ),
    Unit.USD: (
        Magnitude(0, 1, 0.0001, "$$${1}"),
        Magnitude(0.01, 1, 0.001, "$$${1}"),
        Magnitude(1, 1, 0.01, "$$${1}"),
        Magnitude(1000, 1000, 0.1, "$$${1}k"),
    ),
    Unit.COUNT: (
        Magnitude(0, 1, 0.01, "${1}"),
        Magnitude(1, 1, 0.1, "${1}"),
        Magnitude(100, 1, 1, "${1}"),
        Magnitude(1000, 1000, 0.1, "${1}k"),
        Magnitude(1_000_000, 1_000_000, 0.1, "${1}M"),
    ),
}


#: The time since a beginning.
_AGES = (
    Magnitude(0, MINUTE, 1, "${1} min"),
    Magnitude(2 * HOUR, HOUR, 0.1, "${1} h"),
    Magnitude(2 * DAY, DAY, 0.1, "${1} d"),
)


def readable(values: Expr, unit: Unit, label: str, by: Sequence[str]) -> Expr:
    """Write each value of ``values``, which are not negative, into ``label``; keep the labels ``by``."""
    return _sized(values, _MAGNITUDES[unit], label, by)


def _sized(values: Expr, sizes: Sequence[Magnitude], label: str, by: Sequence[str]) -> Expr:
    ends = [size.least for size in sizes[1:]]
    arms = []
    for size, end in zip(sizes, [*ends, None], strict=True):
        within = values if size.least == 0 else values >= number(size.least)
        if end is not None:
            within = within < number(end)
        arms.append(_written(within, size, label, by))
    return any_of(arms)


def ago(since: Expr, label: str, by: Sequence[str]) -> Expr:
    """Write the age of Unix seconds into ``label``; keep the labels ``by``."""
    return _sized(Expr("time()") - since, _AGES, label, by)


def change(values: Expr, label: str, by: Sequence[str]) -> Expr:
    """Write each change into ``label``: 0.38 as +38, before percent or percentage points."""
    rounded = call("round", values * number(100), number(0.1))
    return replaced(count_values(rounded, label, by), label, "+${1}", label, "([^-].*)")


def count_values(values: Expr, label: str, by: Sequence[str]) -> Expr:
    """Write each value into ``label``, in Prometheus' format of numbers."""
    return Expr(f"count_values by ({', '.join(by)}) ({quote(label)}, {values.text})")


def replaced(values: Expr, label: str, text: str, source: str, pattern: str = _ALL) -> Expr:
    """Set ``label`` to ``text`` where all of ``source`` matches; otherwise keep it."""
    return call("label_replace", values, *(literal(part) for part in (label, text, source, pattern)))


def joined(values: Expr, label: str, separator: str, *sources: str) -> Expr:
    """Set ``label`` to the values of ``sources``."""
    return call("label_join", values, *(literal(part) for part in (label, separator, *sources)))


def _written(values: Expr, size: Magnitude, label: str, by: Sequence[str]) -> Expr:
    scaled = values if size.one == 1 else values / number(size.one)
    written = count_values(call("round", scaled, number(size.step)), label, by)
    return written if size.text == "${1}" else replaced(written, label, size.text, label)
