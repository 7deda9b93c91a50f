"""What is replayed: the alerting rules of the chosen services, over which span."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.live.states import Timing
from generator.model.rules import AlertingRule
from generator.promql.reach import reach
from generator.replay.reach import record_reaches
from generator.replay.steps import Steps, steps_within

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from generator.model.rules import RuleGroup
    from generator.prometheus.compiled import Compiled


class ReplayedRule(Struct, frozen=True):
    """An alerting rule of a service.

    Attributes:
        service: Whose it is.
        rule: The rule itself.
        interval: Seconds between its evaluations.
        reach: How many seconds before an evaluation the oldest raw sample may be that decides it.
    """

    service: str
    rule: AlertingRule
    interval: int
    reach: float

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


class Subject(Struct, frozen=True):
    """Alerting rules, and the recording rules of the same services."""

    services: tuple[str, ...]
    rules: tuple[ReplayedRule, ...]
    recording: tuple[RuleGroup, ...]


def subject(compiled: Iterable[Compiled], alerts: Collection[str] = (), step: int | None = None) -> Subject:
    """Choose what is replayed: ``alerts`` by name, all without any; ``step`` replaces every interval.

    Raises:
        LiveError: records read each other in a circle.
    """
    chosen = tuple(compiled)
    return Subject(
        tuple(one.service for one in chosen),
        tuple(rule for one in chosen for rule in _rules(one, alerts, step)),
        tuple(group for one in chosen for group in one.recording),
    )


def _rules(compiled: Compiled, alerts: Collection[str], step: int | None) -> Iterator[ReplayedRule]:
    records = record_reaches(compiled.recording)
    for group in compiled.alerting:
        for rule in group.rules:
            if isinstance(rule, AlertingRule) and (not alerts or rule.alert in alerts):
                past = reach(rule.expr, records)
                yield ReplayedRule(compiled.service, rule, step or group.interval, past)
