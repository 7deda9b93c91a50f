"""The effects of a change of specs on the past, as text, as Markdown for a pull request, and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from generator.diagnostics.printable import printable
from generator.markdown import code, text
from generator.replay.as_json import document, row_of
from generator.replay.as_markdown import markdown_table
from generator.replay.as_text import labels_text, text_table
from generator.replay.compare import AlertCount, Comparison, FiringChange, FiringDifference, lasted
from generator.replay.judge import PAGE, TICKET, Detection, JudgedIncident
from generator.replay.report import MOST_ROWS
from generator.replay.times import after, clock, lasting, utc

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from generator.replay.report import ActivePeriod

_NOTHING = "Every alert would have fired exactly as before."
_HEAD = ("change", "first at (UTC)", "severity", "alert", "labels", "before", "now")
_COUNTS = ("alert", "severity", "before", "now", *(str(each) for each in FiringChange))
_INCIDENTS = ("incident", "first ticket before", "first ticket now", "first page before", "first page now")


def as_text(comparison: Comparison) -> Iterator[str]:
    """Write a comparison as lines for a terminal."""
    yield from map(printable, _lines(comparison))


def _lines(comparison: Comparison) -> Iterator[str]:
    yield f"{', '.join(comparison.services)} on {comparison.after.replay.server}, compared with {comparison.old}"
    yield f"{_span(comparison)}; recorded series computed here, by either specs"
    yield from (f"note: {one}" for one in comparison.notes)
    yield ""
    if not comparison.differences:
        yield _NOTHING
    else:
        yield from text_table(
            _upper(_HEAD), [_row(one, comparison) for one in comparison.differences[:MOST_ROWS]]
        )
        yield from _more(comparison)
        yield ""
    yield from text_table(_upper(_COUNTS), [_count(one) for one in _counts(comparison)])
    if comparison.after.truth:
        yield ""
        yield from text_table(_upper(_INCIDENTS), [_incident(*pair) for pair in incidents(comparison)])
        yield false_alarms(comparison)


def as_markdown(comparison: Comparison) -> str:
    """Write a comparison for a pull request."""
    return "\n".join(_markdown(comparison)) + "\n"


def _markdown(comparison: Comparison) -> Iterator[str]:
    yield f"### Alerts as they would have fired, against {code(comparison.old)}"
    yield ""
    services = ", ".join(map(code, comparison.services))
    yield f"{services}, {_span(comparison)}, on {code(comparison.after.replay.server)}."
    yield from map(text, comparison.notes)
    yield ""
    if not comparison.differences:
        yield _NOTHING
        yield ""
    else:
        shown = comparison.differences[:MOST_ROWS]
        yield from markdown_table(_HEAD, (tuple(map(text, _row(one, comparison))) for one in shown))
        yield from _more(comparison)
    yield from markdown_table(_COUNTS, (tuple(map(text, _count(one))) for one in _counts(comparison)))
    if comparison.after.truth:
        rows = (tuple(map(text, _incident(*pair))) for pair in incidents(comparison))
        yield from markdown_table(_INCIDENTS, rows)
        yield false_alarms(comparison)


def as_json(comparison: Comparison) -> str:
    """Write a comparison, with both reports, as JSON."""
    whole = {
        "old": comparison.old,
        "differences": [_difference(one) for one in comparison.differences],
        "before": document(comparison.before),
        "after": document(comparison.after),
    }
    return json.dumps(whole, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def _difference(one: FiringDifference) -> dict[str, Any]:
    return {
        "change": str(one.change),
        "service": one.row.of.service,
        "alert": one.row.of.rule.alert,
        "severity": one.row.of.severity,
        "before": [row_of(row) for row in one.before],
        "after": [row_of(row) for row in one.after],
    }


def incidents(comparison: Comparison) -> Iterator[tuple[JudgedIncident, JudgedIncident]]:
    """Pair the result of each incident before with its result now."""
    known = {one.incident: one for one in comparison.before.incidents}
    return ((known[one.incident], one) for one in comparison.after.incidents if one.incident in known)


def false_alarms(comparison: Comparison) -> str:
    """Count the false alarms before and now."""
    before, now = (len(each.false_alarms) for each in (comparison.before, comparison.after))
    return f"False alarms: {before} before, {now} now."


def sides(one: FiringDifference) -> tuple[str, str]:
    """Describe the times of firings before and now, and the difference."""
    before, now = _when(one.before), _when(one.after)
    if one.change is FiringChange.MOVED and (shift := _shift(*one.moved)):
        now = f"{now} ({shift})"
    return before, now


def _when(rows: Sequence[ActivePeriod]) -> str:
    if not rows:
        return "-"
    first = rows[0]
    on = " and on" * (rows[-1].ended_at is None)
    if len(rows) == 1:
        return f"{clock(first.began)} for {lasting(first.seconds)}{on}"
    return f"{len(rows)} times from {clock(first.began)}, {lasting(lasted(rows))} in all{on}"


def _shift(later: float, longer: float) -> str:
    parts = (
        f"{lasting(abs(by))} {more if by > 0 else less}"
        for by, more, less in ((later, "later", "earlier"), (longer, "longer", "shorter"))
        if round(by)
    )
    return ", ".join(parts)


def _row(one: FiringDifference, comparison: Comparison) -> tuple[str, ...]:
    several = len(comparison.services) > 1
    labels = {**({"service": one.row.of.service} if several else {}), **one.row.labels}
    row = one.row
    return (
        str(one.change),
        clock(one.began),
        row.of.severity,
        row.of.rule.alert,
        labels_text(labels),
        *sides(one),
    )


def _counts(comparison: Comparison) -> list[AlertCount]:
    return [*(comparison.count("", severity) for severity in (PAGE, TICKET)), *comparison.counts]


def _count(one: AlertCount) -> tuple[str, ...]:
    return (
        one.alert or "all",
        one.severity,
        str(one.before),
        str(one.after),
        *(str(one.changes[each]) for each in FiringChange),
    )


def _incident(before: JudgedIncident, now: JudgedIncident) -> tuple[str, ...]:
    firsts = (one.first(severity) for severity in (TICKET, PAGE) for one in (before, now))
    return (now.incident.name, *map(detected_after, firsts))


def detected_after(first: Detection | None) -> str:
    """Write the time from an incident's start to its detection; a dash where it was not detected."""
    return after(first.after) if first else "-"


def _span(comparison: Comparison) -> str:
    return f"{clock(comparison.after.replay.start)} to {utc(comparison.after.replay.end)}"


def _upper(head: Sequence[str]) -> tuple[str, ...]:
    return tuple(one.upper() for one in head)


def _more(comparison: Comparison) -> Iterator[str]:
    if len(comparison.differences) > MOST_ROWS:
        yield f"and {len(comparison.differences) - MOST_ROWS} more: --format json and --html show all"
