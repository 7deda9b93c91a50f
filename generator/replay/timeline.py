"""A report laid out as a timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.replay.drawing import GUTTER, MARGIN, WIDTH, Band, Label, Scale, Timeline, free
from generator.replay.lanes import sections as sections_of
from generator.replay.ticks import ticks
from generator.replay.times import clock, lasting

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from generator.replay.judge import JudgedIncident
    from generator.replay.report import Report

_HEAD_ROW, _AXIS, _FOOT_ROW = 20.0, 30.0, 20.0
_LEAST = 3.0
_EMPTY = 28.0
# A letter of the labels is about so wide.
_LETTER = 6.4


def timeline(report: Report) -> Timeline:
    """Lay a report out."""
    scale = Scale(report.replay.start, report.replay.end)
    bands = tuple(_bands(report.incidents, scale))
    top = _AXIS + _HEAD_ROW * (1 + max((band.label.row for band in bands), default=-1))
    sections = tuple(sections_of(report, scale, top))
    bottom = sections[-1].bottom if sections else top + _EMPTY
    own = {"", report.truth.service if report.truth else ""}
    judged = sections[0].bottom if sections and sections[0].name in own else top
    releases = tuple(_releases(report, scale))
    rows = 1 + max((label.row for label in releases), default=-1)
    axis = tuple((scale(tick.time), tick) for tick in ticks(scale.start, scale.end))
    return Timeline(
        bottom + rows * _FOOT_ROW + 6, _AXIS, top, bottom, judged, axis, bands, releases, sections
    )


def _bands(incidents: Sequence[JudgedIncident], scale: Scale) -> Iterator[Band]:
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


def _releases(report: Report, scale: Scale) -> Iterator[Label]:
    rollouts = report.truth.rollouts if report.truth else ()
    within = [one for one in rollouts if scale.start <= one.at <= scale.end]
    yield from _labels([(scale(one.at), f"release {one.release}") for one in within])


def _labels(texts: Sequence[tuple[float, str]]) -> Iterator[Label]:
    """Give each text the first row in which it overlaps no other; near the right edge it moves to the left."""
    ends: list[list[tuple[float, float]]] = []
    for x, text in texts:
        width = len(text) * _LETTER + 12
        left = max(GUTTER, min(x, WIDTH - MARGIN - width))
        row = next((row for row, taken in enumerate(ends) if free(taken, left, left + width)), len(ends))
        if row == len(ends):
            ends.append([])
        ends[row].append((left, left + width))
        yield Label(left, text, row, x)
