"""Rules evaluated over a span of the past, as if Prometheus had run them all along.

Rules are evaluated at the multiples of their group's interval (Prometheus shifts each group by an offset of
its own; here it is 0), and every input of a rule is recorded before the rule, independent of file, group and order:
there is no lag between groups. A rule that reads its own record sees the steps before. Alerts wait and are kept firing
as their rules say, and are recorded as Prometheus records them.
"""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING

from msgspec import Struct, field

from generator.live.errors import LiveError
from generator.live.plan import RecordNode, ScheduledRule, plan
from generator.live.recorded import Alerted, LabelSet, Recorded, alerted, recorded
from generator.live.remote_write import TimeSeries, write
from generator.model import names
from generator.model.rules import RecordingRule, RuleGroup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from generator.live.answers import RangeResult
    from generator.live.api import PrometheusApi
    from generator.live.states import State

    Progress = Callable[[str, int, int], None]

# Limits the memory for a rule with many series, ours and the server's.
_STEPS_PER_QUERY = 2_000


class Evaluation(Struct, frozen=True):
    """The result: ``records`` in the order of evaluation, ``samples`` written, including staleness markers."""

    records: tuple[str, ...]
    samples: int
    warnings: tuple[str, ...]


class _Run(Struct):
    """The evaluation of one record: the last state of each rule, and the rule that writes each series."""

    api: PrometheusApi
    service: str
    states: dict[tuple[int, int], Mapping[LabelSet, State]] = field(default_factory=dict)
    present: dict[tuple[int, int], frozenset[LabelSet]] = field(default_factory=dict)
    owners: dict[LabelSet, tuple[int, int]] = field(default_factory=dict)
    warnings: dict[str, None] = field(default_factory=dict)


def evaluate(  # noqa: PLR0913  (a span has two ends; the options are by keyword)
    api: PrometheusApi,
    groups: Sequence[RuleGroup],
    start: float,
    end: float,
    *,
    step: int | None = None,
    service: str = "",
    progress: Progress | None = None,
) -> Evaluation:
    """Evaluate the rules of ``groups`` from ``start`` to ``end`` (Unix seconds), write the results.

    The span should not contain these records yet: existing samples stay.

    Args:
        api: the server that holds the raw series and takes the results.
        groups: the groups of all rule files that belong together.
        start: no step is before it.
        end: no step is after it.
        step: seconds, in place of every group's interval.
        service: only records of this service, or of none, are written; those of all services where it is empty.
        progress: called after each record with its name, how many are done, and how many there are.

    Raises:
        LiveError: the server fails or refuses, an expression does not parse or cannot be evaluated, records
            read each other in a circle, or two rules record the same series.
    """
    nodes = plan(groups, step)
    samples, warnings = 0, dict[str, None]()
    for done, node in enumerate(nodes, start=1):
        run = _Run(api, service, warnings=warnings)
        samples += sum(_write_all(run, node, window) for window in _windows(node, start, end))
        if progress:
            progress(node.record, done, len(nodes))
    return Evaluation(tuple(node.record for node in nodes), samples, tuple(warnings))


def _windows(node: RecordNode, start: float, end: float) -> Iterator[tuple[float, float]]:
    """Split the span into queries: a single step each where a record reads itself."""
    if node.stepwise:
        instants = {instant for interval in node.intervals for instant in _steps(start, end, interval)}
        yield from ((instant, instant) for instant in sorted(instants))
        return
    width = _STEPS_PER_QUERY * min(node.intervals)
    while start <= end:
        # Steps are whole seconds, so a second before the next window is in this one or in none.
        after = floor(start) + width
        yield start, min(end, after - 1)
        start = after


def _steps(start: float, end: float, interval: int) -> range:
    """Return the multiples of ``interval`` within the ends."""
    return range(ceil(start / interval) * interval, floor(end) + 1, interval)


def _write_all(run: _Run, node: RecordNode, window: tuple[float, float]) -> int:
    written = 0
    for rules in node.rounds:
        due = [(one, _steps(*window, one.interval)) for one in rules]
        records = [_record(run, one, steps) for one, steps in due if steps]
        written += _written(run, node, (series for part in records for series in part))
    return written


def _written(run: _Run, node: RecordNode, series: Iterable[TimeSeries]) -> int:
    try:
        return write(run.api, series)
    except LiveError as error:
        raise error.about(f"recording rule {node.record}") from error


def _record(run: _Run, one: ScheduledRule, steps: range) -> tuple[TimeSeries, ...]:
    try:
        result = _query(run, one, steps)
        results = _found(run, one, result, steps)
    except LiveError as error:
        raise error.about(f"rule {one.name}") from error
    _claim(run, one, results.series)
    return tuple(series for series in results.series if _is_wanted(run, series))


def _found(run: _Run, one: ScheduledRule, result: RangeResult, steps: range) -> Recorded | Alerted:
    if isinstance(one.rule, RecordingRule):
        records = recorded(result, one.rule, steps, run.present.get(one.key, frozenset()))
        run.present[one.key] = records.present
        return records
    alerts = alerted(result, one.rule, steps, run.states.get(one.key, {}))
    run.states[one.key] = alerts.states
    return alerts


def _is_wanted(run: _Run, series: TimeSeries) -> bool:
    return not run.service or series.labels.get(names.SERVICE, run.service) == run.service


def _query(run: _Run, one: ScheduledRule, steps: range) -> RangeResult:
    result = run.api.query_range(one.rule.expr, steps[0], steps[-1], steps.step)
    run.warnings.update(dict.fromkeys(result.warnings))
    return result


def _claim(run: _Run, one: ScheduledRule, series: Iterable[TimeSeries]) -> None:
    """Two rules that write one series overwrite each other in a random order: no result would be right."""
    for found in series:
        labels = frozenset(found.labels.items())
        if run.owners.setdefault(labels, one.key) != one.key:
            message = f"rule {one.name}: two rules record the series {dict(sorted(labels))}"
            raise LiveError(message)
