"""A report as a drawing: lanes, bars, bands and marks with their places, in units of the drawing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from generator.replay.judge import Cause
from generator.replay.ticks import Tick, ticks
from generator.replay.times import amount, clock, lasting

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from generator.replay.judge import JudgedIncident
    from generator.replay.report import Report, Row

#: The whole drawing is so wide; names of alerts stand in the gutter.
WIDTH, GUTTER, MARGIN = 1240.0, 250.0, 16.0
_HEAD_ROW, _AXIS, _FOOT_ROW = 20.0, 30.0, 20.0
_TRACK, _PADDING = 14.0, 8.0
_LEAST = 3.0
_MOST_TRACKS = 8
# A letter of the labels is about so wide.
_LETTER = 6.4
_GAP = 2.0


@dataclass(frozen=True, slots=True)
class Label:
    """Text at ``x``, about something at ``at``; ``row`` keeps it from other texts."""

    x: float
    text: str
    row: int
    at: float


@dataclass(frozen=True, slots=True)
class Band:
    """An incident: shaded behind all lanes. ``found`` is where the first alert found it; None where none did."""

    x: float
    width: float
    label: Label
    tip: str
    verdict: str
    found: float | None


@dataclass(frozen=True, slots=True)
class Bar:
    """An active alert on a track: pending from ``pending`` to ``x``, firing for ``width``; 0 is pending only."""

    pending: float
    x: float
    width: float
    y: float
    severity: str
    tip: str
    false_alarm: bool
    open_end: bool


@dataclass(frozen=True, slots=True)
class Lane:
    """All that one alert did; ``quiet`` is one that never fired."""

    name: str
    note: str
    y: float
    height: float
    bars: tuple[Bar, ...]
    quiet: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    """The whole drawing: the axis, the names of incidents, the lanes from ``top`` to ``bottom``, the releases."""

    height: float
    axis_y: float
    top: float
    bottom: float
    axis: tuple[tuple[float, Tick], ...]
    bands: tuple[Band, ...]
    releases: tuple[Label, ...]
    lanes: tuple[Lane, ...]


@dataclass(frozen=True, slots=True)
class _Scale:
    """From times to places."""

    start: float
    end: float

    def __call__(self, time: float) -> float:
        part = (min(max(time, self.start), self.end) - self.start) / (self.end - self.start)
        return round(GUTTER + part * (WIDTH - GUTTER - MARGIN), 2)


def timeline(report: Report) -> Timeline:
    """Lay a report out."""
    scale = _Scale(report.replay.start, report.replay.end)
    bands = tuple(_bands(report.incidents, scale))
    top = _AXIS + _HEAD_ROW * (1 + max((band.label.row for band in bands), default=-1))
    lanes = tuple(_lanes(report, scale, top))
    bottom = lanes[-1].y + lanes[-1].height if lanes else top + 2 * _TRACK
    releases = tuple(_releases(report, scale))
    rows = 1 + max((label.row for label in releases), default=-1)
    axis = tuple((scale(tick.time), tick) for tick in ticks(scale.start, scale.end))
    return Timeline(bottom + rows * _FOOT_ROW + 6, _AXIS, top, bottom, axis, bands, releases, lanes)


def _bands(incidents: Sequence[JudgedIncident], scale: _Scale) -> Iterator[Band]:
    texts = []
    for one in incidents:
        first = min((found.after for found in one.detections), default=None)
        said = str(one.verdict) if first is None else f"found in {lasting(first)}"
        texts.append((scale(one.incident.start), f"{one.incident.name}, {said}"))
    for one, label in zip(incidents, _labels(texts), strict=True):
        x = scale(one.incident.start)
        first_at = min((found.at for found in one.detections), default=None)
        yield Band(
            x=x,
            width=max(_LEAST, round(scale(one.incident.end) - x, 2)),
            label=label,
            tip=f"{label.text}\n{clock(one.incident.start)} to {clock(one.incident.end)}",
            verdict=str(one.verdict),
            found=None if first_at is None else scale(first_at),
        )


def _releases(report: Report, scale: _Scale) -> Iterator[Label]:
    rollouts = report.truth.rollouts if report.truth else ()
    within = [one for one in rollouts if scale.start <= one.at <= scale.end]
    yield from _labels([(scale(one.at), f"release {one.release}") for one in within])


def _labels(texts: Sequence[tuple[float, str]]) -> Iterator[Label]:
    """Give each text the first row in which it overlaps no other; near the right edge it moves to the left."""
    ends: list[list[tuple[float, float]]] = []
    for x, text in texts:
        width = len(text) * _LETTER + 12
        left = max(GUTTER, min(x, WIDTH - MARGIN - width))
        row = next((row for row, taken in enumerate(ends) if _free(taken, left, left + width)), len(ends))
        if row == len(ends):
            ends.append([])
        ends[row].append((left, left + width))
        yield Label(left, text, row, x)


def _free(taken: Iterable[tuple[float, float]], left: float, right: float) -> bool:
    return all(right <= begin or left >= end for begin, end in taken)


def _lanes(report: Report, scale: _Scale, top: float) -> Iterator[Lane]:
    """One lane an alert, in the order in which they first fired; those that were only pending come last."""
    grouped: dict[tuple[str, str], list[Row]] = {}
    for one in report.active:
        rows = grouped.setdefault((one.of.service, one.of.rule.alert), [])
        rows += (*one.firings, *one.pending)
    y = top
    for (service, alert), rows in sorted(grouped.items(), key=lambda item: _first(item[1])):
        tracks = tuple(_tracks(rows, scale))
        height = 2 * _PADDING + _TRACK * (1 + max(track for track, _ in tracks))
        bars = tuple(_bar(row, scale, y + _PADDING + track * _TRACK) for track, row in tracks)
        fired = sum(row.fired_at is not None for row in rows)
        note = f"{fired}x" if fired else "pending"
        name = alert if len(report.services) == 1 else f"{alert} \u00b7 {service}"
        yield Lane(name, note, y, height, bars, quiet=not fired)
        y += height


def _first(rows: Sequence[Row]) -> tuple[bool, float]:
    fired = [row.fired_at for row in rows if row.fired_at is not None]
    return (not fired, min(fired or [row.active_at for row in rows]))


def _tracks(rows: Sequence[Row], scale: _Scale) -> Iterator[tuple[int, Row]]:
    """Give each firing the first track where it overlaps no other, critical ones first.

    What was only pending goes where there is room, else all of it to one more track: many short waits are one thing.
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
    return next((track for track, spans in enumerate(taken) if _free(spans, *extent)), len(taken))


def _extent(row: Row, scale: _Scale) -> tuple[float, float]:
    left, right = scale(row.active_at), scale(scale.end if row.ended_at is None else row.ended_at)
    return left, max(left + _LEAST, right) + _GAP


def _bar(row: Row, scale: _Scale, y: float) -> Bar:
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
