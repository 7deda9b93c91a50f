"""Prometheus rule files as values, before they are encoded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class RecordingRule:
    """``record`` is the result of ``expr`` at every interval, with ``labels`` added."""

    record: str
    expr: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AlertingRule:
    """``alert`` fires for each series of ``expr`` that stays for ``for_`` seconds."""

    alert: str
    expr: str
    for_: int
    keep_firing_for: int
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """Rules that Prometheus evaluates in order at one instant, every ``interval`` seconds."""

    name: str
    interval: int
    rules: tuple[RecordingRule | AlertingRule, ...]


@dataclass(frozen=True, slots=True)
class RuleFile:
    """The groups of one file; ``comment`` lines stand above them."""

    comment: tuple[str, ...]
    groups: tuple[RuleGroup, ...]
