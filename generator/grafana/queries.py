"""The queries that most panels are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.grafana import colours
from generator.grafana.panels import Query
from generator.grafana.variables import chosen, mine
from generator.model import names
from generator.model.units import DAY, MINUTE
from generator.promql.expr import Expr, Series, binary, call, number, top

if TYPE_CHECKING:
    from generator.grafana.records import Records


#: Fewest runs in the window from which on a release's ratios and quantiles are drawn.
FEWEST = 5
#: A release without runs for so long is not the newest.
_LIVE = 15 * MINUTE
#: How closely it is looked whether there was anything within a day.
_QUARTER = 15 * MINUTE


def whole(records: Records, signal: str, legend: str = "", *, part: str = "") -> Query:
    """Read a signal, or a part of it, of the whole service."""
    return Query(mine(records.series(signal, part=part)).now(), legend)


def objective(records: Records, signal: str, legend: str = "objective") -> Query:
    """Read what the service promises of a signal."""
    return Query(mine(records.series(signal, part="objective")).now(), legend, promise=True)


def by(records: Records, signal: str, label: str) -> Query:
    """Read a signal by a label that the dashboard lets nobody choose."""
    return Query(mine(records.series(signal, label)).now(), f"{{{{{label}}}}}")


def by_chosen(records: Records, signal: str, label: str) -> Query:
    """Read a signal by a label, the chosen values only."""
    return Query(chosen(records.series(signal, label), label).now(), f"{{{{{label}}}}}")


def by_release(records: Records, signal: str, *, part: str = "") -> tuple[Query, ...]:
    """Read a signal of the chosen releases: the newest in its own colour, those before it in shades of grey."""
    found = chosen(records.series(signal, names.RELEASE, part=part), names.RELEASE).now()
    return newest_first(records, found, f"{{{{{names.RELEASE}}}}}")


def by_busy_release(records: Records, signal: str) -> tuple[Query, ...]:
    """Read a signal of the chosen releases while they finish runs: one or two runs would tower above all others."""
    found = chosen(records.series(signal, names.RELEASE), names.RELEASE).now()
    return newest_first(records, busy(records, found), f"{{{{{names.RELEASE}}}}}")


def busy(records: Records, found: Expr) -> Expr:
    """Keep the values of releases with enough runs to say something."""
    runs = mine(records.series("run_count", names.RELEASE)).now()
    enough = runs >= number(FEWEST - 0.5)
    return binary("and", found, enough, on=(names.RELEASE,)) if records.has(runs) else found


def newest_first(records: Records, found: Expr, legend: str) -> tuple[Query, ...]:
    """Tell the newest release's series from the others' by colour; who is newest counts at the range's end."""
    newest = _newest()
    if not records.has(newest):
        return (Query(found, legend),)
    on = (names.RELEASE,)
    return (
        Query(binary("and", found, newest, on=on), legend, colour=colours.BLUE),
        Query(binary("unless", found, newest, on=on), legend, rare=True, colour=colours.EARLIER, shades=True),
    )


def within_a_day(status: Series) -> Expr:
    """Find the last value within a day, of what had one for a quarter of an hour.

    Every sample of a day would be most of what a dashboard of many services reads.
    """
    return call("last_over_time", status.sampled(DAY, _QUARTER))


def _newest() -> Expr:
    seen = mine(Series(names.FIRST_SEEN)).over(_LIVE)
    return top(call("last_over_time", Expr(f"{seen} @ end()")))
