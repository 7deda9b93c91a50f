"""The look of shares, durations, money, counts and distributions, the same on every dashboard.

A panel is declared as one of the drawings below with one of the scales; none of them is built by hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict, Unpack

from generator.grafana.panels import Draw, Legend, Panel, PanelType, Query, Scale, Table
from generator.model.units import Unit

if TYPE_CHECKING:
    from collections.abc import Mapping


#: A share that should be near 1: the axis ends there and extends down to the values.
GOOD_SHARE = Scale("percentunit", low=None, high=1, soft_low=0.9, falls=True)
#: A share that should be near 0.
BAD_SHARE = Scale("percentunit", soft_high=0.05)
#: Parts of a whole.
PARTS = Scale("percentunit", high=1)
#: The same as single numbers.
SHARE = Scale("percentunit", decimals=1, high=1)
#: Parts of a whole that may exceed it, such as a used budget.
USED = Scale("percentunit", decimals=0)
#: The same of each day.
SPENT = Scale("percentunit", soft_high=0.05)
#: The remaining part of a whole; negative if more was used.
LEFT = Scale("percentunit", decimals=0, low=None, high=1, falls=True)
DURATION = Scale("s", soft_high=0.001)
MONEY = Scale("currencyUSD", soft_high=0.001)
#: Sums of money, to the cent.
DOLLARS = Scale("currencyUSD", decimals=2)
#: Any other share of which more is better.
USE = Scale("percentunit", decimals=0, high=1, falls=True)
#: Amounts per event, which are not whole numbers.
COUNT = Scale("short", soft_high=0.01)
#: A number of events, which is whole.
EVENTS = Scale("none", decimals=0, soft_high=4)
#: A multiple of the allowed pace.
PACE = Scale("suffix:x", soft_high=2)
#: A multiple.
TIMES = Scale("suffix:x", decimals=1)
#: The date and time of a number of Unix milliseconds: a time since then would count from now, in any time range.
MOMENT = Scale("dateTimeAsIso", low=None)
#: The scale of a signal in each unit, for panels of any signal.
OF_UNIT = {Unit.RATIO: BAD_SHARE, Unit.SECONDS: DURATION, Unit.USD: MONEY, Unit.COUNT: COUNT}


class Look(TypedDict, total=False):
    """The optional parts of a panel; ``Panel`` explains them."""

    colours: Mapping[str, str]
    beginnings: Mapping[str, str]
    legend: Legend
    steps: tuple[tuple[float | None, str], ...]
    empty: str
    about: str


def lines(scale: Scale, title: str, description: str, *queries: Query, **look: Unpack[Look]) -> Panel:
    """Draw values over time, each as a line: values that must not be summed, such as ratios and quantiles."""
    return Panel(PanelType.TIMESERIES, title, description, queries, scale, **look)


def stacked(scale: Scale, title: str, description: str, *queries: Query, **look: Unpack[Look]) -> Panel:
    """Draw parts that add up to a total, as stacked areas."""
    return Panel(PanelType.TIMESERIES, title, description, queries, scale, Draw.STACK, **look)


def days(
    scale: Scale, title: str, description: str, *queries: Query, count: int, **look: Unpack[Look]
) -> Panel:
    """Draw stacked parts of the last ``count`` days, a bar for each day."""
    return Panel(PanelType.TIMESERIES, title, description, queries, scale, Draw.BARS, days=count, **look)


def number_panel(scale: Scale, title: str, description: str, *queries: Query, **look: Unpack[Look]) -> Panel:
    """Show the last value over its course, or ``empty`` without a value."""
    return Panel(PanelType.STAT, title, description, queries, scale, **look)


def bars(scale: Scale, title: str, description: str, *queries: Query, **look: Unpack[Look]) -> Panel:
    """Compare last values as bars."""
    return Panel(PanelType.BARGAUGE, title, description, queries, scale, **look)


def note(title: str, text: str) -> Panel:
    """Show a text to the reader."""
    return Panel(PanelType.TEXT, title, text, empty=text)


def timeline(title: str, description: str, *queries: Query, **look: Unpack[Look]) -> Panel:
    """Draw statuses over time, a bar for each series."""
    return Panel(PanelType.TIMELINE, title, description, queries, COUNT, **look)


def table(title: str, description: str, columns: Table, **look: Unpack[Look]) -> Panel:
    """List last values, a row for each combination of labels."""
    return Panel(PanelType.TABLE, title, description, columns.queries, table=columns, **look)
