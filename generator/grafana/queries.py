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


#: Runs in the window from which on a release's ratios and quantiles are drawn.
ENOUGH = 20
#: Fewest of them where a service finishes no more, and the release's part of them then.
_FEWEST, _MOST_OF_THEM = 5, 0.5
#: So many values of a label are told apart in a chart; all others are one.
APART = 8
#: What a comparison of releases says where there is none.
NO_RELEASES = f"No release with {ENOUGH} runs in this time range, or this service does not name its release"
#: How closely a range is looked through for releases.
_FINE = 5 * MINUTE
#: The days of the longest month, which panels of days look back at.
MONTH = 31
#: How closely it is looked whether there was anything within a day.
_QUARTER = 15 * MINUTE


def whole(records: Records, signal: str, legend: str = "", *, part: str = "") -> Query:
    """Read a signal, or a part of it, of the whole service."""
    return Query(mine(records.series(signal, part=part)).now(), legend)


def objective(records: Records, signal: str, legend: str = "objective", *, by: str = "") -> Query:
    """Read what the service promises of a signal; where it is drawn ``by`` a label, only beside what has that."""
    promised = mine(records.series(signal, part="objective")).now()
    if by:
        promised = binary("and", promised, mine(records.series(signal, by)).now(), on=(names.SERVICE,))
    return Query(promised, legend, promise=True)


def by(records: Records, signal: str, label: str) -> Query:
    """Read a signal by a label that the dashboard lets nobody choose."""
    return Query(mine(records.series(signal, label)).now(), f"{{{{{label}}}}}")


def by_chosen(records: Records, signal: str, label: str, *, part: str = "") -> Query:
    """Read a signal, or a part of it, by a label, the chosen values only."""
    return Query(chosen(records.series(signal, label, part=part), label).now(), f"{{{{{label}}}}}")


def by_release(records: Records, signal: str, *, part: str = "") -> tuple[Query, ...]:
    """Read a signal of the chosen releases: the newest in its own colour, those before it in shades of grey."""
    found = chosen(records.series(signal, names.RELEASE, part=part), names.RELEASE).now()
    return newest_first(records, found, f"{{{{{names.RELEASE}}}}}")


def by_busy_release(records: Records, signal: str) -> tuple[Query, ...]:
    """Read a signal of the chosen releases while they finish runs: one or two runs would tower above all others."""
    found = chosen(records.series(signal, names.RELEASE), names.RELEASE).now()
    return newest_first(records, busy(records, found), f"{{{{{names.RELEASE}}}}}")


def busy(records: Records, found: Expr) -> Expr:
    """Keep the values of releases with enough runs to say something; where runs are rare, with most of them."""
    runs = mine(records.series("run_count", names.RELEASE)).now()
    if not records.has(runs):
        return found
    half = whole(records, "run_count").expr * number(_MOST_OF_THEM)
    most = binary(">=", runs, half, on=(names.SERVICE,), group_left=())
    enough = (runs >= number(ENOUGH - 0.5)) | (most >= number(_FEWEST - 0.5))
    return binary("and", found, enough, on=(names.RELEASE,))


def leading(
    records: Records, signal: str, label: str, *, rank: str = "", stack: bool = False
) -> tuple[Query, ...]:
    """Read a signal by a label: the chosen values that lead within the time range, and the others as one.

    Those lead that have most of the part ``rank``, in sum.
    """
    found = chosen(records.series(signal, label), label).now()
    ranked = summed_over_range(chosen(records.series(signal, label, part=rank), label))
    return apart(found, ranked, label, stack=stack)


def apart(found: Expr, ranked: Expr, label: str, *, stack: bool) -> tuple[Query, ...]:
    """Tell those of ``found`` apart that lead by ``ranked``, and leave out what is not ranked.

    The others are a sum where they are stacked, else the highest of them. What is stacked leaves out what never occurs.
    """
    ranked = ranked > number(0) if stack else ranked
    first, on = Expr(f"topk({APART}, {ranked})"), (label,)
    rest = binary("and", binary("unless", found, first, on=on), ranked, on=on)
    return (
        Query(binary("and", found, first, on=on), f"{{{{{label}}}}}"),
        Query(
            aggregate("sum" if stack else "max", rest, (names.SERVICE,)),
            "all others" if stack else "highest of the others",
            rare=True,
            colour=colours.GREY,
        ),
    )


def occurring(records: Records, signal: str, label: str) -> Query:
    """Read a signal by a label that nobody can choose, of the values that occur within the time range."""
    found = by(records, signal, label)
    ranked = summed_over_range(mine(records.series(signal, label)))
    return replace(found, expr=binary("and", found.expr, ranked > number(0), on=(label,)))


def summed_over_range(of: Series) -> Expr:
    """Sum samples of all of the range that is shown, so fine that what began just now is among them."""
    return call("sum_over_time", Expr(f"{of.now()}[$__range:{duration(_FINE)}] @ end()"))


def by_day(records: Records, spent: Series) -> tuple[Expr, Expr]:
    """Sum the windows of what is spent, of each day at its beginning, and of all days that are shown."""
    every, ahead = records.window("cost_per_run"), f"offset -{duration(DAY)}"
    day = Expr(f"{spent.now()}[{duration(DAY - 1)}:{every}] {ahead}")
    month = Expr(f"{spent.now()}[{MONTH}d:{every}] {ahead} @ end()")
    return call("sum_over_time", day), call("sum_over_time", month)


def judged(records: Records, signal: str) -> tuple[Query, ...]:
    """Read a signal of the whole service in the colour that its objective and its critical bound give it.

    One of the queries answers: the objective is another one for each service, and Grafana's steps are not.
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
    """Read from where on an alert on the whole service's value is of a severity; None where none is on it."""
    alerts = [one.alert for one in records.watches if one.signal == signal and one.bounded]
    if not alerts:
        return None
    labels = {names.PART: BOUND, names.SEVERITY: severity}
    found = mine(Series(names.BOUND)).one_of(names.ALERT, alerts).where(**labels)
    return aggregate("max", found.now(), (names.SERVICE,))


def newest_first(records: Records, found: Expr, legend: str) -> tuple[Query, ...]:
    """Tell the newest release's series from the others' by colour: of the range, the one that began last."""
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
    seen = f"{mine(Series(names.FIRST_SEEN)).now()}[$__range:{duration(_FINE)}] @ end()"
    return top(call("last_over_time", Expr(seen)))
