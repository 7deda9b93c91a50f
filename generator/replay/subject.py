"""The subject of a replay: the alerting rules of the chosen services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.live.plan import plan
from generator.live.states import Timing
from generator.model import names
from generator.model.rules import AlertingRule, RuleGroup
from generator.promql.reach import reach
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
        """Return its evaluations from ``start`` to ``end`` and, before them, those that tell its state at ``start``."""
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
