"""What Prometheus says of the rules that it runs (``/api/v1/rules``), as values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from generator.live.answers import expecting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.live.answers import Answer


class Alert(Struct, frozen=True):
    """An alert that is ``pending`` or ``firing``; ``active_at`` is as the server writes it (RFC 3339)."""

    state: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    value: float
    active_at: str


class RuleState(Struct, frozen=True):
    """A rule of either kind; ``health`` is ``ok``, ``err`` or, before its first evaluation, ``unknown``.

    All from ``state`` (``inactive``, ``pending``, ``firing``) on is an alerting rule's only; ``duration`` (``for``)
    and ``keep_firing_for`` are in seconds.
    """

    kind: str
    name: str
    expr: str
    health: str
    last_error: str
    labels: Mapping[str, str]
    state: str
    alerts: tuple[Alert, ...]
    duration: float = 0.0
    keep_firing_for: float = 0.0
    annotations: Mapping[str, str] = field(default_factory=dict)


class GroupState(Struct, frozen=True):
    """A group as loaded from ``file``; ``interval`` is in seconds."""

    name: str
    file: str
    interval: float
    rules: tuple[RuleState, ...]


def group_states(answer: Answer) -> tuple[GroupState, ...]:
    """Read the groups with their rules and alerts.

    Raises:
        LiveError: the answer is not of the API's shape.
    """
    with expecting("a list of rule groups"):
        return tuple(_group(one) for one in answer.data["groups"])


def _group(one: Mapping[str, Any]) -> GroupState:
    return GroupState(
        name=one["name"],
        file=one["file"],
        interval=float(one["interval"]),
        rules=tuple(_rule(rule) for rule in one["rules"]),
    )


def _rule(one: Mapping[str, Any]) -> RuleState:
    return RuleState(
        kind=one["type"],
        name=one["name"],
        expr=one["query"],
        health=one["health"],
        last_error=one.get("lastError", ""),
        labels=one.get("labels") or {},
        state=one.get("state", ""),
        alerts=tuple(_alert(alert) for alert in one.get("alerts") or ()),
        duration=float(one.get("duration", 0)),
        keep_firing_for=float(one.get("keepFiringFor", 0)),
        annotations=one.get("annotations") or {},
    )


def _alert(one: Mapping[str, Any]) -> Alert:
    return Alert(
        state=one["state"],
        labels=one["labels"],
        annotations=one["annotations"],
        value=float(one["value"]),
        active_at=one.get("activeAt", ""),
    )
