"""Which metric of a service plays which part: read from its signals, not from the names that a profile chose."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model import names

if TYPE_CHECKING:
    from generator.model.metrics import Metric
    from generator.model.service import Service


class Event(StrEnum):
    """What happens while agents work."""

    RUN = "run"
    TOOL_CALL = "tool_call"
    TOOL_ERROR = "tool_error"
    LLM_CALL = "llm_call"
    LLM_ERROR = "llm_error"
    TOKENS = "tokens"


class Amount(StrEnum):
    """What of an event a histogram observes, and a counter adds up."""

    ONE = "one"
    SECONDS = "seconds"
    STEPS = "steps"
    TOKENS = "tokens"


class Part(Struct, frozen=True):
    """A metric and what feeds it."""

    metric: Metric
    event: Event
    amount: Amount


#: The first of these signals that stands on a metric says what feeds it.
_BY_SIGNAL = (
    ("latency_p95", Event.RUN, Amount.SECONDS),
    ("latency_p50", Event.RUN, Amount.SECONDS),
    ("step_count", Event.RUN, Amount.STEPS),
    ("run_count", Event.RUN, Amount.ONE),
    ("success_rate", Event.RUN, Amount.ONE),
    ("tool_latency_p95", Event.TOOL_CALL, Amount.SECONDS),
    ("tool_calls_per_run", Event.TOOL_CALL, Amount.ONE),
    ("tool_error_rate", Event.TOOL_CALL, Amount.ONE),
    ("tool_error_count", Event.TOOL_ERROR, Amount.ONE),
    ("llm_errors_per_run", Event.LLM_ERROR, Amount.ONE),
    ("token_usage_per_run", Event.TOKENS, Amount.TOKENS),
)


def parts(service: Service) -> tuple[Part, ...]:
    """Give every metric of a service its part, in the service's order; tokens of invented agents are all understood."""
    return tuple(_part(one, service) for one in service.metrics.values() if one.name != names.UNREAD)


def _part(metric: Metric, service: Service) -> Part:
    for signal, event, amount in _BY_SIGNAL:
        if signal in service.signals and service.signals[signal].of.name == metric.name:
            return Part(metric, event, amount)
    # A service's own metric: an event a call of a model, or a run, by its labels.
    event = Event.LLM_CALL if service.tokens.model in metric.labels else Event.RUN
    return Part(metric, event, Amount.SECONDS if metric.unit in {"ms", "s"} else Amount.ONE)
