"""A report as one HTML page that needs nothing else: no script, no request, light and dark."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from markupsafe import Markup
from msgspec import Struct

from generator import templates
from generator.diagnostics.printable import printable
from generator.replay.drawing import GUTTER, WIDTH
from generator.replay.judge import Verdict
from generator.replay.timeline import timeline
from generator.replay.times import after, amount, clock, lasting, share, written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.replay.report import Report

_PAGING = "critical"


class Tile(Struct, frozen=True):
    """A figure above the timeline; ``mood`` is good, bad or plain."""

    figure: str
    words: str
    mood: str = "plain"


def page(report: Report) -> str:
    """Write ``report`` as HTML."""
    environment = templates.environment(Path(__file__).parent, autoescape=True, finalize=_shown)
    environment.filters.update(
        after=after,
        clock=clock,
        written=written,
        lasting=lasting,
        share=share,
        amount=amount,
        plural=_plural,
    )
    return environment.get_template("page.html.j2").render(
        report=report,
        drawing=timeline(report),
        width=WIDTH,
        gutter=GUTTER,
        tiles=tuple(_tiles(report)),
        quiet=sorted(
            {one.of.rule.alert for one in report.alerts} - {one.of.rule.alert for one in report.active}
        ),
    )


def _shown(value: object) -> object:
    """Show what would turn or hide text around it; what is HTML already, as a macro's, was shown before."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _tiles(report: Report) -> Iterator[Tile]:
    if report.truth:
        yield from _judged_tiles(report)
    firings = report.firings
    pages = sum(row.of.severity == _PAGING for row in firings)
    yield Tile(str(len(firings)), _plural(len(firings), "firing"))
    yield Tile(str(pages), "of them critical")
    yield Tile(lasting(report.firing_seconds) if firings else "0", "with a firing alert")
    pending = sum(len(one.pending) for one in report.alerts)
    yield Tile(str(pending), "only pending")


def _judged_tiles(report: Report) -> Iterator[Tile]:
    asked = [one for one in report.incidents if one.verdict in {Verdict.DETECTED, Verdict.MISSED}]
    found = [one for one in asked if one.detections]
    good = "good" if len(found) == len(asked) else "bad"
    yield Tile(f"{len(found)}/{len(asked)}", "incidents detected", good if asked else "plain")
    if found:
        after = median(min(each.after for each in one.detections) for one in found)
        yield Tile(lasting(after), "to detect (median)")
    false = len(report.false_alarms)
    yield Tile(str(false), _plural(false, "false alarm"), "bad" if false else "good")


def _plural(count: int, noun: str) -> str:
    return noun if count == 1 else f"{noun}s"
