"""The places of panels: rows of columns on a grid 24 units wide, without gaps for dropped panels."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from generator.grafana.panels import Panel
    from generator.promql.expr import Series

WIDTH = 24


class Stack(Struct, frozen=True):
    """Panels one above another in a column.

    ``width`` is in grid units, as a share of the row's sum, and so are the ``heights``; without these all have the same
    height.
    """

    width: int
    panels: tuple[Panel, ...]
    heights: tuple[int, ...] = ()

    @property
    def shares(self) -> list[int]:
        """The share of each panel in the height."""
        return list(self.heights) or [1] * len(self.panels)


class Row(Struct, frozen=True):
    """Stacks side by side, all ``height`` units high."""

    height: int
    stacks: tuple[Stack, ...]


class Section(Struct, frozen=True):
    """Rows below a title that collapses them; without a title they are always open.

    A service without the series ``measured`` has nothing to show here; None if every service measures something of it.
    """

    title: str
    rows: tuple[Row, ...]
    measured: Series | None = None

    @property
    def panels(self) -> Iterator[Panel]:
        """Its panels, in no particular order."""
        return (panel for one in self.rows for stack in one.stacks for panel in stack.panels)


class Place(Struct, frozen=True):
    """A rectangle of the grid."""

    x: int
    y: int
    width: int
    height: int


class Placed(Struct, frozen=True):
    """A panel, or a section's title, and its place."""

    panel: Panel | str
    place: Place


def row(height: int, *cells: tuple[int, Panel] | Stack) -> Row:
    """Declare a row; a cell is a width and its panel, or a stack."""
    return Row(
        height, tuple(cell if isinstance(cell, Stack) else Stack(cell[0], (cell[1],)) for cell in cells)
    )


def even(height: int, *panels: Panel) -> Row:
    """Declare a row of panels of the same width."""
    return row(height, *((1, panel) for panel in panels))


def keep(sections: tuple[Section, ...], fits: Callable[[Panel], Panel | None]) -> tuple[Section, ...]:
    """Pass every panel through ``fits``, drop those that it refuses, and rows and sections that become empty."""
    return tuple(
        replace(section, rows=rows)
        for section in sections
        if (rows := tuple(kept for one in section.rows if (kept := _kept(one, fits)).stacks))
    )


def place(sections: tuple[Section, ...]) -> Iterator[Placed]:
    """Place sections one below another."""
    y = 0
    for section in sections:
        if section.title:
            yield Placed(section.title, Place(0, y, WIDTH, 1))
            y += 1
        for one in section.rows:
            yield from _place_row(one, y)
            y += one.height


def _kept(one: Row, fits: Callable[[Panel], Panel | None]) -> Row:
    stacks = (_fitting(stack, fits) for stack in one.stacks)
    return Row(one.height, tuple(stack for stack in stacks if stack.panels))


def _fitting(stack: Stack, fits: Callable[[Panel], Panel | None]) -> Stack:
    kept = [
        (fitting, share)
        for panel, share in zip(stack.panels, stack.shares, strict=True)
        if (fitting := fits(panel))
    ]
    return Stack(stack.width, tuple(panel for panel, _ in kept), tuple(share for _, share in kept))


def _place_row(one: Row, y: int) -> Iterator[Placed]:
    edges = _edges([stack.width for stack in one.stacks], WIDTH)
    for stack, (left, right) in zip(one.stacks, edges, strict=True):
        for panel, (top, bottom) in zip(stack.panels, _edges(stack.shares, one.height), strict=True):
            yield Placed(panel, Place(left, y + top, right - left, bottom - top))


def _edges(shares: list[int], length: int) -> list[tuple[int, int]]:
    """Divide ``length`` in proportion, at whole units: 1, 1 and 1 of 16 are 0-5, 5-11 and 11-16."""
    whole = sum(shares)
    cuts = [round(length * sum(shares[:count]) / whole) for count in range(len(shares) + 1)]
    return list(pairwise(cuts))
