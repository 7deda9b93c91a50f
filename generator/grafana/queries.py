"""The queries that most panels are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.grafana import colours
from generator.grafana.panels import Query
from generator.grafana.variables import chosen, mine
from generator.model import names
from generator.model.alerts import BOUND
from generator.model.signals import Better
from generator.model.units import DAY, MINUTE, duration
from generator.promql.expr import Expr, Series, aggregate, binary, call, number, top

if TYPE_CHECKING:
    from generator.grafana.records import Records


#: The number of runs in the window above which a release's ratios and quantiles are drawn.
ENOUGH = 20
#: The smallest number of runs for a service with few of them, and the release's part of them then.
_FEWEST, _MOST_OF_THEM = 5, 0.5
#: The number of a label's values that a chart shows separately; all others are one.
APART = 8
#: The text of a comparison of releases without any.
NO_RELEASES = f"No release with {ENOUGH} runs in this time range, or this service does not name its release"
#: The resolution at which a range is searched for releases.
_FINE = 5 * MINUTE
#: The days of the longest month, the range of panels of days.
MONTH = 31
#: The resolution at which a day is searched for any value.
_QUARTER = 15 * MINUTE


def whole(records: Records, signal: str, legend: str = "", *, part: str = "") -> Query:
    """Read a signal, or a part of it, of the whole service."""
    return Query(mine(records.series(signal, part=part)).now(), legend)


def objective(records: Records, signal: str, legend: str = "objective", *, by: str = "") -> Query:
    """Read the objective of a signal; drawn ``by`` a label, only where there are such values."""
    promised = mine(records.series(signal, part="objective")).now()
    if by:
        promised = binary("and", promised, mine(records.series(signal, by)).now(), on=(names.SERVICE,))
    return Query(promised, legend, promise=True)


def by(records: Records, signal: str, label: str) -> Query:
    """Read a signal by a label that the dashboard offers no choice of."""
    return Query(mine(records.series(signal, label)).now(), f"{{{{{label}}}}}")


def by_chosen(records: Records, signal: str, label: str, *, part: str = "") -> Query:
    """Read a signal, or a part of it, by a label, only for the chosen values."""
    return Query(chosen(records.series(signal, label, part=part), label).now(), f"{{{{{label}}}}}")


def by_release(records: Records, signal: str, *, part: str = "") -> tuple[Query, ...]:
    """Read a signal of the chosen releases: the newest in its own colour, earlier ones in shades of grey."""
    series = chosen(records.series(signal, names.RELEASE, part=part), names.RELEASE).now()
    return newest_first(records, series, f"{{{{{names.RELEASE}}}}}")


def by_busy_release(records: Records, signal: str) -> tuple[Query, ...]:
    """Read a signal of the chosen releases while they finish enough runs: one or two runs would dominate the chart."""
    values = chosen(records.series(signal, names.RELEASE), names.RELEASE).now()
    return newest_first(records, busy(records, values), f"{{{{{names.RELEASE}}}}}")


def busy(records: Records, expr: Expr) -> Expr:
    """Select the values of releases with enough runs; where runs are rare, of the release with most of them."""
    runs = mine(records.series("run_count", names.RELEASE)).now()
    if not records.has(runs):
        return expr
    half = whole(records, "run_count").expr * number(_MOST_OF_THEM)
    most = binary(">=", runs, half, on=(names.SERVICE,), group_left=())
    enough = (runs >= number(ENOUGH - 0.5)) | (most >= number(_FEWEST - 0.5))
    return binary("and", expr, enough, on=(names.RELEASE,))


def leading(
    records: Records, signal: str, label: str, *, rank: str = "", stack: bool = False
) -> tuple[Query, ...]:
    """Read a signal by a label: the leading chosen values of the time range, and the others as one.

    The leading values have the largest sums of the part ``rank``.
    """
    values = chosen(records.series(signal, label), label).now()
    ranked = summed_over_range(chosen(records.series(signal, label, part=rank), label))
    return apart(values, ranked, label, stack=stack)


def apart(expr: Expr, ranked: Expr, label: str, *, stack: bool) -> tuple[Query, ...]:
    """Show the leading values of ``expr`` by ``ranked`` separately, and drop unranked ones.

    The others are shown as their sum if stacked, else as the highest of them. A stack drops values that never occur.
    """
    ranked = ranked > number(0) if stack else ranked
    first, on = Expr(f"topk({APART}, {ranked})"), (label,)
    rest = binary("and", binary("unless", expr, first, on=on), ranked, on=on)
    return (
        Query(binary("and", expr, first, on=on), f"{{{{{label}}}}}"),
        Query(
            aggregate("sum" if stack else "max", rest, (names.SERVICE,)),
            "all others" if stack else "highest of the others",
            rare=True,
            colour=colours.GREY,
        ),
    )


def occurring(records: Records, signal: str, label: str) -> Query:
    """Read a signal by a label without a choice, for the values that occur within the time range."""
    query = by(records, signal, label)
    ranked = summed_over_range(mine(records.series(signal, label)))
    return replace(query, expr=binary("and", query.expr, ranked > number(0), on=(label,)))


def summed_over_range(of: Series) -> Expr:
    """Sum the samples of the shown range, at a resolution that includes very recent ones."""
    return call("sum_over_time", Expr(f"{of.now()}[$__range:{duration(_FINE)}] @ end()"))


def by_day(records: Records, spent: Series) -> tuple[Expr, Expr]:
    """Sum the windows of ``spent``, of each day at its beginning, and of all shown days."""
    every, ahead = records.window("cost_per_run"), f"offset -{duration(DAY)}"
    day = Expr(f"{spent.now()}[{duration(DAY - 1)}:{every}] {ahead}")
    month = Expr(f"{spent.now()}[{MONTH}d:{every}] {ahead} @ end()")
    return call("sum_over_time", day), call("sum_over_time", month)


def judged(records: Records, signal: str) -> tuple[Query, ...]:
    """Read a signal of the whole service, coloured by its objective and its critical bound.

    One of the queries returns data: the objective differs by service, but Grafana's steps do not.
    """
    value, promised = whole(records, signal), objective(records, signal).expr
    if not records.has(promised):
        return (value,)
    on, higher = (names.SERVICE,), records.signals[signal].better is Better.HIGHER
    kept, broken = (">=", "<") if higher else ("<=", ">")
    missed = binary(broken, value.expr, promised, on=on)
    critical = bounds(records, signal, severity="critical")
    worse = [binary(broken, value.expr, critical, on=on)] if critical else []
    return (
        Query(binary(kept, value.expr, promised, on=on), colour=colours.GREEN),
        *(Query(expr, rare=True, colour=colours.RED) for expr in worse),
        Query(
            binary("unless", missed, worse[0], on=on) if worse else missed, rare=True, colour=colours.AMBER
        ),
        Query(binary("unless", value.expr, promised, on=on), rare=True, colour=colours.BLUE),
    )


def bounds(records: Records, signal: str, *, severity: str) -> Expr | None:
    """Read the bound from which an alert on the whole service's value has a severity; None without such an alert."""
    alerts = [one.alert for one in records.watches if one.signal == signal and one.bounded]
    if not alerts:
        return None
    labels = {names.PART: BOUND, names.SEVERITY: severity}
    series = mine(Series(names.BOUND)).one_of(names.ALERT, alerts).where(**labels)
    return aggregate("max", series.now(), (names.SERVICE,))


def newest_first(records: Records, expr: Expr, legend: str) -> tuple[Query, ...]:
    """Colour the series of the newest release in the range, the one that began last, differently from the others."""
    newest = _newest()
    if not records.has(newest):
        return (Query(expr, legend),)
    on = (names.RELEASE,)
    return (
        Query(binary("and", expr, newest, on=on), legend, colour=colours.BLUE),
        Query(binary("unless", expr, newest, on=on), legend, rare=True, colour=colours.EARLIER, shades=True),
    )


def within_a_day(status: Series) -> Expr:
    """Read the last value within a day, of series that had values for a quarter of an hour.

    Every sample of a day would be most of the samples that a dashboard of many services reads.
    """
    return call("last_over_time", status.sampled(DAY, _QUARTER))


def _newest() -> Expr:
    seen = f"{mine(Series(names.FIRST_SEEN)).now()}[$__range:{duration(_FINE)}] @ end()"
    return top(call("last_over_time", Expr(seen)))
