"""The permanent work of Prometheus, with fleets of every size: dashboards, rules, long windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.bench import evaluation, long_windows, refresh
from tests.bench.context import Found
from tests.bench.fleet import fleet
from tests.bench.line import SHARED, Figure, FigureUnit, Goal, RatioLine
from tests.bench.past import read_over_time, write_past
from tests.models import SPECS, model_of

if TYPE_CHECKING:
    from tests.bench.context import Effort
    from tests.bench.fleet import InstanceFleet

#: The recorded series of a service before rules were shared; sharing may add a tenth.
_RECORDED, _MORE = 693, Goal(1.1, source=SHARED)


def measure(effort: Effort) -> Found:
    """Measure everything about one fleet before the next one is started."""
    model = model_of(SPECS)
    boards = refresh.compiled(model)
    refreshed: dict[int, refresh.Refreshed] = {}
    lines: list[RatioLine] = []
    for instances in effort.instances:
        with fleet(model, instances, effort.minutes) as living:
            exprs = [rule.expr for group in living.groups for rule in group.rules]
            write_past(living, read_over_time([*exprs, *refresh.exprs(boards)]))
            lines.append(_series(living))
            refreshed[instances] = refresh.refreshed(living, boards, max(effort.times // 2, 1))
            lines += [*evaluation.lines(living, effort.times), *long_windows.lines(living, effort.times)]
    return Found([*refresh.lines(refreshed), *lines, *long_windows.difference(model, effort.hours)])


def _series(living: InstanceFleet) -> RatioLine:
    """Count the records of the service alone, at the fleet's end."""
    expr = f'count({{__name__=~".+:.+",service="{living.service.name}"}})'
    (found,) = living.api.query(expr, living.end)
    ours = Figure(found.value, FigureUnit.COUNT, "at once")
    before = Figure(_RECORDED, FigureUnit.COUNT, "with rules of its own")
    return RatioLine("Series of a service", f"recorded series, {living.named}", ours, before, _MORE)
