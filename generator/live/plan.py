"""The order in which rules are evaluated over a span: inputs come before their readers."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.live.errors import LiveError
from generator.live.reads import depends_on_the_range, records_read
from generator.model import names
from generator.model.rules import AlertingRule, RecordingRule, RuleGroup

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class ScheduledRule(Struct, frozen=True):
    """A rule and the seconds between its evaluations; ``key`` is the index of its group and its own."""

    rule: RecordingRule | AlertingRule
    interval: int
    key: tuple[int, int]

    @property
    def record(self) -> str:
        """The name of its record; all alerting rules have the same."""
        return self.rule.record if isinstance(self.rule, RecordingRule) else names.ALERTS

    @property
    def name(self) -> str:
        """Its name, for people: the record, or the alert."""
        return self.rule.record if isinstance(self.rule, RecordingRule) else self.rule.alert


class RecordNode(Struct, frozen=True):
    """All rules of one record.

    The rules of a round do not read each other; the rounds follow one another. A ``stepwise`` node reads its own record
    of the step before.
    """

    record: str
    rounds: tuple[tuple[ScheduledRule, ...], ...]
    stepwise: bool

    @property
    def intervals(self) -> frozenset[int]:
        """The intervals of its rules, in seconds."""
        return frozenset(one.interval for rules in self.rounds for one in rules)


def plan(groups: Sequence[RuleGroup], step: int | None = None) -> tuple[RecordNode, ...]:
    """Order the records of ``groups``; ``step`` replaces their intervals.

    Raises:
        LiveError: an interval is shorter than a second, an expression does not parse, or records read each other
            in a circle.
    """
    by_record: dict[str, list[ScheduledRule]] = {}
    for one in _scheduled(groups, step):
        by_record.setdefault(one.record, []).append(one)
    reads = {record: _reads(rules, by_record) for record, rules in by_record.items()}
    return tuple(_node(record, by_record[record], reads[record]) for record in _ordered(reads))


def _scheduled(groups: Sequence[RuleGroup], step: int | None) -> Iterable[ScheduledRule]:
    for place, group in enumerate(groups):
        interval = group.interval if step is None else step
        if interval < 1:
            message = f"group {group.name}: an interval is at least 1 second, not {interval}"
            raise LiveError(message)
        for position, rule in enumerate(group.rules):
            yield ScheduledRule(rule, interval, (place, position))


def _reads(rules: Iterable[ScheduledRule], records: Iterable[str]) -> frozenset[str]:
    inputs = frozenset[str]().union(
        *(records_read(one.rule.expr, [*records, names.ALERTS_FOR_STATE]) for one in rules)
    )
    # Both are written where alerts are evaluated.
    return inputs - {names.ALERTS_FOR_STATE} | (
        {names.ALERTS} if names.ALERTS_FOR_STATE in inputs else frozenset()
    )


def _ordered(reads: dict[str, frozenset[str]]) -> tuple[str, ...]:
    # Sets have no order of their own: the plan follows the order of the rules.
    graph = {
        record: [name for name in reads if name in inputs - {record}] for record, inputs in reads.items()
    }
    try:
        return tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        # The list goes from the input to its reader; people prefer the reader first.
        circle = " reads ".join(reversed(error.args[1]))
        message = f"these records read each other, so none can be evaluated first: {circle}"
        raise LiveError(message) from error


def _node(record: str, rules: Sequence[ScheduledRule], reads: frozenset[str]) -> RecordNode:
    stepwise = record in reads or any(depends_on_the_range(one.rule.expr) for one in rules)
    return RecordNode(record, _rounds(rules) if stepwise else (tuple(rules),), stepwise)


def _rounds(rules: Sequence[ScheduledRule]) -> tuple[tuple[ScheduledRule, ...], ...]:
    """Within a group, a rule reads the new record of the rule before it; groups have no order."""
    by_group: dict[int, list[ScheduledRule]] = {}
    for one in rules:
        by_group.setdefault(one.key[0], []).append(one)
    longest = max(map(len, by_group.values()))
    return tuple(
        tuple(members[turn] for members in by_group.values() if turn < len(members))
        for turn in range(longest)
    )
