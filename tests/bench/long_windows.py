"""Windows of hours, from recorded sums and from raw series: their cost, and their difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.model.rules import RecordingRule
from generator.model.units import HOUR, MINUTE
from tests.bench.cost import TimedQuery, costs, total
from tests.bench.fleet import fleet
from tests.bench.line import Figure, FigureUnit, Goal, RatioLine
from tests.bench.raw import error_ratio, happened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.service import Model
    from tests.bench.fleet import InstanceFleet

_PART = "A long window"
#: The largest allowed difference, in per cent.
_DIFFERENCE = 0.3
#: The hours from which a window counts as long.
_LONG = 6
#: The instances of the longest fleet; the difference does not depend on them, and raw hours are expensive.
_INSTANCES = 2


def lines(living: InstanceFleet, times: int) -> Iterator[RatioLine]:
    """Query the share of failed runs both ways: by the two rules that record it, and directly."""
    signal = living.service.signals["success_rate"]
    records = {names.windowed(signal, part, HOUR) for part in ("errors", "error_ratio")}
    rules = [rule for group in living.groups for rule in group.rules]
    ours = [rule.expr for rule in rules if isinstance(rule, RecordingRule) and rule.record in records]
    raw = [error_ratio("1h", living.service.selector["job"])]
    sets = [[TimedQuery(expr, living.end) for expr in exprs] for exprs in (ours, raw)]
    recorded, direct = map(total, costs(living.api, sets, times))
    yield RatioLine(
        _PART,
        f"share of errors in 1h, samples, {living.named}",
        Figure(recorded.samples, FigureUnit.SAMPLES, "recorded"),
        Figure(direct.samples, FigureUnit.SAMPLES, "raw"),
        living.goal(150),
        inverse=True,
    )
    yield RatioLine(
        _PART,
        f"share of errors in 1h, time, {living.named}",
        Figure(recorded.seconds, FigureUnit.SECONDS, "recorded"),
        Figure(direct.seconds, FigureUnit.SECONDS, "raw"),
        inverse=True,
    )


def difference(model: Model, hours: int) -> Iterator[RatioLine]:
    """Count runs of ``hours`` both ways: by recorded sums, and by the increase of raw series.

    Failed runs alone are too few: counters of one or two cannot be extrapolated below zero, and their records are a
    little less.
    """
    with fleet(model, _INSTANCES, (hours + 1) * HOUR // MINUTE) as living:
        signal, job = living.service.signals["success_rate"], living.service.selector["job"]
        ours = f'{{service="{living.service.name}"}}'
        every, wrong = names.level_rate(signal.of), names.windowed(signal, "errors", hours * HOUR)
        runs = f"sum_over_time({every}{ours}[{hours * HOUR - 1}s]) * {living.rule_interval}"
        goal = Goal(1) if hours >= _LONG else None
        yield _off(living, f"runs in {hours}h", (runs, happened(f"{hours}h", job)), goal)
        few = f"{wrong}{ours}", happened(f"{hours}h", job, status="error")
        yield _off(living, f"failed runs in {hours}h", few, None)


def _off(living: InstanceFleet, what: str, exprs: tuple[str, str], goal: Goal | None) -> RatioLine:
    """Compare a recorded count with the raw one."""
    recorded, raw = (_value(living, expr) for expr in exprs)
    off = Figure(abs(recorded / raw - 1) * 100, FigureUnit.PERCENT, f"{recorded:,.1f} and {raw:,.1f}")
    allowed = Figure(_DIFFERENCE, FigureUnit.PERCENT, "allowed")
    return RatioLine(_PART, f"{what}, difference from raw", off, allowed, goal, headline=goal is not None)


def _value(living: InstanceFleet, expr: str) -> float:
    (sample,) = living.api.query(expr, living.end)
    return sample.value
