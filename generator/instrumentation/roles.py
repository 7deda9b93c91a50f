"""What feeds each metric of a service: a run, a tool call or an LLM step that ends, or a call of its own.

The signals say so, as they are the same for every profile; the names of metrics and labels are the profile's.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.model import names
from generator.model.signals import Distribution, Share

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from generator.model.metrics import Metric
    from generator.model.service import Service


class Role(StrEnum):
    """What a metric counts or observes."""

    RUNS = "runs"
    RUN_SECONDS = "run_seconds"
    STEPS = "steps"
    TOOL_CALLS = "tool_calls"
    TOOL_SECONDS = "tool_seconds"
    TOOL_ERRORS = "tool_errors"
    LLM_ERRORS = "llm_errors"
    TOKENS = "tokens"
    UNREAD = "unread"
    INNER_RUNS = "inner_runs"


#: What the metrics of these signals hold; a signal that a service declares itself tells nothing.
_BY_SIGNAL = {
    "latency_p50": Role.RUN_SECONDS,
    "latency_p95": Role.RUN_SECONDS,
    "latency_p99": Role.RUN_SECONDS,
    "step_count": Role.STEPS,
    "run_count": Role.RUNS,
    "success_rate": Role.RUNS,
    "stop_reason_distribution": Role.RUNS,
    "tool_latency_p50": Role.TOOL_SECONDS,
    "tool_latency_p95": Role.TOOL_SECONDS,
    "tool_calls_per_run": Role.TOOL_CALLS,
    "tool_error_rate": Role.TOOL_CALLS,
    "tool_error_count": Role.TOOL_ERRORS,
    "llm_errors_per_run": Role.LLM_ERRORS,
    "llm_error_count": Role.LLM_ERRORS,
    "token_usage_per_run": Role.TOKENS,
    "inner_run_count": Role.INNER_RUNS,
}
#: Why the tokens of a step were not counted, or not all of them.
UNREAD_REASONS = {"missing", "unknown", "contradicted"}
_TIMES = {Role.RUN_SECONDS, Role.TOOL_SECONDS}
_HISTOGRAMS = {*_TIMES, Role.STEPS}
_OF_OUTER_RUNS = (Role.RUNS, Role.RUN_SECONDS, Role.STEPS)
_OF_RUNS = (*_OF_OUTER_RUNS, Role.INNER_RUNS)
_OF_TOOLS = (Role.TOOL_CALLS, Role.TOOL_SECONDS, Role.TOOL_ERRORS)
_OF_STEPS = (Role.LLM_ERRORS, Role.TOKENS, Role.UNREAD)


class Outcome(Struct, frozen=True):
    """The label that says how something ended, and what it says then."""

    label: str
    good: str
    bad: str


class Fed(Struct, frozen=True):
    """A metric, and the amount that it takes when its event ends."""

    metric: Metric
    role: Role


class Event(Struct, frozen=True):
    """Something that is timed and counted when it ends.

    Attributes:
        metrics: What it feeds.
        given: The labels that its caller knows, the one that names it first.
        outcome: How it says whether it went well; None where no label does.
        cause: The label that says why it ended (runs), or what kind of error ended it; empty where none does.
        unread: The label that says why the tokens of a step were not counted; empty where none does.
        optional: The given labels that only metrics of runs within runs have.
    """

    metrics: tuple[Fed, ...]
    given: tuple[str, ...]
    outcome: Outcome | None
    cause: str
    unread: str = ""
    optional: tuple[str, ...] = ()


class Roles(Struct, frozen=True):
    """What feeds the metrics of a service.

    ``constant`` labels of runs turn over with deployments, so that a process has one value for its whole life.
    ``plain`` metrics are fed by calls of their own. An event without metrics is None.
    """

    constant: tuple[str, ...]
    run: Event | None
    tool: Event | None
    llm: Event | None
    plain: tuple[Metric, ...]


def roles(service: Service) -> Roles:
    """Read the roles from the signals."""
    fed = {name: role for name, metric in service.metrics.items() if (role := _role(metric, service))}
    constant = _constant(service)
    return Roles(
        constant,
        _run(service, fed, constant),
        _tool(service, fed, constant),
        _llm(service, fed, constant),
        tuple(metric for name, metric in service.metrics.items() if name not in fed),
    )


def _constant(service: Service) -> tuple[str, ...]:
    used = {label for metric in service.metrics.values() for label in metric.labels}
    turning = [label for label in service.runs.labels if service.labels[label].new_per_week]
    return tuple(label for label in service.labels if label in used and label in {names.RELEASE, *turning})


def _role(metric: Metric, service: Service) -> Role | None:
    if metric.name == names.UNREAD:
        return Role.UNREAD
    for name, role in _BY_SIGNAL.items():
        signal = service.signals.get(name)
        if signal is None or signal.own or signal.of.name != metric.name:
            continue
        if metric.is_histogram == (role in _HISTOGRAMS) and (metric.unit in {"ms", "s"}) == (role in _TIMES):
            return role
    return None


def _run(service: Service, fed: Mapping[str, Role], constant: tuple[str, ...]) -> Event | None:
    signal = service.signals.get("stop_reason_distribution")
    reason = signal.kind.label if signal and isinstance(signal.kind, Distribution) else ""
    outcome = _outcome(service, "success_rate")
    if outcome and outcome.label == reason:
        outcome = None
    event = _event(service, fed, _OF_RUNS, constant, outcome, reason)
    if event is None or all(each.role is Role.INNER_RUNS for each in event.metrics):
        return None
    of_all = _labels(service, fed, _OF_OUTER_RUNS, ())
    return replace(event, optional=tuple(label for label in event.given if label not in of_all))


def _tool(service: Service, fed: Mapping[str, Role], constant: tuple[str, ...]) -> Event | None:
    outcome = _outcome(service, "tool_error_rate")
    calls = _labels(service, fed, (Role.TOOL_CALLS, Role.TOOL_SECONDS), constant)
    named = [label for label in calls if outcome is None or label != outcome.label]
    errors = _labels(service, fed, (Role.TOOL_ERRORS,), constant)
    cause = next((label for label in errors if label not in named), "")
    return _event(service, fed, _OF_TOOLS, constant, outcome, cause)


def _llm(service: Service, fed: Mapping[str, Role], constant: tuple[str, ...]) -> Event | None:
    tokens = service.tokens
    errors = _labels(service, fed, (Role.LLM_ERRORS,), (*constant, tokens.model))
    cause = next(iter(errors), "")
    reasons = _labels(service, fed, (Role.UNREAD,), (*constant, tokens.model))
    unread = next((label for label in reasons if {*service.labels[label].values} >= UNREAD_REASONS), "")
    known = (*constant, tokens.token_type, unread)
    event = _event(service, fed, _OF_STEPS, known, None, cause, tokens.model)
    return replace(event, unread=unread) if event else None


def _event(  # noqa: PLR0913, PLR0917 - the parts of an event
    service: Service,
    fed: Mapping[str, Role],
    wanted: tuple[Role, ...],
    constant: tuple[str, ...],
    outcome: Outcome | None,
    cause: str,
    first: str = "",
) -> Event | None:
    metrics = tuple(Fed(service.metrics[name], role) for name, role in fed.items() if role in wanted)
    if not metrics:
        return None
    derived = {*constant, cause, outcome.label if outcome else ""}
    given = _labels(service, fed, wanted, derived)
    return Event(metrics, tuple(sorted(given, key=lambda label: label != first)), outcome, cause)


def _labels(
    service: Service, fed: Mapping[str, Role], wanted: tuple[Role, ...], known: Iterable[str]
) -> tuple[str, ...]:
    """List the labels of metrics of these roles, in their order, without the known ones."""
    metrics = [service.metrics[name] for name, role in fed.items() if role in wanted]
    found = dict.fromkeys(label for metric in metrics for label in metric.labels)
    return tuple(label for label in found if label not in set(known))


def _outcome(service: Service, signal: str) -> Outcome | None:
    kind = service.signals[signal].kind if signal in service.signals else None
    if not isinstance(kind, Share) or len(kind.where) != 1:
        return None
    [(label, value)] = kind.where.items()
    declared = service.labels[label].values
    others = [one for one in declared if one != value] or [value]
    other = "error" if "error" in others else others[0]
    return Outcome(label, value, other) if kind.good else Outcome(label, other, value)
