"""Rules evaluated over a span of the past, as if Prometheus had run them all along.

Rules are evaluated at the multiples of their group's interval (Prometheus shifts each group by an offset of
its own; here it is 0), and every input of a rule is recorded before the rule, independent of file, group and order:
there is no lag between groups. A rule that reads its own record sees the steps before. Alerts are pending, firing and
resolved exactly as Prometheus's rule manager decides it. Results are recorded as Prometheus records them: the rule's
name and labels, and staleness markers.
"""

from __future__ import annotations

from itertools import chain as joined
from math import ceil, floor
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from generator.diagnostics.wording import printable
from generator.live.errors import LiveError
from generator.live.plan import RecordNode, ScheduledRule, plan
from generator.live.remote_write import SAMPLES_PER_REQUEST, STALE_NAN, TimeSeries, write
from generator.model import names
from generator.model.rules import AlertingRule, RecordingRule, RuleGroup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from generator.live.answers import RangeResult, RangeSeries
    from generator.live.api import PrometheusApi

    #: Called with the title of a step, how many are done, and how many there are.
    Progress = Callable[[str, int, int], None]

# Limits the memory for a rule with many series, ours and the server's.
_STEPS_PER_QUERY = 2_000


class Evaluation(Struct, frozen=True):
    """The result: ``records`` in the order of evaluation, ``samples`` written, including staleness markers."""

    records: tuple[str, ...]
    samples: int


class _Unsent(Struct):
    """Series of records that nothing has read yet: a request for many of them costs little more than one for few."""

    api: PrometheusApi
    series: dict[str, list[TimeSeries]] = field(default_factory=dict)
    samples: int = 0

    def add(self, record: str, series: Iterable[TimeSeries]) -> int:
        """Keep series of a record; return the number of samples that had to be sent, as too many to keep."""
        new = list(series)
        self.series.setdefault(record, []).extend(new)
        self.samples += sum(len(one.values) for one in new)
        return self.send() if self.samples > SAMPLES_PER_REQUEST else 0

    def send(self) -> int:
        """Send all, and return the number of samples."""
        kept, self.series, self.samples = self.series, {}, 0
        try:
            return write(self.api, joined.from_iterable(kept.values()))
        except LiveError:
            # Which record is refused, only a request for it alone tells; what is written twice counts once.
            return sum(_written(self.api, record, series) for record, series in kept.items())


class _Run(Struct):
    """The evaluation of one record: the last state of each rule, and the rule of each series with its first value."""

    api: PrometheusApi
    service: str
    unsent: _Unsent
    states: dict[tuple[int, int], Mapping[LabelSet, State]] = field(default_factory=dict)
    present: dict[tuple[int, int], frozenset[LabelSet]] = field(default_factory=dict)
    owners: dict[LabelSet, tuple[tuple[int, int], float]] = field(default_factory=dict)


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
    samples, unsent = 0, _Unsent(api)
    for done, node in enumerate(nodes, start=1):
        run = _Run(api, service, unsent)
        if not node.reads.isdisjoint(unsent.series):
            samples += unsent.send()
        samples += sum(_write_all(run, node, window) for window in _windows(node, start, end))
        if progress:
            progress(node.record, done, len(nodes))
    samples += unsent.send()
    return Evaluation(tuple(node.record for node in nodes), samples)


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
        records = joined.from_iterable([_record(run, one, steps) for one, steps in due if steps])
        if node.stepwise:  # the next step reads it
            written += _written(run.api, node.record, records)
        else:
            written += run.unsent.add(node.record, records)
    return written


def _written(api: PrometheusApi, record: str, series: Iterable[TimeSeries]) -> int:
    try:
        return write(api, series)
    except LiveError as error:
        raise error.about(f"recording rule {record}") from error


def _record(run: _Run, one: ScheduledRule, steps: range) -> tuple[TimeSeries, ...]:
    try:
        result = run.api.query_range(one.rule.expr, steps[0], steps[-1], steps.step)
        results = _found(run, one, result, steps)
    except LiveError as error:
        raise error.about(f"rule {one.name}") from error
    # A server may answer with values that are no numbers: none is left then.
    owned = [series for series in results.series if series.values and _owns(run, one, series)]
    return tuple(series for series in owned if _is_wanted(run, series))


def _found(run: _Run, one: ScheduledRule, result: RangeResult, steps: range) -> Recorded | Alerted:
    if isinstance(one.rule, RecordingRule):
        records = recorded(result, one.rule, steps, run.present.get(one.key, frozenset()))
        run.present[one.key] = records.present
        return records
    alerts = _alerted(result, one.rule, steps, run.states.get(one.key, {}))
    run.states[one.key] = alerts.states
    return alerts


def _is_wanted(run: _Run, series: TimeSeries) -> bool:
    return not run.service or series.labels.get(names.SERVICE, run.service) == run.service


def _owns(run: _Run, one: ScheduledRule, found: TimeSeries) -> bool:
    """Whether a rule is the first to write a series; the same constant, such as a price, may be in several files.

    Raises:
        LiveError: two rules overwrite each other in a random order, so that no result would be right.
    """
    labels = frozenset(found.labels.items())
    key, value = run.owners.setdefault(labels, (one.key, found.values[0]))
    if key != one.key and set(found.values) != {value}:
        message = f"rule {one.name}: two rules record the series {dict(sorted(labels))}"
        raise LiveError(message)
    return key == one.key


LabelSet = frozenset[tuple[str, str]]


class Recorded(Struct, frozen=True):
    """Series to write, and the series that exist at the last step."""

    series: tuple[TimeSeries, ...]
    present: frozenset[LabelSet]


class Alerted(Struct, frozen=True):
    """Series to write, and the alerts that are active at the last step."""

    series: tuple[TimeSeries, ...]
    states: Mapping[LabelSet, State]


def recorded(
    result: RangeResult, rule: RecordingRule, steps: range, present: frozenset[LabelSet]
) -> Recorded:
    """Record ``result``, which ``rule`` yields at ``steps`` (Unix seconds, at least one).

    A series gets a staleness marker at the first step at which it is missing; ``present`` are those of the
    step before the first.

    Raises:
        LiveError: two series become one by the rule's labels, which Prometheus refuses.
    """
    samples: dict[LabelSet, dict[int, float]] = {labels: {} for labels in present}
    _collect(samples, result, {"__name__": rule.record, **rule.labels})
    return Recorded(
        tuple(
            _timeline(labels, values, steps, present=labels in present) for labels, values in samples.items()
        ),
        frozenset(labels for labels, values in samples.items() if steps[-1] in values),
    )


def _alerted(
    result: RangeResult, rule: AlertingRule, steps: range, states: Mapping[LabelSet, State]
) -> Alerted:
    """Record the alerts that ``rule`` makes of ``result`` at ``steps``; ``states`` are those of the step before.

    Raises:
        LiveError: two series become one by the rule's labels, which Prometheus refuses.
    """
    samples: dict[LabelSet, dict[int, float]] = {labels: {} for labels in states}
    _collect(samples, result, {"__name__": "", **rule.labels, "alertname": rule.alert})
    series: list[TimeSeries] = []
    after: dict[LabelSet, State] = {}
    for labels, true_at in samples.items():
        lives = _lives(true_at, steps, states.get(labels), Timing(rule.for_, rule.keep_firing_for))
        series += _alert(labels, lives, steps, states.get(labels))
        if last := lives.get(steps[-1]):
            after[labels] = last
    return Alerted(tuple(series), after)


def _lives(
    true_at: Mapping[int, float], steps: range, state: State | None, timing: Timing
) -> dict[int, State]:
    """Follow an alert through ``steps``: its state at each step at which it is active."""
    lives = {}
    for step in steps:
        state = advance(state, step, present=step in true_at, timing=timing)
        if state:
            lives[step] = state
    return lives


def _alert(
    labels: LabelSet, lives: Mapping[int, State], steps: range, before: State | None
) -> Iterable[TimeSeries]:
    """Write an alert as Prometheus does: a series for each of its states, and one for the start of its activity."""
    for name in ("pending", "firing"):
        mine = {step: 1.0 for step, state in lives.items() if state.name == name}
        present = before is not None and before.name == name
        if mine or present:
            named = labels | {("__name__", names.ALERTS), ("alertstate", name)}
            yield _timeline(named, mine, steps, present=present)
    since = {step: float(state.active_at) for step, state in lives.items()}
    yield _timeline(labels | {("__name__", names.ALERTS_FOR_STATE)}, since, steps, present=before is not None)


def _collect(samples: dict[LabelSet, dict[int, float]], result: RangeResult, own: Mapping[str, str]) -> None:
    """Gather a result's samples under the labels that a rule gives them; an empty label is dropped."""
    for one in result.series:
        merged = {**one.labels, **own}
        _add(samples, frozenset((name, value) for name, value in merged.items() if value), one)


def _add(samples: dict[LabelSet, dict[int, float]], labels: LabelSet, one: RangeSeries) -> None:
    of_labels = samples.setdefault(labels, {})
    new = dict(zip(map(round, one.timestamps), one.values, strict=True))
    if not of_labels.keys().isdisjoint(new):
        message = f"two series become one by the rule's labels: {_text(labels)}"
        raise LiveError(message)
    of_labels.update(new)


def _timeline(labels: LabelSet, found: Mapping[int, float], steps: range, *, present: bool) -> TimeSeries:
    values = [found[step] for step in steps if step in found]
    timestamps = [step * 1000 for step in steps]
    if len(values) == len(timestamps):  # as most are
        return TimeSeries(dict(labels), timestamps, values)
    timestamps, values = [], []
    for step in steps:
        value = found.get(step)
        if value is not None or present:
            timestamps.append(step * 1000)
            values.append(STALE_NAN if value is None else value)
        present = value is not None
    return TimeSeries(dict(labels), timestamps, values)


def _text(labels: LabelSet) -> str:
    inside = ", ".join(f'{name}="{value}"' for name, value in sorted(labels))
    return printable(f"{{{inside}}}")


class Timing(Struct, frozen=True):
    """``for`` and ``keep_firing_for`` of an alerting rule, in seconds."""

    hold: float
    keep: float


class State(Struct, frozen=True):
    """An active alert: the times since which it is active, fires, and has no result any more."""

    active_at: float
    fired_at: float | None = None
    missing_at: float | None = None

    @property
    def name(self) -> str:
        """Its name, as Prometheus writes it."""
        return "pending" if self.fired_at is None else "firing"


def advance(state: State | None, time: float, *, present: bool, timing: Timing) -> State | None:
    """Evaluate once more: ``present`` is whether the expression yields the alert. None is an inactive alert."""
    if present:
        return _fired(replace(state, missing_at=None) if state else State(time), time, timing)
    if state is None or state.fired_at is None:
        return None
    missing_at = time if state.missing_at is None else state.missing_at
    return replace(state, missing_at=missing_at) if time - missing_at < timing.keep else None


def _fired(state: State, time: float, timing: Timing) -> State:
    if state.fired_at is None and time - state.active_at >= timing.hold:
        return replace(state, fired_at=time)
    return state


class Activity(Struct, frozen=True):
    """One period in which an alert was active.

    Attributes:
        active_at: The first evaluation that yielded it.
        fired_at: The evaluation at which it began to fire; None when it stayed pending.
        ended_at: The first evaluation at which it was inactive again; None when it still was active at the last.
        values: The results of the expression, by time; without the times that ``keep_firing_for`` bridged.
    """

    active_at: float
    fired_at: float | None
    ended_at: float | None
    values: Mapping[float, float] = field(default_factory=dict)


def activities(
    values: Mapping[float, float], evaluations: Iterable[float], timing: Timing
) -> tuple[Activity, ...]:
    """Follow one alert through ``evaluations``; ``values`` are the results of its expression, by time."""
    found: list[Activity] = []
    state: State | None = None
    seen: dict[float, float] = {}
    for time in evaluations:
        present = time in values
        after = advance(state, time, present=present, timing=timing)
        if state and not after:
            found.append(Activity(state.active_at, state.fired_at, time, seen))
            seen = {}
        if present:
            seen[time] = values[time]
        state = after
    if state:
        found.append(Activity(state.active_at, state.fired_at, None, seen))
    return tuple(found)
