"""The events of an agent system, by stream: the event that feeds each, the observed amount, and the label values.

All code that measures, invents or shows events reads this one table. The library defines the streams and the names of
their labels; a service defines the values of its labels.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model import names
from generator.model.metrics import OTHER, Label
from generator.model.streams import STATUS, STOP_REASON
from generator.notation.patterns import overlap

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from generator.model.service import Service
    from generator.model.streams import Stream


class Event(StrEnum):
    """The kinds of events while agents work."""

    RUN = "run"
    TOOL_CALL = "tool_call"
    TOOL_ERROR = "tool_error"
    LLM_CALL = "llm_call"
    LLM_ERROR = "llm_error"
    TOKENS = "tokens"
    UNREAD = "unread"
    INNER_RUN = "inner_run"


class Amount(StrEnum):
    """The amount of an event that a histogram observes or a counter adds up."""

    ONE = "one"
    SECONDS = "seconds"
    UNTIL_FIRST = "until_first_token"
    STEPS = "steps"
    TOKENS = "tokens"
    USD = "usd"


class Role(Struct, frozen=True):
    """An event, and the amount of it that feeds a stream."""

    event: Event
    amount: Amount = Amount.ONE


ROLES: Mapping[str, Role] = {
    "run": Role(Event.RUN),
    "run_latency": Role(Event.RUN, Amount.SECONDS),
    "run_steps": Role(Event.RUN, Amount.STEPS),
    "tool_call": Role(Event.TOOL_CALL),
    "tool_error": Role(Event.TOOL_ERROR),
    "tool_latency": Role(Event.TOOL_CALL, Amount.SECONDS),
    "llm_call": Role(Event.LLM_CALL),
    "llm_error": Role(Event.LLM_ERROR),
    "llm_latency": Role(Event.LLM_CALL, Amount.SECONDS),
    "time_to_first_token": Role(Event.LLM_CALL, Amount.UNTIL_FIRST),
    "token_usage": Role(Event.TOKENS, Amount.TOKENS),
    "cost": Role(Event.LLM_CALL, Amount.USD),
    "llm_usage_unread": Role(Event.UNREAD),
    "inner_run": Role(Event.INNER_RUN),
}


def role(stream: Stream) -> Role | None:
    """Find the event that feeds a stream; None for a profile's or service's own stream."""
    return ROLES.get(stream.name) if stream.shared else None


def streams_fed_by(service: Service, *events: Event) -> tuple[Stream, ...]:
    """List the streams of a service that some events feed, in its order."""
    return tuple(
        one for one in service.streams.values() if (its_role := role(one)) and its_role.event in events
    )


def _has_label(service: Service, event: Event, label: str) -> bool:
    """Whether a stream that the event feeds has a label."""
    return any(label in stream.labels for stream in streams_fed_by(service, event))


class Outcome(Struct, frozen=True):
    """The label with the outcome of an event, and its values for success and for failure."""

    label: str
    good: str
    bad: str


def outcome(service: Service, event: Event) -> Outcome | None:
    """Find the label with the outcome of an event; None where there is none."""
    if not _has_label(service, event, STATUS):
        return None
    listed = service.labels[STATUS].values
    good = _first(("ok",), listed, listed[0] if listed else "")
    others = [value for value in listed if value not in {good, OTHER}] or [OTHER]
    return Outcome(STATUS, good, _first(("error",), listed, others[0]))


class Reasons(Struct, frozen=True):
    """The reasons why runs end, in a service's own words.

    Attributes:
        label: The label with the reason.
        completed: A run that finished its work.
        step_failed: One that an LLM step's error ended, or an unknown error.
        tool_failed: One that a tool's error ended.
        timeout: One that took too long; empty where the service has no word for it.
        limit: One that a limit stopped; empty where the service has no word for it.
        ok: The other words for successful runs.
        failed: The other words for failed runs.
    """

    label: str
    completed: str
    step_failed: str
    tool_failed: str
    timeout: str
    limit: str
    ok: tuple[str, ...]
    failed: tuple[str, ...]

    def is_ok(self, reason: str) -> bool:
        """Whether a run with this reason counts as a success."""
        return reason in {self.completed, *self.ok}


def reasons(service: Service) -> Reasons | None:
    """Read the reasons why runs end; None where no label has them."""
    if not _has_label(service, Event.RUN, STOP_REASON):
        return None
    label, ended = service.labels[STOP_REASON], outcome(service, Event.RUN)
    implied = _implied(service)
    fine = [one for one in label.values if _fine(one, implied, ended)]
    completed = _first(
        ("completed",), label.values, next(iter(_without(fine, label.limits) or label.values), "")
    )
    step_failed = _first(("step_error", "error"), label.values, _wrong(label, fine))
    tool_failed = _first(("tool_error",), label.values, step_failed)
    used = {completed, step_failed, tool_failed, OTHER}
    return Reasons(
        label=label.name,
        completed=completed,
        step_failed=step_failed,
        tool_failed=tool_failed,
        timeout=_first(("timeout",), label.values, ""),
        limit=next(iter(label.limits), ""),
        ok=tuple(_without(fine, used)),
        failed=tuple(_without(label.values, {*used, *fine})),
    )


def deployment_labels(service: Service) -> tuple[str, ...]:
    """List the labels of runs that change with deployments: a process has one value for its whole life."""
    used = {label for metric in service.metrics.values() for label in metric.labels}
    turning = {label for label in service.runs.labels if service.labels[label].new_per_week}
    return tuple(label for label in service.labels if label in used and label in {names.RELEASE, *turning})


def _implied(service: Service) -> dict[str, str]:
    """Find the status that each stop reason implies: the declared one, or that of the same part or exposed label."""
    label = service.labels[STOP_REASON]
    implied = dict(label.determined)
    for source in service.runs.sources:
        constants = dict(source.constants)
        if constants.keys() >= {STOP_REASON, STATUS}:
            implied.setdefault(constants[STOP_REASON], constants[STATUS])
        read = source.supplied
        if read.get(STOP_REASON) is not None and read.get(STOP_REASON) == read.get(STATUS):
            for reason, patterns in label.patterns.items():
                for status, others in service.labels[STATUS].patterns.items():
                    if any(overlap(one, other) for one in patterns for other in others):
                        implied.setdefault(reason, status)
    return implied


def _fine(reason: str, implied: Mapping[str, str], ended: Outcome | None) -> bool:
    good = ended.good if ended else ""
    return implied.get(reason, good) == good


def _wrong(label: Label, fine: Iterable[str]) -> str:
    """Choose the word for a failure that has no word of its own."""
    if not label.values:
        return "step_error"
    failed = _without(label.values, {*fine}) or [*label.limits]
    return OTHER if OTHER in label.values else next(iter(failed), label.values[-1])


def _first(preferred: tuple[str, ...], values: tuple[str, ...], otherwise: str) -> str:
    """Choose the first wanted word that is listed; without a list, every word is accepted."""
    return next((one for one in preferred if one in values or not values), otherwise)


def _without(values: Iterable[str], unwanted: Iterable[str]) -> list[str]:
    excluded = {*unwanted}
    return [value for value in values if value not in excluded]
