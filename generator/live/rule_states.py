"""The states of the rules that Prometheus runs (``/api/v1/rules``), as values."""

from __future__ import annotations

from msgspec import Struct, field

from generator.live.answers import Answer, read_data


class Alert(Struct, frozen=True):
    """An alert that is ``pending`` or ``firing``; ``active_at`` is the server's text (RFC 3339)."""

    state: str
    labels: dict[str, str]
    annotations: dict[str, str]
    value: str
    active_at: str = field(default="", name="activeAt")


class RuleState(Struct, frozen=True):
    """A rule of either kind; ``health`` is ``ok``, ``err`` or, before its first evaluation, ``unknown``.

    All from ``state`` (``inactive``, ``pending``, ``firing``) on is an alerting rule's only; ``duration`` (``for``)
    and ``keep_firing_for`` are in seconds.
    """

    kind: str = field(name="type")
    name: str
    expr: str = field(name="query")
    health: str
    last_error: str = field(default="", name="lastError")
    labels: dict[str, str] = field(default_factory=dict)
    state: str = ""
    alerts: tuple[Alert, ...] = ()
    duration: float = 0.0
    keep_firing_for: float = field(default=0.0, name="keepFiringFor")
    annotations: dict[str, str] = field(default_factory=dict)


class GroupState(Struct, frozen=True):
    """A group as loaded from ``file``; ``interval`` is in seconds."""

    name: str
    file: str
    interval: float
    rules: tuple[RuleState, ...]


class _Groups(Struct):
    groups: tuple[GroupState, ...]


def group_states(answer: Answer) -> tuple[GroupState, ...]:
    """Read the groups with their rules and alerts.

    Raises:
        LiveError: the answer is not of the API's shape.
    """
    return read_data(answer, _Groups, "a list of rule groups").groups
