"""A report as one self-contained HTML page: no script, no request, light and dark.

Its timeline has lanes, bars, bands and marks with their places, in units of the drawing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from markupsafe import Markup
from msgspec import Struct

from generator import templates
from generator.diagnostics.wording import printable
from generator.model.units import DAY, HOUR, MINUTE
from generator.replay.compare import Comparison, FiringChange, before_and_now, detected_after, incidents
from generator.replay.judge import PAGE, TICKET, Cause, JudgedIncident, Verdict
from generator.replay.times import after, alert_value, clock, lasting, share, utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from generator.replay.report import ActivePeriod, Report

_HEAD_ROW, _AXIS, _FOOT_ROW = 20.0, 30.0, 20.0
_EMPTY = 28.0
# The width of a letter of the labels.
_LETTER = 6.4
#: The width of the whole drawing; names of alerts are in the gutter.
WIDTH, GUTTER, MARGIN = 1240.0, 250.0, 16.0
_WIDTHS = (
    *(MINUTE * count for count in (1, 2, 5, 10, 15, 30)),
    *(HOUR * count for count in (1, 2, 3, 6, 12)),
    *(DAY * count for count in (1, 2, 7, 14, 28, 91, 364)),
)
_MOST_TICKS = 12
_TRACK, _PADDING, _HEADING = 14.0, 8.0, 30.0
_GAP = 2.0
_NARROWEST = 3.0
_MOST_TRACKS = 8


class Tile(Struct, frozen=True):
    """A figure above the timeline; ``mood`` is good, bad or plain."""

    figure: str
    words: str
    mood: str = "plain"


class Drawing(Struct, frozen=True):
    """A timeline with its heading, and the report that it draws."""

    title: str
    report: Report
    drawing: TimelineLayout


def page(report: Report) -> str:
    """Write ``report`` as HTML."""
    return _rendered(report, (_drawing("Timeline", report),), tuple(_tiles(report)), report.notes)


def page_of_change(comparison: Comparison) -> str:
    """Write a comparison as HTML: the differences, both timelines, and the current alerts."""
    drawings = (_drawing("Timeline, before", comparison.before), _drawing("Timeline, now", comparison.after))
    return _rendered(
        comparison.after, drawings, tuple(_tiles_of_change(comparison)), comparison.notes, comparison
    )


def _drawing(title: str, report: Report) -> Drawing:
    return Drawing(title, report, timeline_layout(report))


def _rendered(
    report: Report,
    drawings: Sequence[Drawing],
    tiles: Sequence[Tile],
    notes: Sequence[str],
    comparison: Comparison | None = None,
) -> str:
    environment = templates.template_environment(Path(__file__).parent, autoescape=True, finalize=_shown)
    environment.filters.update(
        after=after,
        clock=clock,
        detected_after=detected_after,
        incidents=incidents,
        sides=before_and_now,
        written=utc,
        lasting=lasting,
        share=share,
        amount=alert_value,
        plural=_plural,
    )
    return environment.get_template("page.html.j2").render(
        report=report,
        comparison=comparison,
        drawings=drawings,
        notes=notes,
        width=WIDTH,
        gutter=GUTTER,
        tiles=tiles,
        quiet=sorted(
            {one.of.rule.alert for one in report.alerts} - {one.of.rule.alert for one in report.active}
        ),
    )


def _shown(value: object) -> object:
    """Escape characters that would turn or hide text; HTML of a macro is escaped already."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _tiles(report: Report) -> Iterator[Tile]:
    if report.truth:
        yield from _judged_tiles(report)
    firings = report.firings
    pages = sum(row.of.severity == PAGE for row in firings)
    yield Tile(str(len(firings)), _plural(len(firings), "firing"))
    yield Tile(str(pages), "of them critical")
    yield Tile(lasting(report.firing_seconds) if firings else "0", "with a firing alert")
    pending = sum(len(one.pending) for one in report.alerts)
    yield Tile(str(pending), "only pending")


def _tiles_of_change(comparison: Comparison) -> Iterator[Tile]:
    for severity, words in ((PAGE, "pages"), (TICKET, "tickets")):
        count = comparison.count("", severity)
        yield Tile(f"{count.before} \N{RIGHTWARDS ARROW} {count.after}", words)
    if comparison.after.truth:
        before, now = (len(each.false_alarms) for each in (comparison.before, comparison.after))
        mood = "bad" if now > before else "good" if now < before else "plain"
        yield Tile(f"{before} \N{RIGHTWARDS ARROW} {now}", "false alarms", mood)
        was, is_ = (len(each.detected) for each in (comparison.before, comparison.after))
        mood = "bad" if is_ < was else "good" if is_ > was else "plain"
        yield Tile(f"{was} \N{RIGHTWARDS ARROW} {is_}", "incidents detected", mood)
    for change in FiringChange:
        yield Tile(str(sum(one.change is change for one in comparison.differences)), str(change))


def _judged_tiles(report: Report) -> Iterator[Tile]:
    judged = [one for one in report.incidents if one.verdict in {Verdict.DETECTED, Verdict.MISSED}]
    detected = [one for one in judged if one.detections]
    good = "good" if len(detected) == len(judged) else "bad"
    yield Tile(f"{len(detected)}/{len(judged)}", "incidents detected", good if judged else "plain")
    if detected:
        after = median(min(each.after for each in one.detections) for one in detected)
        yield Tile(lasting(after), "to detect (median)")
    false = len(report.false_alarms)
    yield Tile(str(false), _plural(false, "false alarm"), "bad" if false else "good")


def _plural(count: int, noun: str) -> str:
    return noun if count == 1 else f"{noun}s"


class Caption(Struct, frozen=True):
    """Text at ``x``, about an event at ``at``; ``row`` keeps it from other texts."""

    x: float
    text: str
    row: int
    at: float


class Band(Struct, frozen=True):
    """An incident: shaded behind all lanes. ``detected_at`` is the place of its first detection; None without one."""

    x: float
    width: float
    label: Caption
    tip: str
    verdict: str
    detected_at: float | None


class Bar(Struct, frozen=True):
    """An active alert on a track: pending from ``pending`` to ``x``, firing for ``width``; 0 is pending only."""

    pending: float
    x: float
    width: float
    y: float
    severity: str
    tip: str
    false_alarm: bool


class Lane(Struct, frozen=True):
    """The whole activity of one alert; ``quiet`` is one that never fired."""

    name: str
    note: str
    y: float
    height: float
    bars: tuple[Bar, ...]
    quiet: bool


class ServiceLanes(Struct, frozen=True):
    """The lanes of a service, below its name; without a name where it is the only one."""

    name: str
    y: float
    lanes: tuple[Lane, ...]

    @property
    def bottom(self) -> float:
        """The end of its last lane."""
        return self.lanes[-1].y + self.lanes[-1].height


class TimelineLayout(Struct, frozen=True):
    """The whole drawing: the axis, the names of incidents, the lanes from ``top`` to ``bottom``, the releases.

    Incidents and releases concern the lanes above ``judged`` only.
    """

    height: float
    axis_y: float
    top: float
    bottom: float
    judged: float
    axis: tuple[tuple[float, Tick], ...]
    bands: tuple[Band, ...]
    releases: tuple[Caption, ...]
    sections: tuple[ServiceLanes, ...]


class TimeScale(Struct, frozen=True):
    """The scale from times to places."""

    start: float
    end: float

    def __call__(self, time: float) -> float:
        """Return the place of ``time``; a time beyond an end is at that end."""
        part = (min(max(time, self.start), self.end) - self.start) / (self.end - self.start)
        return round(GUTTER + part * (WIDTH - GUTTER - MARGIN), 2)


class Tick(Struct, frozen=True):
    """A mark of an axis; ``day`` is whether a day begins there."""

    time: int
    label: str
    day: bool


def _is_free(taken: Iterable[tuple[float, float]], left: float, right: float) -> bool:
    """Whether the range from ``left`` to ``right`` overlaps none of ``taken``."""
    return all(right <= begin or left >= end for begin, end in taken)


def ticks(start: float, end: float) -> tuple[Tick, ...]:
    """Mark an axis from ``start`` to ``end`` (Unix seconds) in UTC."""
    width = next((width for width in _WIDTHS if (end - start) / width <= _MOST_TICKS), _WIDTHS[-1])
    return tuple(_tick(time) for time in range(ceil(start / width) * width, int(end) + 1, width))


def _tick(time: int) -> Tick:
    moment = datetime.fromtimestamp(time, UTC)
    day = time % DAY == 0
    return Tick(time, f"{moment:%a} {moment.day} {moment:%b}" if day else f"{moment:%H:%M}", day)


def timeline_layout(report: Report) -> TimelineLayout:
    """Compute the layout of a report."""
    scale = TimeScale(report.replay.start, report.replay.end)
    several = len(report.services) > 1 and report.truth is not None and not report.truth.service
    bands = tuple(_bands(report.incidents, scale, several=several))
    top = _AXIS + _HEAD_ROW * (1 + max((band.label.row for band in bands), default=-1))
    sections = tuple(_sections(report, scale, top))
    bottom = sections[-1].bottom if sections else top + _EMPTY
    judged = _judged_until(report, sections, bottom)
    releases = tuple(_releases(report, scale))
    rows = 1 + max((label.row for label in releases), default=-1)
    axis = tuple((scale(tick.time), tick) for tick in ticks(scale.start, scale.end))
    return TimelineLayout(
        bottom + rows * _FOOT_ROW + 6, _AXIS, top, bottom, judged, axis, bands, releases, sections
    )


def _judged_until(report: Report, sections: Sequence[ServiceLanes], bottom: float) -> float:
    """Find the end of the lanes that the incidents are about: those of one service come first."""
    of = report.truth.service if report.truth else ""
    if of and sections and sections[0].name:
        return sections[0].bottom if sections[0].name == of else sections[0].y
    return bottom


def _bands(incidents: Sequence[JudgedIncident], scale: TimeScale, *, several: bool) -> Iterator[Band]:
    """Draw incidents; their service is named where there are several."""
    texts = []
    for one in incidents:
        first = min((detection.after for detection in one.detections), default=None)
        of = f" ({one.incident.service})" if several and one.incident.service else ""
        verdict = str(one.verdict) if first is None else f"found {after(first)}"
        texts.append((scale(one.incident.start), f"{one.incident.name}{of}, {verdict}"))
    for one, label in zip(incidents, _labels(texts), strict=True):
        x = scale(one.incident.start)
        first_at = min((detection.at for detection in one.detections), default=None)
        yield Band(
            x=x,
            width=max(_NARROWEST, round(scale(one.incident.end) - x, 2)),
            label=label,
            tip="\n".join(_tip_of_incident(one, label.text)),
            verdict=str(one.verdict),
            detected_at=None if first_at is None else scale(first_at),
        )


def _tip_of_incident(one: JudgedIncident, text: str) -> Iterator[str]:
    yield text
    yield f"{clock(one.incident.start)} to {clock(one.incident.end)}"
    yield from (one.incident.impact,) if one.incident.impact else ()


def _releases(report: Report, scale: TimeScale) -> Iterator[Caption]:
    rollouts = report.truth.rollouts if report.truth else ()
    within = [one for one in rollouts if scale.start <= one.at <= scale.end]
    yield from _labels([(scale(one.at), f"release {one.release}") for one in within])


def _labels(texts: Sequence[tuple[float, str]]) -> Iterator[Caption]:
    """Assign each text to the first row where it overlaps no other; near the right edge it moves left."""
    ends: list[list[tuple[float, float]]] = []
    for x, text in texts:
        width = len(text) * _LETTER + 12
        left = max(GUTTER, min(x, WIDTH - MARGIN - width))
        row = next((row for row, taken in enumerate(ends) if _is_free(taken, left, left + width)), len(ends))
        if row == len(ends):
            ends.append([])
        ends[row].append((left, left + width))
        yield Caption(left, text, row, x)


def _sections(report: Report, scale: TimeScale, top: float) -> Iterator[ServiceLanes]:
    """Yield one section a service, from ``top`` down: that of the incidents first, right below their names."""
    judged = report.truth.service if report.truth else ""
    y = top
    for service in sorted(report.services, key=lambda name: name != judged):
        heading = _HEADING if len(report.services) > 1 else 0.0
        lanes = tuple(_lanes(report, service, scale, y + heading))
        if lanes:
            section = ServiceLanes(service if heading else "", y, lanes)
            yield section
            y = section.bottom


def _lanes(report: Report, service: str, scale: TimeScale, top: float) -> Iterator[Lane]:
    """One lane an alert, in the order of their first firings; alerts that were only pending come last."""
    grouped: dict[str, list[ActivePeriod]] = {}
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


def _first(rows: Sequence[ActivePeriod]) -> tuple[bool, float]:
    fired = [row.fired_at for row in rows if row.fired_at is not None]
    return (not fired, min(fired or [row.active_at for row in rows]))


def _tracks(rows: Sequence[ActivePeriod], scale: TimeScale) -> Iterator[tuple[int, ActivePeriod]]:
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
    return next((track for track, spans in enumerate(taken) if _is_free(spans, *extent)), len(taken))


def _extent(row: ActivePeriod, scale: TimeScale) -> tuple[float, float]:
    left, right = scale(row.active_at), scale(scale.end if row.ended_at is None else row.ended_at)
    return left, max(left + _NARROWEST, right) + _GAP


def _bar(row: ActivePeriod, scale: TimeScale, y: float) -> Bar:
    left, right = scale(row.began), scale(scale.end if row.ended_at is None else row.ended_at)
    fired = row.fired_at is not None
    return Bar(
        pending=scale(row.active_at),
        x=left if fired else max(right, scale(row.active_at) + _NARROWEST),
        width=max(_NARROWEST, round(right - left, 2)) if fired else 0,
        y=y,
        severity=row.of.severity,
        tip="\n".join(_tip_of_firing(row)),
        false_alarm=row.cause is Cause.FALSE_ALARM,
    )


def _tip_of_firing(row: ActivePeriod) -> Iterator[str]:
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
    values = [alert_value(value, rule) for value in (row.at_start, row.least, row.most)]
    if any(values):
        yield f"value {values[0] or '-'}, from {values[1]} to {values[2]}"
    if row.cause:
        yield str(row.cause)
