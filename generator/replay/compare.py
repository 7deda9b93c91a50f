"""Two replays of one history, by earlier specs and by these: the differences, as text, as Markdown, and as JSON."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from generator.diagnostics.wording import printable
from generator.markdown import code, text
from generator.replay import formats
from generator.replay.judge import PAGE, TICKET, Detection, JudgedIncident
from generator.replay.report import MOST_ROWS, ActivePeriod, Report
from generator.replay.times import after, clock, lasting, utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence


_NOTHING = "Every alert would have fired exactly as before."
_HEAD = ("change", "first at (UTC)", "severity", "alert", "labels", "before", "now")
_INCIDENTS = ("incident", "first ticket before", "first ticket now", "first page before", "first page now")


class FiringChange(StrEnum):
    """The change of firings."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"


class FiringDifference(Struct, frozen=True):
    """Firings of one alert that touch in time and differ before and after; one side may be empty."""

    before: tuple[ActivePeriod, ...]
    after: tuple[ActivePeriod, ...]

    @property
    def change(self) -> FiringChange:
        """The kind of change."""
        if not self.before:
            return FiringChange.ADDED
        return FiringChange.MOVED if self.after else FiringChange.REMOVED

    @property
    def row(self) -> ActivePeriod:
        """One of them, with the alert and its labels."""
        return (self.after or self.before)[0]

    @property
    def began(self) -> float:
        """The start of the first of them."""
        return min(row.began for row in (*self.before, *self.after))

    @property
    def moved(self) -> tuple[float, float]:
        """The seconds by which the first one begins later, and by which all of them last longer."""
        before, after = (min(row.began for row in side) for side in (self.before, self.after))
        return after - before, _lasted(self.after) - _lasted(self.before)


class AlertCount(Struct, frozen=True):
    """The firings of an alert, before and after, and the number of differences of each kind."""

    alert: str
    severity: str
    before: int
    after: int
    changes: Mapping[FiringChange, int]


class Comparison(Struct, frozen=True):
    """The reports of two replays; ``old`` is the name of the earlier specs."""

    old: str
    before: Report
    after: Report
    differences: tuple[FiringDifference, ...]

    @property
    def services(self) -> tuple[str, ...]:
        """The services of either."""
        return tuple(dict.fromkeys((*self.after.services, *self.before.services)))

    @property
    def notes(self) -> tuple[str, ...]:
        """The notes of both, about missing or unjudged data."""
        return tuple(dict.fromkeys((*self.before.notes, *self.after.notes)))

    @property
    def counts(self) -> list[AlertCount]:
        """The alerts with differences."""
        keys = dict.fromkeys(_name(one.row) for one in self.differences)
        return [self.count(*key) for key in sorted(keys)]

    def count(self, alert: str, severity: str) -> AlertCount:
        """Count the firings of an alert; of all of the severity without a name."""

        def meant(row: ActivePeriod) -> bool:
            return row.of.severity == severity and alert in {"", row.of.rule.alert}

        before, after = (sum(map(meant, each.firings)) for each in (self.before, self.after))
        changes = [one.change for one in self.differences if meant(one.row)]
        return AlertCount(
            alert, severity, before, after, {each: changes.count(each) for each in FiringChange}
        )


def compare_replays(before: Report, after: Report, old: str) -> Comparison:
    """Compare the firings of two replays of the same history."""
    sides = [_by_alert(each.firings) for each in (before, after)]
    keys = dict.fromkeys(key for side in sides for key in side)
    differences = (one for key in keys for one in _differences(sides[0].get(key, ()), sides[1].get(key, ())))
    return Comparison(
        old, before, after, tuple(sorted(differences, key=lambda one: (one.began, _name(one.row))))
    )


def _lasted(rows: Iterable[ActivePeriod]) -> float:
    """Sum the durations of firings, in seconds."""
    return sum(row.seconds for row in rows)


def _name(row: ActivePeriod) -> tuple[str, str]:
    return row.of.rule.alert, row.of.severity


def _by_alert(rows: Iterable[ActivePeriod]) -> dict[object, list[ActivePeriod]]:
    by_alert: dict[object, list[ActivePeriod]] = {}
    for row in rows:
        by_alert.setdefault((row.of.service, *_name(row), frozenset(row.labels.items())), []).append(row)
    return by_alert


def _differences(before: Sequence[ActivePeriod], after: Sequence[ActivePeriod]) -> Iterator[FiringDifference]:
    for group in _touching([*((row, 0) for row in before), *((row, 1) for row in after)]):
        old, new = (tuple(row for row, side in group if side == which) for which in (0, 1))
        if [(row.began, row.ended_at) for row in old] != [(row.began, row.ended_at) for row in new]:
            yield FiringDifference(old, new)


def _touching(firings: Iterable[tuple[ActivePeriod, int]]) -> Iterator[list[tuple[ActivePeriod, int]]]:
    """Group firings that overlap, directly or through others."""
    group: list[tuple[ActivePeriod, int]] = []
    until = float("-inf")
    for row, side in sorted(firings, key=lambda one: one[0].began):
        if group and row.began >= until:
            yield group
            group, until = [], float("-inf")
        group.append((row, side))
        until = max(until, float("inf") if row.ended_at is None else row.ended_at)
    if group:
        yield group


_COUNTS = ("alert", "severity", "before", "now", *(str(each) for each in FiringChange))


def as_text(comparison: Comparison) -> Iterator[str]:
    """Write a comparison as lines for a terminal."""
    yield from map(printable, _lines(comparison))


def _lines(comparison: Comparison) -> Iterator[str]:
    yield f"{', '.join(comparison.services)} on {comparison.after.replay.server}, compared with {comparison.old}"
    yield f"{_span(comparison)}; recorded series computed here for both sets of specs"
    yield from (f"note: {one}" for one in comparison.notes)
    yield ""
    if not comparison.differences:
        yield _NOTHING
    else:
        yield from formats.text_table(
            _upper(_HEAD), [_row(one, comparison) for one in comparison.differences[:MOST_ROWS]]
        )
        yield from _more(comparison)
        yield ""
    yield from formats.text_table(_upper(_COUNTS), [_count(one) for one in _counts(comparison)])
    if comparison.after.truth:
        yield ""
        yield from formats.text_table(
            _upper(_INCIDENTS), [_incident(*pair) for pair in incidents(comparison)]
        )
        yield _false_alarms(comparison)


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
        yield from formats.markdown_table(_HEAD, (tuple(map(text, _row(one, comparison))) for one in shown))
        yield from _more(comparison)
    yield from formats.markdown_table(_COUNTS, (tuple(map(text, _count(one))) for one in _counts(comparison)))
    if comparison.after.truth:
        rows = (tuple(map(text, _incident(*pair))) for pair in incidents(comparison))
        yield from formats.markdown_table(_INCIDENTS, rows)
        yield _false_alarms(comparison)


def as_json(comparison: Comparison) -> str:
    """Write a comparison, with both reports, as JSON."""
    whole = {
        "version": formats.FORMAT_VERSION,
        "old": comparison.old,
        "differences": [_difference(one) for one in comparison.differences],
        "before": formats.document(comparison.before),
        "after": formats.document(comparison.after),
    }
    return json.dumps(whole, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def _difference(one: FiringDifference) -> dict[str, Any]:
    return {
        "change": str(one.change),
        "service": one.row.of.service,
        "alert": one.row.of.rule.alert,
        "severity": one.row.of.severity,
        "before": [formats.row_value(row) for row in one.before],
        "after": [formats.row_value(row) for row in one.after],
    }


def incidents(comparison: Comparison) -> Iterator[tuple[JudgedIncident, JudgedIncident]]:
    """Pair the result of each incident before with its result now."""
    known = {one.incident: one for one in comparison.before.incidents}
    return ((known[one.incident], one) for one in comparison.after.incidents if one.incident in known)


def _false_alarms(comparison: Comparison) -> str:
    """Count the false alarms before and now."""
    before, now = (len(each.false_alarms) for each in (comparison.before, comparison.after))
    return f"False alarms: {before} before, {now} now."


def before_and_now(one: FiringDifference) -> tuple[str, str]:
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
    return f"{len(rows)} times from {clock(first.began)}, {lasting(_lasted(rows))} in all{on}"


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
        formats.labels_text(labels),
        *before_and_now(one),
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
