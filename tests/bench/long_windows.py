"""A window of an hour, from recorded sums and from raw series: longer ones differ by the same factor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.model.units import HOUR
from generator.prometheus.rules import RecordingRule
from tests.bench.cost import Query, costs, total
from tests.bench.line import Figure, Line, Unit
from tests.bench.raw import error_ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.fleet import Fleet

_PART = "A long window (share of errors in 1h)"


def lines(living: Fleet, times: int) -> Iterator[Line]:
    """Ask for the share of failed runs both ways: by the two rules that record it, and at once."""
    signal = living.service.signals["success_rate"]
    records = {names.windowed(signal, part, HOUR) for part in ("errors", "error_ratio")}
    rules = [rule for group in living.rules.recording for rule in group.rules]
    ours = [rule.expr for rule in rules if isinstance(rule, RecordingRule) and rule.record in records]
    raw = [error_ratio("1h", living.service.selector["job"])]
    sets = [[Query(expr, living.end) for expr in exprs] for exprs in (ours, raw)]
    recorded, direct = map(total, costs(living.api, sets, times))
    yield Line(
        _PART,
        f"samples, {living.named}",
        Figure(recorded.samples, Unit.SAMPLES, "recorded"),
        Figure(direct.samples, Unit.SAMPLES, "raw"),
        living.goal(150),
        inverse=True,
    )
    yield Line(
        _PART,
        f"time, {living.named}",
        Figure(recorded.seconds, Unit.SECONDS, "recorded"),
        Figure(direct.seconds, Unit.SECONDS, "raw"),
        inverse=True,
    )
