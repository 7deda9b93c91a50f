"""What happens in an agent system, by stream: the event that feeds each, the amount that it takes, and its words.

Whatever measures, invents or shows events reads this one table. The library says which streams there are, and what
their labels are called; a service says which values its labels have.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model import names
from generator.model.labels import OTHER
from generator.model.streams import MODEL, TOKEN_TYPE
from generator.resolve.patterns import overlap

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from generator.model.labels import Label
    from generator.model.service import Service
    from generator.model.streams import Stream

#: Labels of streams, by what they say.
STATUS, STOP_REASON, TOOL, ERROR_CLASS = "status", "stop_reason", "tool", "error_class"


class Event(StrEnum):
    """What happens while agents work."""

    RUN = "run"
    TOOL_CALL = "tool_call"
    TOOL_ERROR = "tool_error"
    LLM_CALL = "llm_call"
    LLM_ERROR = "llm_error"
    TOKENS = "tokens"
    UNREAD = "unread"
    INNER_RUN = "inner_run"


class Amount(StrEnum):
    """What of an event a histogram observes, and a counter adds up."""

    ONE = "one"
    SECONDS = "seconds"
    UNTIL_FIRST = "until_first_token"
    STEPS = "steps"
    TOKENS = "tokens"
    USD = "usd"


class Role(Struct, frozen=True):
    """An event, and what of it feeds a stream."""

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
#: The labels that an event knows, the one that names it first.
KNOWN: Mapping[Event, tuple[str, ...]] = {
    Event.RUN: (STOP_REASON, STATUS),
    Event.TOOL_CALL: (TOOL, STATUS),
    Event.TOOL_ERROR: (TOOL, ERROR_CLASS),
    Event.LLM_CALL: (MODEL,),
    Event.LLM_ERROR: (MODEL, ERROR_CLASS),
    Event.TOKENS: (MODEL, TOKEN_TYPE),
    Event.UNREAD: (MODEL,),
    Event.INNER_RUN: (STOP_REASON, STATUS),
}


def role(stream: Stream) -> Role | None:
    """Find what feeds a stream; None for one that only its profile or service knows."""
    return ROLES.get(stream.name) if stream.shared else None


def fed(service: Service, *events: Event) -> tuple[Stream, ...]:
    """List the streams of a service that some events feed, in its order."""
    return tuple(one for one in service.streams.values() if (found := role(one)) and found.event in events)


def has_label(service: Service, event: Event, label: str) -> bool:
    """Whether a stream that the event feeds has a label."""
    return any(label in stream.labels for stream in fed(service, event))


class Outcome(Struct, frozen=True):
    """The label that says how something ended, and what it says of what went well, and otherwise."""

    label: str
    good: str
    bad: str


def outcome(service: Service, event: Event) -> Outcome | None:
    """Say how an event tells whether it went well; None where no label does."""
    if not has_label(service, event, STATUS):
        return None
    listed = service.labels[STATUS].values
    good = _first(("ok",), listed, listed[0] if listed else "")
    others = [value for value in listed if value not in {good, OTHER}] or [OTHER]
    return Outcome(STATUS, good, _first(("error",), listed, others[0]))


class Reasons(Struct, frozen=True):
    """Why runs end, in a service's own words.

    Attributes:
        label: The label that says so.
        completed: A run that came to its end.
        step_failed: One that an LLM step's error ended, or an error that nothing is known of.
        tool_failed: One that a tool's error ended.
        timeout: One that took too long; empty where the service has no such word.
        limit: One that a limit stopped; empty where the service has no such word.
        ok: The other words of runs that went well.
        failed: The other words of those that did not.
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
        """Whether a run that ends so counts as a success."""
        return reason in {self.completed, *self.ok}


def reasons(service: Service) -> Reasons | None:
    """Read why runs end; None where no label says so."""
    if not has_label(service, Event.RUN, STOP_REASON):
        return None
    label, ended = service.labels[STOP_REASON], outcome(service, Event.RUN)
    told = _told(service)
    fine = [one for one in label.values if _fine(one, told, ended)]
    completed = _first(
        ("completed",), label.values, next(iter(_without(fine, label.limits) or label.values), "")
    )
    step_failed = _first(("step_error", "error"), label.values, _wrong(label, fine))
    tool_failed = _first(("tool_error",), label.values, step_failed)
    taken = {completed, step_failed, tool_failed, OTHER}
    return Reasons(
        label.name,
        completed,
        step_failed,
        tool_failed,
        _first(("timeout",), label.values, ""),
        next(iter(label.limits), ""),
        tuple(_without(fine, taken)),
        tuple(_without(label.values, {*taken, *fine})),
    )


def constant(service: Service) -> tuple[str, ...]:
    """List the labels of runs that turn over with deployments: a process has one value for its whole life."""
    used = {label for metric in service.metrics.values() for label in metric.labels}
    turning = {label for label in service.runs.labels if service.labels[label].new_per_week}
    return tuple(label for label in service.labels if label in used and label in {names.RELEASE, *turning})


def _told(service: Service) -> dict[str, str]:
    """Find the status that follows from why a run ends: as it is declared, or as one source tells both."""
    label = service.labels[STOP_REASON]
    found = dict(label.determined)
    for source in service.runs.sources:
        set_ = dict(source.constants)
        if set_.keys() >= {STOP_REASON, STATUS}:
            found.setdefault(set_[STOP_REASON], set_[STATUS])
        read = dict(source.labels)
        if read.get(STOP_REASON) is not None and read.get(STOP_REASON) == read.get(STATUS):
            for reason, patterns in label.patterns.items():
                for status, others in service.labels[STATUS].patterns.items():
                    if any(overlap(one, other) for one in patterns for other in others):
                        found.setdefault(reason, status)
    return found


def _fine(reason: str, told: Mapping[str, str], ended: Outcome | None) -> bool:
    good = ended.good if ended else ""
    return told.get(reason, good) == good


def _wrong(label: Label, fine: Iterable[str]) -> str:
    """Choose the word for what went wrong in a way that has no word."""
    if not label.values:
        return "step_error"
    failed = _without(label.values, {*fine}) or [*label.limits]
    return OTHER if OTHER in label.values else next(iter(failed), label.values[-1])


def _first(wanted: tuple[str, ...], values: tuple[str, ...], otherwise: str) -> str:
    """Choose the first wanted word that is listed; where nothing is, every word is good."""
    return next((one for one in wanted if one in values or not values), otherwise)


def _without(values: Iterable[str], unwanted: Iterable[str]) -> list[str]:
    known = {*unwanted}
    return [value for value in values if value not in known]
