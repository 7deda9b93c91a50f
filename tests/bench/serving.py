"""What Prometheus has to do all day, with fleets of every size: dashboards, rules, long windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.bench import evaluation, long_windows, refresh
from tests.bench.context import Found
from tests.bench.fleet import fleet, project
from tests.bench.past import read_over_time, write_past

if TYPE_CHECKING:
    from tests.bench.context import Effort
    from tests.bench.line import Line


def measure(effort: Effort) -> Found:
    """Measure all that one fleet serves before the next one is started."""
    model = project()
    boards = refresh.compiled(model)
    refreshed: dict[int, refresh.Refreshed] = {}
    lines: list[Line] = []
    for instances in effort.instances:
        with fleet(model, instances, effort.minutes) as living:
            exprs = [rule.expr for group in living.groups for rule in group.rules]
            write_past(living, read_over_time([*exprs, *refresh.exprs(boards)]))
            refreshed[instances] = refresh.refreshed(living, boards, max(effort.times // 2, 1))
            lines += [*evaluation.lines(living, effort.times), *long_windows.lines(living, effort.times)]
    return Found([*refresh.lines(refreshed), *lines, *long_windows.difference(model, effort.hours)])
