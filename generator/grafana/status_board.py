"""The status board: status, signal, current value and objective, trend and its start, a row for each signal.

A table of five queries, joined by the signal: the statuses, which also sort the rows, the worst first; the names, with
their links; the current values, each in its own unit and so as text, beside the objectives; the trends; their starts.

Several series of one signal may exist at once: after a restart Prometheus does not end those recorded before, so the
earlier worst tool stays for five minutes beside the current one; and two servers behind one data source may have
different ones. Each row takes the newest: a second series must never make a query fail.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from generator.grafana import colours, grammar
from generator.grafana.panels import Cell, Column, Panel, Query, Table
from generator.grafana.queries import (
    QUARTER,
    ago,
    change,
    joined,
    readable,
    readable_events,
    replaced,
    share_beyond_buckets,
    switched_on,
    within_a_day,
)
from generator.grafana.variables import mine, with_everything
from generator.model import names
from generator.model.signals import Better, Cost, Count, Ratio, Signal, Tokens, divisor
from generator.model.units import DAY, HOUR, Unit, duration
from generator.promql.expr import Expr, Series, aggregate, any_of, binary, call, number, top, vector

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from generator.grafana.records import Records, ShownAlert

#: The order of rows: runs, steps and tools, cost and speed.
_ORDER = (
    "run_count",
    "success_rate",
    "stop_reason_distribution",
    "tool_calls_per_run",
    "tool_error_rate",
    "step_count",
    "llm_errors_per_run",
    "token_usage_per_run",
    "cost_per_run",
    "spend",
    "latency_p50",
    "latency_p95",
    "latency_p99",
)
_CURRENT = Series(names.BOARD_CURRENT)
_TREND = Series(names.BOARD_TREND)
_STATUS = Series(names.BOARD_STATUS)
_SINCE = Series(names.BOARD_SINCE)
#: The beginnings of Grafana's variables.
_VARIABLES = ("$", "[[")
_ROW = (names.SIGNAL,)
_NOTHING = "-"
#: The word before a bad trend, or a value beyond its objective, which colours it.
_WORSE = "worse"
#: The smallest trend for better or worse, in percentage points or as a part of the earlier value.
_SEEN = {names.POINTS: 0.01, names.RELATIVE: 0.1}
#: A coloured trend is so many times larger than this part of a day's trends: an incident of three hours changes little.
_FAR, _MOST = 1.5, 0.85

_DESCRIPTION = (
    "The value of each signal now (amber: beyond its objective, with or without an alert; >: beyond the last bucket, "
    "so that the true one is larger), its objective, its trend (release: the newest against the previous one, as long "
    "as the value does not double within an hour; coloured: for better or worse, and far larger than usual within the "
    "last day) and its status: the worst of its alerts, pending ones included, and since when the first of them is "
    "true. The worst signals are on top. A name behind the dot is the tool, model or stop reason that an alert is "
    "about, else the worst of this moment. NO RUNS: no run finishes, so most signals have no value; calls, tokens and "
    "cost show what is used meanwhile. UNWATCHED: no alert of this service is about its value. NO METRIC: the profile "
    "of the service does not measure it, or it had no value for a day. Instrumentation: alerts about labels, series "
    "and the rules themselves."
)


def status_board(records: Records) -> Panel:
    """Declare the board."""
    since = ago(aggregate("min", mine(_SINCE).now(), _ROW), _ROW)
    more = ("Look closer", with_everything("${__data.fields.more}"))
    columns = (
        Column("Status", Query(_status_query(records)), grammar.COUNT, Cell.STATUS, width=108),
        Column("Signal", "metric", link=more, of=Query(_named(records))),
        Column("Now", "now", cell=Cell.TREND, width=142, right=True, of=Query(_current(records))),
        Column("Trend", "trend", cell=Cell.TREND, width=118, of=Query(_trend(records))),
        Column("Since", "since", width=60, right=True, of=Query(since)),
        Column("Open", "more", cell=Cell.LINK, link=more, width=44),
    )
    return grammar.table("Status", _DESCRIPTION, Table(columns, sort=("row", False), key=names.SIGNAL))


def _status_query(records: Records) -> Expr:
    """Compose the query of the statuses: one series a row, and a label that sorts them."""
    status = aggregate("max", mine(_STATUS).now(), _ROW)
    stopped = replaced(aggregate("group", _idle(records)), names.SIGNAL, "run_count", "", "")
    missing = binary("*", _expected(records), _reason(records), on=(), group_left=())
    # Rows without data come before those with status OK.
    arms = [
        ("0", binary("==", status, number(colours.CRITICAL.code))),
        ("1", binary("==", status, number(colours.WARNING.code))),
        ("2", number(colours.NO_RUNS.code) * stopped),
        *(("5", number(colours.UNWATCHED.code) * one) for one in _unwatched(records)),
        ("4", status),
        ("3", missing),
    ]
    if unmeasured := list(_each(_unmeasured(records))):
        arms.append(("6", number(colours.NOT_MEASURED.code) * any_of(unmeasured)))
    return _sorted(reduce(_else, (replaced(arm, "rank", rank, "", "") for rank, arm in arms)), records)


def _unwatched(records: Records) -> Iterator[Expr]:
    """Find the rows whose value no alert of the chosen service watches: all are turned off, or lack an objective.

    A signal that an alert without a recorded bound watches, such as an own one of some service, counts as watched.
    """
    alerts: dict[str, list[ShownAlert]] = {name: [] for name in _ordered(records)}
    for one in records.watches:
        if one.valued and one.signal in alerts:
            alerts[one.signal].append(one)
    judged = {name: found for name, found in alerts.items() if all(one.bounded for one in found)}
    if not judged:
        return
    calm = binary("==", mine(_STATUS).one_of(names.SIGNAL, list(judged)).now(), number(colours.OK.code))
    by_alert = {name: sorted({one.alert for one in found}) for name, found in judged.items() if found}
    if by_alert:
        shared = [alert for found in by_alert.values() for alert in found]
        bounds = mine(Series(names.BOUND)).one_of(names.ALERT, shared).where("!=", **{names.SEVERITY: ""})
        watched = switched_on(records, bounds.now())
        for name, found in by_alert.items():
            watched = replaced(watched, names.SIGNAL, name, names.ALERT, "|".join(found))
        calm = binary("unless", calm, watched, on=_ROW)
    yield aggregate("group", calm, _ROW)


def _named(records: Records) -> Expr:
    """Compose the query of the names: one series a row, with its title, what it is about, and its links."""
    newest = top(_last_recorded(_CURRENT, (names.SIGNAL, names.WORST, names.TITLE)), _ROW)
    others = _else(_expected(records), aggregate("group", mine(_STATUS).now(), _ROW))
    rows = reduce(_else, (newest, others, *_each(_unmeasured(records))))
    return _leading(titled(rows, records, of_one=True), records)


def _current(records: Records) -> Expr:
    """Compose the query of the current values: one series a row that has a value or an objective."""
    every = _valued(records)
    texts = reduce(_else, (_values(records), *_unfinished(records), every))
    if (promised := _promised(records)) is not None:
        texts = _with("objective", promised, texts, every)
    if missed := list(_missed(records)):
        texts = _with("way", replaced(any_of(missed), "way", f"{_WORSE} ", "", ""), texts, every)
    if stuck := list(_stuck(records)):
        texts = _with("end", replaced(any_of(stuck), "end", "> ", "", ""), texts, every)
    rows = joined(texts, "now", " of ", "current", "objective")
    for text, pattern in (("${1}", "(.+) of "), (f"{_NOTHING} of ${{1}}", " of (.+)"), (_NOTHING, " of ")):
        rows = replaced(rows, "now", text, "now", pattern)
    return joined(rows, "now", "", "way", "end", "now")


def _valued(records: Records) -> Expr:
    """List the rows that may have a value, an amount used while nothing finishes, or an objective."""
    used = (name for name in _ordered(records) if _is_amount(records.signals[name]))
    promising = list(_objectives(records, _ordered(records)))
    promised = [aggregate("group", any_of(promising), _ROW)] if promising else []
    return reduce(_else, (*promised, *_each(used)), aggregate("group", mine(_CURRENT).now(), _ROW))


def _with(label: str, some: Expr, rows: Expr, every: Expr) -> Expr:
    """Copy ``label`` to ``rows`` from ``some`` of ``every`` row; the others keep theirs empty."""
    placed = top(_else(some, every), _ROW)
    return binary("+", rows, number(0) * placed, on=_ROW, group_left=(label,))


def _else(rows: Expr, others: Expr) -> Expr:
    """Add the rows that are not in ``rows`` yet."""
    return binary("or", rows, others, on=_ROW)


def _expected(records: Records) -> Expr:
    """List the rows with a value within a day, and those that the service should have; own ones keep titles.

    It should have those of every service, and of the others those with an objective.
    """
    had = aggregate("group", within_a_day(mine(_CURRENT)), (names.SIGNAL, names.TITLE))
    every = _each(name for name in _ordered(records) if name in records.shared)
    others = [name for name in _ordered(records) if name not in records.shared]
    promising = (aggregate("group", one, _ROW) for one in _objectives(records, others))
    return reduce(_else, (*every, *promising), had)


def _unmeasured(records: Records) -> Iterator[str]:
    """List the signals that not every service's profile measures."""
    return (name for name in _ordered(records) if name not in records.shared | records.signals_everywhere)


def _each(signals: Iterable[str]) -> Iterator[Expr]:
    return (replaced(vector(), names.SIGNAL, name, "", "") for name in signals)


def _reason(records: Records) -> Expr:
    """Return the status of a row without a value: nothing finished, or data is missing."""
    idle = number(colours.NO_RUNS.code) * aggregate("group", _idle(records))
    return binary("or", idle, vector(colours.NO_DATA.code), on=())


def _idle(records: Records) -> Expr:
    return binary("==", mine(records.series("run_count")).now(), number(0))


def _values(records: Records) -> Expr:
    """Write the current values, each in its unit."""
    by = (names.SIGNAL, names.WORST, names.TITLE)
    events = [name for name in _ordered(records) if _is_number_of_events(records.signals[name])]
    others = mine(_CURRENT).none_of(names.SIGNAL, events) if events else mine(_CURRENT)
    arms = [
        readable(
            (others if unit is Unit.COUNT else mine(_CURRENT)).where(unit=unit).now(), unit, "current", by
        )
        for unit in Unit
    ]
    if events:
        arms.append(readable_events(mine(_CURRENT).one_of(names.SIGNAL, events).now(), "current", by))
    return _newest(any_of(arms), _CURRENT, by)


def _is_number_of_events(signal: Signal) -> bool:
    return isinstance(signal.kind, Count) and signal.unit is Unit.COUNT


def _unfinished(records: Records) -> Iterator[Expr]:
    """Write the amounts used while nothing finishes, of signals that are amounts per run."""
    for unit in Unit:
        amounts = [
            replaced(mine(records.series(name, part="numerator")).now(), names.SIGNAL, name, "", "")
            for name in _ordered(records)
            if _is_amount(signal := records.signals[name]) and signal.unit is unit
        ]
        if amounts:
            texts = readable(reduce(_else, amounts), unit, "current", _ROW)
            unfinished = binary("and", texts, _idle(records), on=())
            window = records.window("run_count")
            yield replaced(unfinished, "current", f"${{1}} in {window}", "current")


def _is_amount(signal: Signal) -> bool:
    counted = isinstance(signal.kind, Tokens | Cost) or (
        isinstance(signal.kind, Ratio) and not signal.of.sparse
    )
    return counted and divisor(signal) is not None


def _promised(records: Records) -> Expr | None:
    """Write the objectives; None if there are none."""
    arms = []
    for unit in Unit:
        of_unit = [name for name in _ordered(records) if records.signals[name].unit is unit]
        if promises := list(_objectives(records, of_unit)):
            arms.append(readable(any_of(promises), unit, "objective", _ROW))
    return any_of(arms) if arms else None


def _objectives(records: Records, signals: Iterable[str]) -> Iterator[Expr]:
    """Read the objectives of ``signals`` where they are recorded."""
    for name in signals:
        if records.has(promise := mine(records.series(name, part="objective")).now()):
            yield replaced(promise, names.SIGNAL, name, "", "")


def _stuck(records: Records) -> Iterator[Expr]:
    """Select the rows whose quantile lies beyond the last bucket."""
    for name in _ordered(records):
        if (share := share_beyond_buckets(records, name)) is not None:
            yield replaced(share, names.SIGNAL, name, "", "")


def _missed(records: Records) -> Iterator[Expr]:
    """Select the rows whose values are beyond their objectives, whether or not an alert is true yet."""
    for name in _ordered(records):
        promise = mine(records.series(name, part="objective")).now()
        better = records.signals[name].better
        if better is not Better.NEITHER and records.has(promise):
            value = mine(_CURRENT).where(signal=name).now()
            newest = binary("and", value, top(call("timestamp", value)))
            op = "<" if better is Better.HIGHER else ">"
            yield aggregate("group", binary(op, newest, promise, on=(names.SERVICE,), group_left=()), _ROW)


def _trend(records: Records) -> Expr:
    """Write the trends; the word before a large one says whether it is for better or worse."""
    by = (names.SIGNAL, names.WORST, names.UNIT, names.OVER)
    texts = change(mine(_TREND).now(), by)
    if ways := list(_ways(records, by)):
        coloured = binary("unless", any_of(ways), _usual(by), on=by)
        texts = binary("or", coloured, texts, on=by)
    written = _newest(texts, _TREND, by)
    for unit, text in ((names.RELATIVE, "%"), (names.POINTS, "pp")):
        written = replaced(written, names.UNIT, text, names.UNIT, unit)
    written = replaced(written, names.OVER, "${1}", names.OVER, "after (.+)")
    return joined(written, "trend", " ", "trend", names.UNIT, names.OVER)


def _ways(records: Records, by: tuple[str, ...]) -> Iterator[Expr]:
    """Write the trends that are large enough to see, after a word for better or worse."""
    for unit, least in _SEEN.items():
        for better, ways in (
            (Better.LOWER, ((_WORSE, ">="), ("better", "<="))),
            (Better.HIGHER, (("better", ">="), (_WORSE, "<="))),
        ):
            signals = [name for name in _ordered(records) if records.signals[name].better is better]
            trend = mine(_TREND).one_of(names.SIGNAL, signals).where(unit=unit).now()
            for way, op in ways if signals else ():
                seen = binary(op, trend, number(least if op == ">=" else -least))
                yield replaced(change(seen, by), "trend", f"{way} ${{1}}", "trend")


def _usual(by: tuple[str, ...]) -> Expr:
    """Select the trends that are not far larger than most of the day before: values of few events move all the time.

    Those of the last hour are left out, as an incident would hide itself.
    """
    size = call("abs", mine(_TREND).now())
    of_row = aggregate("max", size, _ROW)
    day = Expr(f"{of_row}[{duration(DAY)}:{duration(QUARTER)}] offset {duration(HOUR)}")
    most = call("quantile_over_time", number(_MOST), day) * number(_FAR)
    return aggregate("group", binary("<=", size, most, on=_ROW, group_left=()), by)


def _newest(texts: Expr, source: Series, by: tuple[str, ...]) -> Expr:
    """Select the text of each row that is written from the newest series."""
    return top(binary("+", number(0) * texts, _last_recorded(source, by), on=by, group_left=()), _ROW)


def _last_recorded(source: Series, by: tuple[str, ...]) -> Expr:
    """Find the time of each row's last sample."""
    return aggregate("max", call("timestamp", mine(source).now()), by)


def titled(rows: Expr, records: Records, *, of_one: bool) -> Expr:
    """Set the names of rows in ``metric``: a service's own signals have titles, those of profiles get theirs here.

    Rows ``of_one`` service use its word for a run; rows of all services say "run".

    A title that Grafana would read as a variable is replaced by the signal's name.
    """
    rows = replaced(rows, "metric", "${1}", names.SIGNAL)
    rows = replaced(rows, "metric", "${1}", names.TITLE)
    titles = {
        name: signal.title
        for name, signal in records.signals.items()
        if not signal.own and not any(one in signal.title for one in _VARIABLES)
    }
    for name, title in {**titles, names.INSTRUMENTATION: "Instrumentation"}.items():
        text = records.in_words(title, several=of_one)
        rows = replaced(rows, "metric", text, names.SIGNAL, name)
    return replaced(
        joined(rows, "metric", " · ", "metric", names.WORST), "metric", "${1}", "metric", "(.+) · "
    )


def _sorted(rows: Expr, records: Records) -> Expr:
    """Add the sort keys of the rows; within a rank, a service's own signals come last."""
    rows = replaced(rows, "place", "99", "", "")
    for place, name in enumerate(_ordered(records)):
        rows = replaced(rows, "place", f"{place:02}", names.SIGNAL, name)
    return joined(rows, "row", "", "rank", "place")


def _leading(rows: Expr, records: Records) -> Expr:
    """Add the targets of the rows' links."""
    rows = replaced(rows, "more", names.DASHBOARDS["overview"], "", "")
    for uid in sorted(set(names.DASHBOARD_OF_LAYER.values())):
        of_uid = [
            name for name, one in records.signals.items() if not one.own and names.dashboard_of(one) == uid
        ]
        if of_uid:
            rows = replaced(rows, "more", uid, names.SIGNAL, "|".join(of_uid))
    return rows


def _ordered(records: Records) -> tuple[str, ...]:
    """Order the signals of profiles: the known ones, then others by name."""
    on_board = {name for name in records.rows if not records.signals[name].own}
    known = [name for name in _ORDER if name in on_board]
    return (*known, *sorted(on_board - set(known)))
