"""What a panel is, as a value: the dashboards declare these, and nothing here knows Grafana's JSON."""

from __future__ import annotations

from enum import StrEnum
from string import ascii_uppercase
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from generator.promql.expr import Expr


def refs(count: int) -> tuple[str, ...]:
    """Name ``count`` queries of a panel: A, B and so on."""
    return tuple(ascii_uppercase[:count])


class Kind(StrEnum):
    """The panel types in use, as Grafana names them."""

    TIMESERIES = "timeseries"
    TIMELINE = "state-timeline"
    STAT = "stat"
    TABLE = "table"
    BARGAUGE = "bargauge"
    TEXT = "text"


class Draw(StrEnum):
    """How a time series is drawn."""

    LINES = "lines"
    STACK = "stack"
    BARS = "bars"


class Legend(StrEnum):
    """How the names of the series stand: in lines below, or in a table with the last values."""

    LIST = "list"
    TABLE = "table"


class Cell(StrEnum):
    """How a column of a table is shown: as text, on the colour of its status or severity, or coloured as a trend.

    A link is an arrow, whatever text is in it.
    """

    PLAIN = "plain"
    LINK = "link"
    STATUS = "status"
    SEVERITY = "severity"
    TREND = "trend"


class Scale(Struct, frozen=True):
    """Numbers of one kind: the unit by Grafana's name, decimals, and the ends of the axis.

    ``low`` and ``high`` are fixed, ``soft_high`` gives way to larger values; where all are 0 and there is none, Grafana
    draws an axis up to 100, which are 10,000 %. None leaves it to the data. ``falls`` says that low numbers are the bad
    ones.
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
        mark: Drawn over the others, whatever they are: a warning about what they show.
        rare: Without a series while all is well.
        colour: Of all its series; by name, or in turn, when empty.
        dotted: Drawn as dots, to stand behind the others.
        shades: In shades of ``colour``, as there may be several series.
        scale: Where it is not the panel's.
        steps: Colours from a value on, where they are not the panel's.
    """

    expr: Expr
    legend: str = ""
    promise: bool = False
    mark: bool = False
    rare: bool = False
    dotted: bool = False
    colour: str = ""
    shades: bool = False
    scale: Scale | None = None
    steps: tuple[tuple[float | None, str], ...] = ()


class Column(Struct, frozen=True):
    """A column of a table.

    Attributes:
        title: Its header.
        source: The label, or the query whose values stand in it.
        of: The query that has the label, where that is not the one of another column.
        scale: How its numbers are shown; None for text.
        cell: How the cell is shown.
        width: Pixels; None shares what is left.
        link: Where a click on a cell leads, after its title; None for nowhere.
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

    @property
    def query(self) -> Query | None:
        """The query that it needs beside those of other columns."""
        return self.source if isinstance(self.source, Query) else self.of


class Table(Struct, frozen=True):
    """The columns of a table, in order, and how its rows are put together.

    Attributes:
        columns: At least one of them has a query.
        sort: What sorts the rows, and whether downwards: a column's title, or a label that is no column.
        key: A label by which the rows of several queries belong together, where no column shows it.
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
        """Name each column's field as Grafana does: a label's name, or ``Value #A`` for the first query."""
        queries = self.queries
        ref = dict(zip(queries, refs(len(queries)), strict=True))
        return tuple(
            (f"Value #{ref[column.source]}" if len(queries) > 1 else "Value")
            if isinstance(column.source, Query)
            else column.source
            for column in self.columns
        )


#: What a panel says where there is nothing: a single number, any other; and where some profile does not measure it.
NO_NUMBER = "NO DATA"
NO_DATA = "No data in this time range"
UNMEASURED = "No data, or not measured"
#: The same in the size of a number.
NO_VALUE = "no value"


class Panel(Struct, frozen=True):
    """A panel without a place.

    Attributes:
        title: Names the signal, never the query.
        description: What is shown, over which window, and what to do about it.
        colours: Fixed colours by the name of the series.
        beginnings: Fixed colours by the beginning of that name, where nobody knows how it goes on.
        steps: Colours from a value on, ascending; the first holds from minus infinity.
        more: The uid of the dashboard that tells more.
        empty: What stands there instead where there is nothing; of a text, the text.
        days: How many days it shows, a point a day, whatever is chosen; 0 for what is chosen.
        repeat: The variable for each of whose values the panel is drawn once.
        about: What alerts that lead here are about, as ``model.panels`` spells it.
    """

    kind: Kind
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
        """Replace the queries; a table loses the columns of those that are gone."""
        return replace(self, queries=queries, table=self.table and self.table.only(queries))

    def leading_to(self, uid: str) -> Panel:
        """Link to the dashboard that tells more."""
        return replace(self, more=uid)

    def without_data(self, text: str) -> Panel:
        """Say ``text`` where there is nothing."""
        return replace(self, empty=text)

    def told_by(self, about: str) -> Panel:
        """Let alerts about this lead here."""
        return replace(self, about=about)

    def of_some_services(self) -> Panel:
        """Say where there is nothing that it may not be measured at all."""
        return self if self.empty else replace(self, empty=NO_VALUE if self.kind is Kind.STAT else UNMEASURED)

    def in_words(self, word: Callable[[str], str]) -> Panel:
        """Put what people read into a service's words; where there is nothing Grafana fills in no variables."""
        nothing = word(self.empty)
        table = self.table and replace(
            self.table,
            columns=tuple(replace(one, title=word(one.title)) for one in self.table.columns),
            sort=self.table.sort and (word(self.table.sort[0]), self.table.sort[1]),
        )
        return replace(
            self,
            title=word(self.title),
            description=word(self.description),
            table=table,
            empty=self.empty if "$" in nothing else nothing,
        )

    @property
    def nothing(self) -> str:
        """What it says where there is nothing."""
        return self.empty or (NO_NUMBER if self.kind is Kind.STAT else NO_DATA)

    @property
    def shows_something(self) -> bool:
        """Whether anything but a promise is drawn."""
        return any(not query.promise for query in self.queries)
