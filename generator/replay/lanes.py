"""The lanes of a timeline: the activity of each alert, bar by bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.replay.drawing import Bar, Lane, Scale, Section, free
from generator.replay.judge import Cause
from generator.replay.times import amount, clock, lasting

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from generator.replay.report import Report, Row

_TRACK, _PADDING, _HEADING = 14.0, 8.0, 30.0
_LEAST, _GAP = 3.0, 2.0
_MOST_TRACKS = 8


def sections(report: Report, scale: Scale, top: float) -> Iterator[Section]:
    """Yield one section a service, from ``top`` down: that of the incidents first, right below their names."""
    judged = report.truth.service if report.truth else ""
    y = top
    for service in sorted(report.services, key=lambda name: name != judged):
        heading = _HEADING if len(report.services) > 1 else 0.0
        lanes = tuple(_lanes(report, service, scale, y + heading))
        if lanes:
            section = Section(service if heading else "", y, lanes)
            yield section
            y = section.bottom


def _lanes(report: Report, service: str, scale: Scale, top: float) -> Iterator[Lane]:
    """One lane an alert, in the order of their first firings; alerts that were only pending come last."""
    grouped: dict[str, list[Row]] = {}
    for one in report.active:
        if one.of.service == service:
            grouped.setdefault(one.of.rule.alert, []).extend((*one.firings, *one.pending))
    y = top
    for alert, rows in sorted(grouped.items(), key=lambda item: _first(item[1])):
        tracks = tuple(_tracks(rows, scale))
        height = 2 * _PADDING + _TRACK * (1 + max(track for track, _ in tracks))
        bars = tuple(_bar(row, scale, y + _PADDING + track * _TRACK) for track, row in tracks)
        fired = sum(row.fired_at is not None for row in rows)
        yield Lane(alert, f"{fired}x" if fired else "pending", y, height, bars, quiet=not fired)
        y += height


def _first(rows: Sequence[Row]) -> tuple[bool, float]:
    fired = [row.fired_at for row in rows if row.fired_at is not None]
    return (not fired, min(fired or [row.active_at for row in rows]))


def _tracks(rows: Sequence[Row], scale: Scale) -> Iterator[tuple[int, Row]]:
    """Assign each firing to the first track where it overlaps no other, critical ones first.

    Periods of only pending go where there is room, else all to one more track: many short ones form one group.
    """
    taken: list[list[tuple[float, float]]] = []
    for row in sorted(rows, key=lambda row: (row.of.severity, row.active_at)):
        if row.fired_at is not None:
            track = min(_free_track(taken, _extent(row, scale)), _MOST_TRACKS - 1)
            taken += [[]] * (track == len(taken))
            taken[track] = [*taken[track], _extent(row, scale)]
            yield track, row
    for row in rows:
        if row.fired_at is None:
            yield _free_track(taken, _extent(row, scale)), row


def _free_track(taken: Sequence[Sequence[tuple[float, float]]], extent: tuple[float, float]) -> int:
    return next((track for track, spans in enumerate(taken) if free(spans, *extent)), len(taken))


def _extent(row: Row, scale: Scale) -> tuple[float, float]:
    left, right = scale(row.active_at), scale(scale.end if row.ended_at is None else row.ended_at)
    return left, max(left + _LEAST, right) + _GAP


def _bar(row: Row, scale: Scale, y: float) -> Bar:
    left, right = scale(row.began), scale(scale.end if row.ended_at is None else row.ended_at)
    fired = row.fired_at is not None
    return Bar(
        pending=scale(row.active_at),
        x=left if fired else max(right, scale(row.active_at) + _LEAST),
        width=max(_LEAST, round(right - left, 2)) if fired else 0,
        y=y,
        severity=row.of.severity,
        tip="\n".join(_tip(row)),
        false_alarm=row.cause is Cause.FALSE_ALARM,
        open_end=row.ended_at is None,
    )


def _tip(row: Row) -> Iterator[str]:
    rule = row.of.rule
    labels = "".join(f" {name}={text}" for name, text in row.labels.items())
    yield f"{rule.alert} ({row.of.severity}){labels}"
    until = "the end" if row.ended_at is None else clock(row.ended_at)
    before = "before " if row.since_before else ""
    if row.fired_at is None:
        yield f"pending from {before}{clock(row.active_at)} to {until}, {lasting(row.seconds)}; never fired"
    else:
        yield f"firing from {before}{clock(row.fired_at)} to {until}, {lasting(row.seconds)}"
        yield f"pending from {clock(row.active_at)}"
    values = [amount(value, rule) for value in (row.at_start, row.least, row.most)]
    if any(values):
        yield f"value {values[0] or '-'}, from {values[1]} to {values[2]}"
    if row.cause:
        yield str(row.cause)
