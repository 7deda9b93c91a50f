"""The order in which rules are evaluated over a span: records come before the rules that read them."""

from __future__ import annotations

import re
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

import promql_parser as grammar
from msgspec import Struct

from generator.live.errors import LiveError
from generator.model import names
from generator.model.rules import AlertingRule, RecordingRule, RuleGroup
from generator.promql.syntax import PromqlError, nodes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from collections.abc import Set as AbstractSet

_NAME = "__name__"


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
    of the step before. ``reads`` are the records that its rules read.
    """

    record: str
    rounds: tuple[tuple[ScheduledRule, ...], ...]
    stepwise: bool
    reads: frozenset[str]

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
    written = frozenset({*by_record, names.ALERTS_FOR_STATE})
    reads = {record: _reads(rules, written) for record, rules in by_record.items()}
    return tuple(_node(record, by_record[record], reads[record]) for record in _ordered(reads))


def _scheduled(groups: Sequence[RuleGroup], step: int | None) -> Iterable[ScheduledRule]:
    for place, group in enumerate(groups):
        interval = group.interval if step is None else step
        if interval < 1:
            message = f"group {group.name}: an interval is at least 1 second, not {interval}"
            raise LiveError(message)
        for position, rule in enumerate(group.rules):
            yield ScheduledRule(rule, interval, (place, position))


def _reads(rules: Iterable[ScheduledRule], records: AbstractSet[str]) -> frozenset[str]:
    inputs = frozenset[str]().union(*(records_read(one.rule.expr, records) for one in rules))
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
    return RecordNode(record, _rounds(rules) if stepwise else (tuple(rules),), stepwise, reads)


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


def records_read(expr: str, records: AbstractSet[str]) -> frozenset[str]:
    """Return those of ``records`` that a selector of ``expr`` can match by its name.

    A selector without a name matches all of them.

    Raises:
        LiveError: ``expr`` is not PromQL.
    """
    named, nameless = _selectors(expr)
    return (named & records).union(name for one in nameless for name in records if _matches(one, name))


def depends_on_the_range(expr: str) -> bool:
    """Whether ``expr`` has ``@ start()`` or ``@ end()``: the ends of a range query, else the one instant.

    Raises:
        LiveError: ``expr`` is not PromQL.
    """
    pinned = (
        node.at for node in _nodes(expr) if isinstance(node, grammar.VectorSelector | grammar.SubqueryExpr)
    )
    ends = (grammar.AtModifierType.Start, grammar.AtModifierType.End)
    return any(at is not None and at.type in ends for at in pinned)


@lru_cache(maxsize=4096)
def _selectors(expr: str) -> tuple[frozenset[str], tuple[grammar.VectorSelector, ...]]:
    """Return the names of an expression's selectors, and the selectors without a name."""
    selectors = [node for node in _nodes(expr) if isinstance(node, grammar.VectorSelector)]
    named = frozenset(one.name for one in selectors if one.name is not None)
    return named, tuple(one for one in selectors if one.name is None)


@lru_cache(maxsize=4096)
def _nodes(expr: str) -> tuple[grammar.Expr, ...]:
    try:
        return tuple(nodes(expr))
    except PromqlError as error:
        raise LiveError(str(error)) from error


def _matches(selector: grammar.VectorSelector, record: str) -> bool:
    """Whether a selector without a name matches a record by its matchers of names."""
    matchers = selector.matchers
    choices = [matchers.matchers, *matchers.or_matchers]
    named = ([matcher for matcher in choice if matcher.name == _NAME] for choice in choices if choice)
    return any(all(_one_matches(matcher, record) for matcher in matchers) for matchers in named)


def _one_matches(matcher: grammar.Matcher, record: str) -> bool:
    wanted = matcher.op in (grammar.MatchOp.Equal, grammar.MatchOp.Re)
    if matcher.op in (grammar.MatchOp.Equal, grammar.MatchOp.NotEqual):
        return (matcher.value == record) is wanted
    try:
        matches = re.fullmatch(matcher.value, record) is not None
    except re.error:
        # RE2 has syntax that Python lacks: depending on too much is safe.
        return True
    return matches is wanted
