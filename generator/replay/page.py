"""A report as one self-contained HTML page: no script, no request, light and dark."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from markupsafe import Markup
from msgspec import Struct

from generator import templates
from generator.diagnostics.wording import printable
from generator.replay.compare import Comparison, FiringChange, detected_after, incidents, sides
from generator.replay.judge import PAGE, TICKET, Verdict
from generator.replay.timeline import GUTTER, WIDTH, TimelineLayout, timeline
from generator.replay.times import after, alert_value, clock, lasting, share, utc

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from generator.replay.report import Report


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
    return Drawing(title, report, timeline(report))


def _rendered(
    report: Report,
    drawings: Sequence[Drawing],
    tiles: Sequence[Tile],
    notes: Sequence[str],
    comparison: Comparison | None = None,
) -> str:
    environment = templates.environment(Path(__file__).parent, autoescape=True, finalize=_shown)
    environment.filters.update(
        after=after,
        clock=clock,
        detected_after=detected_after,
        incidents=incidents,
        sides=sides,
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
