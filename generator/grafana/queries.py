"""The queries that most panels are made of, and numbers that Prometheus itself formats: 2.4 s, 7.2 %, 8.9k, $0.031.

A column of a Grafana table has one unit, so a table with rows in different units shows text, a label of its query.
``count_values`` makes it from a number, scaled by one arm of the query for each order of magnitude.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.grafana import colours
from generator.grafana.panels import Query
from generator.grafana.variables import chosen, mine
from generator.model import names
from generator.model.alerts import OFF
from generator.model.signals import Better, Quantile
from generator.model.units import DAY, HOUR, MINUTE, Unit, duration
from generator.promql.expr import Expr, Series, aggregate, any_of, binary, call, literal, number, quote, top

if TYPE_CHECKING:
    from collections.abc import Sequence

    from generator.grafana.records import Records

#: The number of runs in the window above which a release's ratios and quantiles are drawn.
ENOUGH = 20
#: The smallest number of runs for a service with few of them, and the release's part of them then.
_FEWEST, _MOST_OF_THEM = 5, 0.5
#: The number of a label's values that a chart shows separately; all others are one.
APART = 8
#: The text of a comparison of releases without any.
NO_RELEASES = f"No release with {ENOUGH} runs in this time range, or this service does not name its release"
#: The meaning of a number's colours.
STATUS_COLOURS = (
    "Red: a critical alert about it, pending or firing; amber: a warning; green: neither, and its objective is kept; "
    "blue: anything else."
)
#: The range of a panel of days, which Grafana widens only where it is relative.
ONLY_DAYS = (
    "It shows a month of any range that ends now, but no more than the days of a range between two dates."
)
#: The resolution at which a range is searched for releases.
_FINE = 5 * MINUTE
#: The days of the longest month, the range of panels of days.
DAYS_OF_MONTH = 31
#: The resolution at which a day is read.
QUARTER = 15 * MINUTE
#: ``${1}`` and never ``$1``, which a following letter would make another group's name.
_ALL = "(.+)"


def whole(records: Records, signal: str, legend: str = "", *, part: str = "") -> Query:
    """Read a signal, or a part of it, of the whole service."""
    return Query(mine(records.series(signal, part=part)).now(), legend)


def objective(records: Records, signal: str, legend: str = "objective", *, by: str = "") -> Query:
    """Read the objective of a signal; drawn ``by`` a label, only where such values are drawn."""
    promised = mine(records.series(signal, part="objective")).now()
    if by:
        values = mine(records.series(signal, by)).now()
        drawn = busy(records, values) if by == names.RELEASE else values
        promised = binary("and", promised, drawn, on=(names.SERVICE,))
    return Query(promised, legend, promise=True)


def by(records: Records, signal: str, label: str) -> Query:
    """Read a signal by a label that the dashboard offers no choice of."""
    return Query(mine(records.series(signal, label)).now(), f"{{{{{label}}}}}")


def by_chosen(records: Records, signal: str, label: str) -> Query:
    """Read a signal by a label, only for the chosen values."""
    return Query(chosen(records.series(signal, label), label).now(), f"{{{{{label}}}}}")


def by_release(records: Records, signal: str) -> tuple[Query, ...]:
    """Read a signal of the chosen releases: the newest in its own colour, earlier ones in shades of grey."""
    series = chosen(records.series(signal, names.RELEASE), names.RELEASE).now()
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


def apart(expr: Expr, ranked: Expr, label: str, *, stack: bool, most: int = APART) -> tuple[Query, ...]:
    """Show the ``most`` leading values of ``expr`` by ``ranked`` separately, and drop unranked ones.

    The others are shown as their sum if stacked, else as the highest of them. A stack drops values that never occur.
    """
    ranked = ranked > number(0) if stack else ranked
    first, on = Expr(f"topk({most}, {ranked})"), (label,)
    rest = binary("and", binary("unless", expr, first, on=on), ranked, on=on)
    return (
        Query(binary("and", expr, first, on=on), f"{{{{{label}}}}}"),
        Query(
            aggregate("sum" if stack else "max", rest, (names.SERVICE,)),
            "all others" if stack else "highest of the others",
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
    return call("sum_over_time", _in_range(of))


def largest_in_range(of: Series) -> Expr:
    """Find the largest sample of the shown range, at the same resolution."""
    return call("max_over_time", _in_range(of))


def _in_range(of: Series) -> Expr:
    return Expr(f"{of.now()}[$__range:{duration(_FINE)}] @ end()")


def at_end(of: Series) -> Expr:
    """Read the newest samples before the end of the shown range.

    In a window: VictoriaMetrics looks for those beyond the end of a subquery, and finds none at an instant.
    """
    return call("last_over_time", Expr(f"{of.over(_FINE)} @ end()"))


def by_day(records: Records, spent: Series) -> tuple[Expr, Expr]:
    """Sum the windows of ``spent``, of each day at its beginning, and of all shown days."""
    every, ahead = records.window("cost_per_run"), f"offset -{duration(DAY)}"
    day = Expr(f"{spent.now()}[{duration(DAY - 1)}:{every}] {ahead}")
    month = Expr(f"{spent.now()}[{DAYS_OF_MONTH}d:{every}] {ahead} @ end()")
    return call("sum_over_time", day), call("sum_over_time", month)


def judged(records: Records, signal: str, legend: str = "") -> tuple[Query, ...]:
    """Read a signal of the whole service, in the colour of its status; green also needs a kept objective.

    One of the queries returns data. The bare value decides nothing else: an alert has floors, and chance is none of it.
    """
    value, status, on = whole(records, signal).expr, _status_of(signal), (names.SERVICE,)
    bad = (
        Query(while_status(value, signal, one), legend, colour=one.colour)
        for one in (colours.CRITICAL, colours.WARNING)
    )
    calm = binary("unless", value, status > number(colours.OK.code), on=on)
    promised = objective(records, signal).expr
    if not records.has(promised):
        return (*bad, Query(calm, legend, colour=colours.BLUE))
    higher = records.signals[signal].better is Better.HIGHER
    kept = binary(">=" if higher else "<=", calm, promised, on=on)
    watched = binary("and", kept, status, on=on)
    return (
        *bad,
        Query(watched, legend, colour=colours.GREEN),
        Query(binary("unless", calm, watched, on=on), legend, colour=colours.BLUE),
    )


def while_status(value: Expr, signal: str, status: colours.Status) -> Expr:
    """Keep a value of the chosen service while a signal has a status."""
    has_it = binary("==", _status_of(signal), number(status.code))
    return binary("and", value, has_it, on=(names.SERVICE,))


def _status_of(signal: str) -> Expr:
    """Read the status of a signal of the chosen service: that of its worst alert, pending or firing."""
    return mine(Series(names.BOARD_STATUS)).where(**{names.SIGNAL: signal}).now()


def share_beyond_buckets(records: Records, signal: str, of: str = "") -> Expr | None:
    """Read the share of events beyond the last bucket while a quantile lies there, ``of`` its own or another signal.

    The quantile is the bucket's bound then, however much larger it is. None where no such share is recorded.
    """
    known = records.signals.get(signal)
    share = whole(records, of or signal, part="overflow").expr
    if known is None or not isinstance(known.kind, Quantile) or not records.has(share):
        return None
    return share > number(round(1 - known.kind.q, 9))


def switched_on(records: Records, bound: Expr) -> Expr:
    """Leave out the bounds of alerts that the chosen service turns off: none of them fires there."""
    off = mine(Series(names.VARIANT)).where(**{names.VARIANT_LABEL: OFF}).now()
    return binary("unless", bound, off, on=(names.ALERT,)) if records.has(off) else bound


def newest_first(records: Records, expr: Expr, legend: str) -> tuple[Query, ...]:
    """Colour the series of the newest release differently from the others.

    It is the one that began last of those that still finish runs at the end of the range: one that was withdrawn is
    earlier. Where none does, it is the one that began last in the range.
    """
    newest = _newest()
    if not records.has(newest):
        return (Query(expr, legend),)
    on = (names.RELEASE,)
    return (
        Query(binary("and", expr, newest, on=on), legend, colour=colours.BLUE),
        Query(binary("unless", expr, newest, on=on), legend, colour=colours.EARLIER, shades=True),
    )


def within_a_day(status: Series) -> Expr:
    """Read the current value, or the last one of every quarter of an hour within a day.

    Every sample of a day would be most of the samples that a dashboard of many services reads.
    """
    return call("last_over_time", status.sampled(DAY, QUARTER)) | status.now()


def _newest() -> Expr:
    began = mine(Series(names.FIRST_SEEN))
    live, any_release = at_end(began), call("last_over_time", _in_range(began))
    return top(binary("or", live, binary("unless", any_release, live, on=()), on=(names.RELEASE,)))


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


#: Numbers of events, which are whole; Prometheus extrapolates their increases.
_EVENTS = (Magnitude(0, 1, 1, "${1}"), *_MAGNITUDES[Unit.COUNT][2:])

#: The time since a beginning.
_AGES = (
    Magnitude(0, MINUTE, 1, "${1} min"),
    Magnitude(2 * HOUR, HOUR, 0.1, "${1} h"),
    Magnitude(2 * DAY, DAY, 0.1, "${1} d"),
)


def readable(values: Expr, unit: Unit, label: str, by: Sequence[str]) -> Expr:
    """Write each value of ``values``, which are not negative, into ``label``; keep the labels ``by``."""
    return _sized(values, _MAGNITUDES[unit], label, by)


def readable_events(values: Expr, label: str, by: Sequence[str]) -> Expr:
    """Write each number of events of ``values`` into ``label``; keep the labels ``by``."""
    return _sized(values, _EVENTS, label, by)


def _sized(values: Expr, sizes: Sequence[Magnitude], label: str, by: Sequence[str]) -> Expr:
    ends = [size.least for size in sizes[1:]]
    arms = []
    for size, end in zip(sizes, [*ends, None], strict=True):
        within = values if size.least == 0 else values >= number(size.least)
        if end is not None:
            within = within < number(end)
        arms.append(_written(within, size, label, by))
    return any_of(arms)


def ago(since: Expr, by: Sequence[str]) -> Expr:
    """Write the age of Unix seconds into the label ``since``; keep the labels ``by``."""
    return _sized(Expr("time()") - since, _AGES, "since", by)


def change(values: Expr, by: Sequence[str]) -> Expr:
    """Write each change into the label ``trend``: 0.382 as +38.2, 1.0625 as +106, before percent or points."""
    rounded = call("round", values * number(100), number(0.1))
    signed = replaced(_count_values(rounded, "trend", by), "trend", "+${1}", "trend", "([^-].*)")
    return replaced(signed, "trend", "${1}", "trend", "([-+][0-9]{3,})[.].*")


def _count_values(values: Expr, label: str, by: Sequence[str]) -> Expr:
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
    written = _count_values(call("round", scaled, number(size.step)), label, by)
    return written if size.text == "${1}" else replaced(written, label, size.text, label)
