"""Dashboards and their panels as values: nothing here depends on Grafana's JSON.

Panels stand in rows of columns on a grid 24 units wide, without gaps for dropped panels.
"""

from __future__ import annotations

from enum import StrEnum
from itertools import pairwise
from string import ascii_uppercase
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from generator.grafana.variables import Variable
    from generator.promql.expr import Expr, Series

#: Pixels of a letter in the header of a table.
_LETTER = 9
#: The text of a panel without data: of a single number, of any other; and of a signal that some profile does not
#: measure.
_NO_NUMBER = "NO DATA"
NO_DATA = "No data in this time range"
_UNMEASURED = "No data, or not measured"
#: The same in the size of a number.
_NO_VALUE = "no value"
_WIDTH = 24


def refs(count: int) -> tuple[str, ...]:
    """Name ``count`` queries of a panel: A, B and so on."""
    return tuple(ascii_uppercase[:count])


class PanelType(StrEnum):
    """The panel types in use, under Grafana's names."""

    TIMESERIES = "timeseries"
    TIMELINE = "state-timeline"
    STAT = "stat"
    TABLE = "table"
    BARGAUGE = "bargauge"
    TEXT = "text"


class Draw(StrEnum):
    """The drawing style of a time series."""

    LINES = "lines"
    STACK = "stack"
    BARS = "bars"


class Legend(StrEnum):
    """The place of the series' names: lines below the panel, or a table with the last values."""

    LIST = "list"
    TABLE = "table"


class Cell(StrEnum):
    """The look of a column: text, text on the colour of its status or severity, or text coloured as a trend.

    A link is an arrow in place of its text.
    """

    PLAIN = "plain"
    LINK = "link"
    STATUS = "status"
    SEVERITY = "severity"
    TREND = "trend"


class Scale(Struct, frozen=True):
    """A kind of number: the unit under Grafana's name, decimals, and the ends of the axis.

    ``low`` and ``high`` are fixed, ``soft_high`` yields to larger values; without it, if all values are 0, Grafana
    draws an axis up to 100, which is 10,000 %. None leaves it to the data. ``falls`` means that low numbers are bad.
    """

    unit: str
    decimals: int | None = None
    low: float | None = 0
    high: float | None = None
    soft_low: float | None = None
    soft_high: float | None = None
    falls: bool = False


class Query(Struct, frozen=True):
    """An expression and the names of its series.

    Attributes:
        promise: Drawn dashed; makes no panel by itself.
        mark: Drawn over all others: a warning about their values.
        colour: Of all its series; by name, or in turn, if empty.
        dotted: Drawn as dots, behind the others.
        shades: In shades of ``colour``, as there may be several series.
        scale: Its own scale, if not the panel's.
        steps: Its own colours from a value on, if not the panel's.
    """

    expr: Expr
    legend: str = ""
    promise: bool = False
    mark: bool = False
    dotted: bool = False
    colour: str = ""
    shades: bool = False
    scale: Scale | None = None
    steps: tuple[tuple[float | None, str], ...] = ()

    def in_words(self, word: Callable[[str], str]) -> Query:
        """Use a service's word for a run in the legend, unless it has labels, whose values are not our words."""
        return self if "{{" in self.legend else replace(self, legend=word(self.legend))


class Column(Struct, frozen=True):
    """A column of a table.

    Attributes:
        title: Its header.
        source: The label, or the query, of its values.
        of: The query that has the label, if not that of another column.
        scale: The scale of its numbers; None for text.
        cell: The look of its cells.
        width: Pixels; None shares the remaining width.
        link: The title and the target of its cells' link; None for no link.
        right: Whether text is aligned to the right, as numbers are.
        steps: Colours of its numbers from a value on.
    """

    title: str
    source: str | Query
    scale: Scale | None = None
    cell: Cell = Cell.PLAIN
    width: int | None = None
    link: tuple[str, str] | None = None
    right: bool = False
    steps: tuple[tuple[float | None, str], ...] = ()
    of: Query | None = None

    def titled(self, title: str) -> Column:
        """Replace the title; a longer one widens the column."""
        more = max(0, len(title) - len(self.title)) * _LETTER
        return replace(self, title=title, width=self.width and self.width + more)

    @property
    def query(self) -> Query | None:
        """The query that it needs besides those of other columns."""
        return self.source if isinstance(self.source, Query) else self.of


class Table(Struct, frozen=True):
    """The columns of a table, in order, and the way to join its rows.

    Attributes:
        columns: At least one of them has a query.
        sort: The title of the column, or the label without a column, that sorts the rows, and whether descending.
        key: A label that joins the rows of several queries, if no column shows it.
    """

    columns: tuple[Column, ...]
    sort: tuple[str, bool] | None = None
    key: str = ""

    @property
    def queries(self) -> tuple[Query, ...]:
        """The queries of its columns, in order."""
        return tuple(dict.fromkeys(column.query for column in self.columns if column.query))

    def only(self, queries: tuple[Query, ...]) -> Table:
        """Drop the columns of other queries."""
        kept = (column for column in self.columns if column.query is None or column.query in queries)
        return replace(self, columns=tuple(kept))

    def fields(self) -> tuple[str, ...]:
        """List the columns' fields under Grafana's names: a label's name, or ``Value #A`` for the first query."""
        queries = self.queries
        ref = dict(zip(queries, refs(len(queries)), strict=True))
        return tuple(
            (f"Value #{ref[column.source]}" if len(queries) > 1 else "Value")
            if isinstance(column.source, Query)
            else column.source
            for column in self.columns
        )


class Panel(Struct, frozen=True):
    """A panel without a place.

    Attributes:
        title: Names the signal, never the query.
        description: The shown values, their window, and the advice to the reader.
        colours: Fixed colours by the name of the series.
        beginnings: Fixed colours by the beginning of that name, if its end is unknown.
        steps: Colours from a value on, ascending; the first holds from minus infinity.
        more: The uid of the dashboard with details.
        empty: The text that replaces missing data; of a text panel, its text.
        days: The number of days that it shows, a point a day, in any chosen range; 0 for that range.
        repeat: The variable with one copy of the panel for each of its values.
        about: The subject of the alerts that lead here, as in ``model.panels``.
    """

    kind: PanelType
    title: str
    description: str
    queries: tuple[Query, ...] = ()
    scale: Scale | None = None
    draw: Draw = Draw.LINES
    legend: Legend = Legend.LIST
    colours: Mapping[str, str] = field(default_factory=dict)
    beginnings: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[tuple[float | None, str], ...] = ()
    table: Table | None = None
    more: str | None = None
    empty: str = ""
    days: int = 0
    repeat: str = ""
    about: str = ""

    def with_queries(self, queries: tuple[Query, ...]) -> Panel:
        """Replace the queries; a table loses the columns of removed ones."""
        return replace(self, queries=queries, table=self.table and self.table.only(queries))

    def leading_to(self, uid: str) -> Panel:
        """Link to the dashboard with details."""
        return replace(self, more=uid)

    def of_some_services(self) -> Panel:
        """Mention, for no data, that it may not be measured at all."""
        return (
            self
            if self.empty
            else replace(self, empty=_NO_VALUE if self.kind is PanelType.STAT else _UNMEASURED)
        )

    def in_words(self, word: Callable[[str], str]) -> Panel:
        """Use a service's word for a run in all texts, except for no data, where Grafana fills in no variables."""
        nothing = word(self.empty)
        table = self.table and replace(
            self.table,
            columns=tuple(one.titled(word(one.title)) for one in self.table.columns),
            sort=self.table.sort and (word(self.table.sort[0]), self.table.sort[1]),
        )
        # A table finds its queries by those of its columns.
        queries = self.queries if table else tuple(one.in_words(word) for one in self.queries)
        return replace(
            self,
            title=word(self.title),
            description=word(self.description),
            queries=queries,
            table=table,
            empty=self.empty if "$" in nothing else nothing,
        )

    @property
    def nothing(self) -> str:
        """The text for no data."""
        return self.empty or (_NO_NUMBER if self.kind is PanelType.STAT else NO_DATA)

    @property
    def shows_something(self) -> bool:
        """Whether it draws anything but an objective."""
        return any(not query.promise for query in self.queries)


class Dashboard(Struct, frozen=True):
    """A dashboard before it is laid out.

    Attributes:
        uid: Its address for links and alerts; also the name of its file.
        title: Its name in lists of dashboards.
        description: The question that it answers.
        variables: Its variables without the data source; each may read those before it.
        sections: Its panels, the most urgent first.
        hours: The number of hours that it shows when opened.
        tabs: Whether its sections are tabs, where Grafana has some.
    """

    uid: str
    title: str
    description: str
    variables: tuple[Variable, ...]
    sections: tuple[Section, ...]
    hours: int = 6
    tabs: bool = False


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


class Rectangle(Struct, frozen=True):
    """A rectangle of the grid."""

    x: int
    y: int
    width: int
    height: int


class Placed(Struct, frozen=True):
    """A panel, or a section's title, and its place."""

    panel: Panel | str
    place: Rectangle


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
            yield Placed(section.title, Rectangle(0, y, _WIDTH, 1))
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
    edges = _edges([stack.width for stack in one.stacks], _WIDTH)
    for stack, (left, right) in zip(one.stacks, edges, strict=True):
        for panel, (top, bottom) in zip(stack.panels, _edges(stack.shares, one.height), strict=True):
            yield Placed(panel, Rectangle(left, y + top, right - left, bottom - top))


def _edges(shares: list[int], length: int) -> list[tuple[int, int]]:
    """Divide ``length`` in proportion, at whole units: 1, 1 and 1 of 16 are 0-5, 5-11 and 11-16."""
    whole = sum(shares)
    cuts = [round(length * sum(shares[:count]) / whole) for count in range(len(shares) + 1)]
    return list(pairwise(cuts))
