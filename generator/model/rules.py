"""Prometheus rule files as values, before they are encoded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Mapping


class RecordingRule(Struct, frozen=True):
    """``record`` is the result of ``expr`` at every interval, with ``labels`` added."""

    record: str
    expr: str
    labels: Mapping[str, str] = field(default_factory=dict)


class AlertingRule(Struct, frozen=True):
    """``alert`` fires for each series of ``expr`` that stays for ``for_`` seconds."""

    alert: str
    expr: str
    for_: int
    keep_firing_for: int
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


Rule = RecordingRule | AlertingRule


class RuleGroup(Struct, frozen=True):
    """Rules that Prometheus evaluates in order at one instant, every ``interval`` seconds.

    ``limit`` is the largest number of series that a rule may write, 0 for any number. A rule that would write more
    fails, and only the readers of its record lack data.
    """

    name: str
    interval: int
    rules: tuple[Rule, ...]
    limit: int = 0


class RuleFile(Struct, frozen=True):
    """The groups of one file; ``comment`` lines stand above them."""

    comment: tuple[str, ...]
    groups: tuple[RuleGroup, ...]
