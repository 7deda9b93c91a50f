"""A report laid out as a timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.replay.drawing import GUTTER, MARGIN, WIDTH, Band, Label, Scale, Timeline, free
from generator.replay.lanes import sections as sections_of
from generator.replay.ticks import ticks
from generator.replay.times import after, clock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from generator.replay.drawing import Section
    from generator.replay.judge import JudgedIncident
    from generator.replay.report import Report

_HEAD_ROW, _AXIS, _FOOT_ROW = 20.0, 30.0, 20.0
_LEAST = 3.0
_EMPTY = 28.0
# The width of a letter of the labels.
_LETTER = 6.4


def timeline(report: Report) -> Timeline:
    """Compute the layout of a report."""
    scale = Scale(report.replay.start, report.replay.end)
    several = len(report.services) > 1 and report.truth is not None and not report.truth.service
    bands = tuple(_bands(report.incidents, scale, several=several))
    top = _AXIS + _HEAD_ROW * (1 + max((band.label.row for band in bands), default=-1))
    sections = tuple(sections_of(report, scale, top))
    bottom = sections[-1].bottom if sections else top + _EMPTY
    judged = _judged_until(report, sections, bottom)
    releases = tuple(_releases(report, scale))
    rows = 1 + max((label.row for label in releases), default=-1)
    axis = tuple((scale(tick.time), tick) for tick in ticks(scale.start, scale.end))
    return Timeline(
        bottom + rows * _FOOT_ROW + 6, _AXIS, top, bottom, judged, axis, bands, releases, sections
    )


def _judged_until(report: Report, sections: Sequence[Section], bottom: float) -> float:
    """Find the end of the lanes that the incidents are about: those of one service come first."""
    of = report.truth.service if report.truth else ""
    if of and sections and sections[0].name:
        return sections[0].bottom if sections[0].name == of else sections[0].y
    return bottom


def _bands(incidents: Sequence[JudgedIncident], scale: Scale, *, several: bool) -> Iterator[Band]:
    """Draw incidents; their service is named where there are several."""
    texts = []
    for one in incidents:
        first = min((found.after for found in one.detections), default=None)
        of = f" ({one.incident.service})" if several and one.incident.service else ""
        said = str(one.verdict) if first is None else f"found {after(first)}"
        texts.append((scale(one.incident.start), f"{one.incident.name}{of}, {said}"))
    for one, label in zip(incidents, _labels(texts), strict=True):
        x = scale(one.incident.start)
        first_at = min((found.at for found in one.detections), default=None)
        yield Band(
            x=x,
            width=max(_LEAST, round(scale(one.incident.end) - x, 2)),
            label=label,
            tip="\n".join(_tip(one, label.text)),
            verdict=str(one.verdict),
            found=None if first_at is None else scale(first_at),
        )


def _tip(one: JudgedIncident, text: str) -> Iterator[str]:
    yield text
    yield f"{clock(one.incident.start)} to {clock(one.incident.end)}"
    yield from (one.incident.impact,) if one.incident.impact else ()


def _releases(report: Report, scale: Scale) -> Iterator[Label]:
    rollouts = report.truth.rollouts if report.truth else ()
    within = [one for one in rollouts if scale.start <= one.at <= scale.end]
    yield from _labels([(scale(one.at), f"release {one.release}") for one in within])


def _labels(texts: Sequence[tuple[float, str]]) -> Iterator[Label]:
    """Assign each text to the first row where it overlaps no other; near the right edge it moves left."""
    ends: list[list[tuple[float, float]]] = []
    for x, text in texts:
        width = len(text) * _LETTER + 12
        left = max(GUTTER, min(x, WIDTH - MARGIN - width))
        row = next((row for row, taken in enumerate(ends) if free(taken, left, left + width)), len(ends))
        if row == len(ends):
            ends.append([])
        ends[row].append((left, left + width))
        yield Label(left, text, row, x)
