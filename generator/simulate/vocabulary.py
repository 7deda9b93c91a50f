"""The values that a service's labels take, by what they mean: which stop reason says completed, which a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model import names
from generator.model.labels import OTHER
from generator.model.signals import Distribution, Share

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from generator.model.labels import Label
    from generator.model.service import Service


class Outcome(Struct, frozen=True):
    """The label that says whether something went well, and what it says then and otherwise."""

    label: str
    good: str
    bad: str


class Reasons(Struct, frozen=True):
    """Stop reasons by meaning; ``ok`` and ``failed`` are the rare ones. ``label`` is empty where there is none."""

    label: str
    completed: str
    limit: str
    tool_failed: str
    step_failed: str
    ok: tuple[str, ...]
    failed: tuple[str, ...]

    def is_ok(self, reason: str) -> bool:
        """Whether a run that ends so counts as a success."""
        return reason in {self.completed, self.limit, *self.ok}


class Vocabulary(Struct, frozen=True):
    """The names of a service's labels and what they may say."""

    run: Outcome
    call: Outcome
    reasons: Reasons
    tool: str
    tools: tuple[str, ...]
    model: str
    models: tuple[str, ...]
    token_type: str
    token_types: tuple[str, ...]
    error_class: str
    tool_errors: tuple[str, ...]
    llm_errors: tuple[str, ...]


def vocabulary(service: Service) -> Vocabulary:
    """Read the labels' meaning from the signals that stand on them."""
    run, call = _outcome(service, "success_rate", "ok"), _outcome(service, "tool_error_rate", "ok")
    tool = _other_label(service, "tool_calls_per_run", (call.label,), "tool")
    known = (tool, run.label, call.label, service.tokens.model)
    error_class = _other_label(service, "llm_errors_per_run", known, "error_class")
    classes = _values(service, error_class, "error")
    return Vocabulary(
        run=run,
        call=call,
        reasons=_reasons(service, run),
        tool=tool,
        tools=_values(service, tool, "tool"),
        model=service.tokens.model,
        models=_values(service, service.tokens.model, "model"),
        token_type=service.tokens.token_type,
        token_types=_values(service, service.tokens.token_type, "prompt"),
        error_class=error_class,
        tool_errors=_preferred(classes, ("timeout", "connection", "server_error", "tool_validation")),
        llm_errors=_preferred(classes, ("rate_limit", "overloaded", "timeout", "context_length")),
    )


def _outcome(service: Service, signal: str, good: str) -> Outcome:
    kind = service.signals[signal].kind if signal in service.signals else None
    if not isinstance(kind, Share) or not kind.where:
        return Outcome("", good, "error")
    label, value = next(iter(kind.where.items()))
    declared = service.labels[label].values if label in service.labels else ()
    other = next((one for one in declared if one != value), OTHER)
    return Outcome(label, value, other) if kind.good else Outcome(label, other, value)


def _reasons(service: Service, run: Outcome) -> Reasons:
    signal = service.signals.get("stop_reason_distribution")
    if signal is None or not isinstance(signal.kind, Distribution):
        return Reasons("", "completed", "max_steps", "tool_error", "step_error", (), ())
    label = service.labels[signal.kind.label]
    values = _listed(label) or ("completed", "error")
    good = [value for value in values if label.determined.get(value, run.good) == run.good]
    bad = [value for value in values if value not in good] or good
    completed = _first(good, ("completed",), label.limits)
    tool_failed = _first(bad, ("tool_error",), label.limits)
    step_failed = _first(bad, ("step_error",), label.limits)
    limit = label.limits[0] if label.limits else completed
    taken = {completed, tool_failed, step_failed, limit}
    rare_ok = tuple(value for value in good if value not in taken)
    return Reasons(
        label=label.name,
        completed=completed,
        limit=limit,
        tool_failed=tool_failed,
        step_failed=step_failed,
        ok=(limit, *rare_ok) if limit in good else rare_ok,
        failed=tuple(value for value in bad if value not in taken),
    )


def _first(values: Sequence[str], wanted: tuple[str, ...], unwanted: Iterable[str]) -> str:
    """Choose the value that is called so, else the first one that is no limit."""
    ordinary = [value for value in values if value not in set(unwanted)]
    return next((value for value in wanted if value in values), (ordinary or values)[0])


def _listed(label: Label) -> tuple[str, ...]:
    return tuple(value for value in label.values if value != OTHER)


def _values(service: Service, label: str, stem: str) -> tuple[str, ...]:
    """Take the declared values, or make some up where only their number is declared."""
    if label not in service.labels:
        return (stem,)
    declared = service.labels[label]
    made_up = tuple(f"{stem}_{number}" for number in range(1, min(declared.max_live, 3) + 1))
    return _listed(declared) or made_up


def _preferred(values: tuple[str, ...], wanted: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(value for value in wanted if value in values) or values[:4]


def _other_label(service: Service, signal: str, known: tuple[str, ...], default: str) -> str:
    """Find the label of a signal's metric whose meaning is left."""
    if signal not in service.signals:
        return default
    of = service.signals[signal].of
    left = [label for label in of.labels if label not in {names.RELEASE, *known}]
    return next(iter(left), default)
