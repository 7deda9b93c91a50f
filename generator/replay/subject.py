"""The subject of a replay: the alerting rules of the chosen services, and their inputs.

The inputs are recording rules, the raw series behind those, and the reach into the past.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import promql_parser as grammar
from msgspec import Struct
from msgspec.structs import replace

from generator.live.evaluate import Timing
from generator.live.plan import plan, records_read
from generator.model import names
from generator.model.names import is_shared_record
from generator.model.rules import AlertingRule, RuleGroup, recording_rules, records_of
from generator.promql.expr import Series
from generator.promql.syntax import operands, parse, reach, selector_of
from generator.replay.history import Steps, steps_within

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence


class ReplayedRule(Struct, frozen=True):
    """An alerting rule for one service.

    Attributes:
        service: The watched service.
        rule: The rule itself, which may be about all services.
        interval: Seconds between its evaluations.
        reach: The largest age in seconds of a raw sample that affects an evaluation.
    """

    service: str
    rule: AlertingRule
    interval: int
    reach: float

    @property
    def is_shared(self) -> bool:
        """Whether it is about all services: its results have the label ``service``."""
        return names.SERVICE not in self.rule.labels

    @property
    def timing(self) -> Timing:
        """Its ``for`` and ``keep_firing_for``."""
        return Timing(self.rule.for_, self.rule.keep_firing_for)

    @property
    def severity(self) -> str:
        """Its severity, as Alertmanager sees it."""
        return self.rule.labels.get("severity", "")

    def steps(self, start: float, end: float) -> Steps:
        """Return its evaluations from ``start`` to ``end``, and those before that its state at ``start`` depends on."""
        before = -(-(self.rule.for_ + self.rule.keep_firing_for) // self.interval) + 1
        return steps_within(start - before * self.interval, end, self.interval)


class ReplaySubject(Struct, frozen=True):
    """Alerting rules, and the recording rules behind them."""

    services: tuple[str, ...]
    rules: tuple[ReplayedRule, ...]
    recording: tuple[RuleGroup, ...]

    def only(self, alerts: Collection[str]) -> ReplaySubject:
        """Keep the rules of some alerts."""
        return ReplaySubject(
            self.services, tuple(one for one in self.rules if one.rule.alert in alerts), self.recording
        )


def replay_subject(
    alerting: Mapping[str, Iterable[RuleGroup]],
    recording: Iterable[RuleGroup],
    step: int | None = None,
) -> ReplaySubject:
    """Collect the rules to replay.

    Args:
        alerting: The alerting rules of each service; services may share some.
        recording: Groups with all rules that record their inputs.
        step: Seconds, in place of every interval.

    Raises:
        LiveError: records read each other in a circle.
    """
    behind = tuple(recording)
    records = record_reaches(behind)
    reaches: dict[str, float] = {}
    rules = []
    for service, group, rule in _every(alerting):
        if rule.expr not in reaches:
            reaches[rule.expr] = reach(rule.expr, records)
        rules.append(ReplayedRule(service, rule, step or group.interval, reaches[rule.expr]))
    return ReplaySubject(tuple(alerting), tuple(rules), behind)


def _every(
    alerting: Mapping[str, Iterable[RuleGroup]],
) -> Iterator[tuple[str, RuleGroup, AlertingRule]]:
    for service, groups in alerting.items():
        for group in groups:
            for rule in group.rules:
                if isinstance(rule, AlertingRule):
                    yield service, group, rule


def record_reaches(groups: Sequence[RuleGroup]) -> dict[str, float]:
    """Return, for each record of ``groups``, the largest age in seconds of its oldest raw input.

    A record that reads itself is followed once: its reach is unlimited.

    Raises:
        LiveError: records read each other in a circle.
    """
    reaches: dict[str, float] = {}
    for node in plan(groups):
        exprs = [one.rule.expr for rules in node.rounds for one in rules]
        reaches[node.record] = max(reach(expr, reaches) for expr in exprs)
    return reaches


class RawSelector(Struct, frozen=True):
    """A selector of raw series; ``instant`` is whether a rule reads it without a range."""

    text: str
    name: str
    instant: bool


class Needs(Struct, frozen=True):
    """The inputs of some alerts, directly and through records.

    Attributes:
        records: The names of the records.
        measured: Those of them that depend on raw series: they exist when a service does, constants when rules do.
        groups: The rules that record them.
        raw: The raw series that are read.
        past: The seconds that an evaluation looks back.
    """

    records: frozenset[str]
    measured: frozenset[str]
    groups: tuple[RuleGroup, ...]
    raw: tuple[RawSelector, ...]
    past: float


def needs(rules: Sequence[ReplayedRule], recording: Sequence[RuleGroup]) -> Needs:
    """Follow the alerts' expressions through the recording rules down to the raw series."""
    exprs = [one.rule.expr for one in rules]
    known = records_of(recording)
    records = closure(exprs, recording, known)
    groups = tuple(_only(recording, records))
    inner = [rule.expr for group in groups for rule in group.rules]
    raw = tuple(_raw([*exprs, *inner], known))
    return Needs(records, _measured(groups), groups, raw, max((one.reach for one in rules), default=0.0))


def raw_of(groups: Iterable[RuleGroup], records: Iterable[str]) -> tuple[RawSelector, ...]:
    """List the raw series that the rules of some groups read: all series that are not in ``records``."""
    return tuple(_raw((rule.expr for group in groups for rule in group.rules), frozenset(records)))


def closure(exprs: Iterable[str], recording: Sequence[RuleGroup], known: frozenset[str]) -> frozenset[str]:
    """Follow expressions through their rules: all records that they depend on, of those in ``known``."""
    by_record: dict[str, list[str]] = {}
    for rule in recording_rules(recording):
        by_record.setdefault(rule.record, []).append(rule.expr)
    records: set[str] = set()
    waiting = list(exprs)
    while waiting:
        for record in records_read(waiting.pop(), known) - records:
            records.add(record)
            waiting += by_record[record]
    return frozenset(records)


def _measured(groups: Sequence[RuleGroup]) -> frozenset[str]:
    """Find the records that depend on raw series, directly or through others."""
    known = records_of(groups)
    measured: set[str] = set()
    for node in plan(groups):
        exprs = [one.rule.expr for rules in node.rounds for one in rules]
        if any(records_read(expr, measured) or _has_raw(expr, known) for expr in exprs):
            measured.add(node.record)
    return frozenset(measured)


def _has_raw(expr: str, records: frozenset[str]) -> bool:
    return any(_is_raw(selector, records) for selector, _ in _selectors(parse(expr), instant=True))


def _is_raw(selector: grammar.VectorSelector, records: frozenset[str]) -> bool:
    """Separate raw series from records.

    A record of ours that no rule writes has no series: what the server has under its name, such as a bound that a
    service has changed until now, is of earlier specs.
    """
    name = selector.name or ""
    return name not in records and not is_shared_record(name)


def _only(recording: Sequence[RuleGroup], records: frozenset[str]) -> Iterator[RuleGroup]:
    for group in recording:
        rules = tuple(rule for rule in recording_rules([group]) if rule.record in records)
        if rules:
            yield replace(group, rules=rules)


def _raw(exprs: Iterable[str], records: frozenset[str]) -> Iterator[RawSelector]:
    selectors: dict[str, RawSelector] = {}
    for expr in exprs:
        for selector, instant in _selectors(parse(expr), instant=True):
            if _is_raw(selector, records):
                read = selector_of(selector)
                text = str(Series(read.name, read.matchers).now())
                known = selectors.get(text)
                selectors[text] = RawSelector(
                    text, read.name, instant or (known is not None and known.instant)
                )
    yield from selectors.values()


def _selectors(node: grammar.Expr, *, instant: bool) -> Iterator[tuple[grammar.VectorSelector, bool]]:
    if isinstance(node, grammar.VectorSelector):
        yield node, instant
    for one in operands(node):
        yield from _selectors(one, instant=not isinstance(node, grammar.MatrixSelector))
