"""The values that a service's labels take in a simulated history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model.metrics import OTHER, Label
from generator.model.streams import ERROR_CLASS, MODEL, TOKEN_TYPE, TOOL
from generator.streams import roles
from generator.streams.roles import Event, Outcome, Reasons

if TYPE_CHECKING:
    from generator.model.service import Service

#: The reasons that end runs of a service without a label for them.
_UNSAID = Reasons(
    label="",
    completed="completed",
    step_failed="step_error",
    tool_failed="tool_error",
    timeout="timeout",
    limit="max_steps",
    ok=("max_steps",),
    failed=(),
)


class Vocabulary(Struct, frozen=True):
    """The values of a service's labels; ``run``, ``call`` and ``step`` are None where no label has their outcome."""

    run: Outcome | None
    call: Outcome | None
    step: Outcome | None
    reasons: Reasons
    tools: tuple[str, ...]
    models: tuple[str, ...]
    token_types: tuple[str, ...]
    tool_errors: tuple[str, ...]
    llm_errors: tuple[str, ...]


def vocabulary(service: Service) -> Vocabulary:
    """Read the possible values of a service's labels."""
    classes = _values(service, ERROR_CLASS, "error")
    return Vocabulary(
        run=roles.outcome(service, Event.RUN),
        call=roles.outcome(service, Event.TOOL_CALL),
        step=roles.outcome(service, Event.LLM_CALL),
        reasons=roles.reasons(service) or _UNSAID,
        tools=_values(service, TOOL, "tool"),
        models=_values(service, MODEL, "model"),
        token_types=_values(service, TOKEN_TYPE, "prompt"),
        tool_errors=_preferred(classes, ("timeout", "connection", "server_error", "tool_validation")),
        llm_errors=_preferred(classes, ("rate_limit", "overloaded", "timeout", "context_length")),
    )


def _listed(label: Label) -> tuple[str, ...]:
    return tuple(value for value in label.values if value != OTHER)


def _values(service: Service, label: str, prefix: str) -> tuple[str, ...]:
    return label_choices(service.labels[label], prefix) if label in service.labels else (prefix,)


def label_choices(label: Label, prefix: str) -> tuple[str, ...]:
    """List the declared values of a label, or invent some where only their number is declared."""
    made_up = tuple(f"{prefix}_{number}" for number in range(1, min(label.max_live, 3) + 1))
    return _listed(label) or made_up


def _preferred(values: tuple[str, ...], wanted: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(value for value in wanted if value in values) or values[:4]
