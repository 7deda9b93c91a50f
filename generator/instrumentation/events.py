"""The events that a module measures: the end of a run, tool call or LLM step; and metrics with methods of their own.

The events follow from the streams of a service; the names of its metrics and labels are its profile's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from msgspec import Struct
from msgspec.structs import replace

from generator.model.streams import ERROR_CLASS, MODEL, STOP_REASON, TOKEN_TYPE
from generator.streams import roles
from generator.streams.roles import Amount, Event, Outcome, role

if TYPE_CHECKING:
    from collections.abc import Iterable

    from generator.model.metrics import Metric
    from generator.model.service import Service

#: The events that a block ends with.
_OF_RUNS = (Event.RUN, Event.INNER_RUN)
_OF_TOOLS = (Event.TOOL_CALL, Event.TOOL_ERROR)
_OF_STEPS = (Event.LLM_CALL, Event.LLM_ERROR, Event.TOKENS, Event.UNREAD)
#: The reasons why the tokens of a step were not counted, or not all of them.
UNREAD_REASONS = {"missing", "unknown", "contradicted"}
_SCALES = {"ms": " * 1000", "s": ""}


class FedMetric(Struct, frozen=True):
    """A metric, the event that feeds it, and the expression of the amount, empty for one."""

    metric: Metric
    event: Event
    amount: str


class Block(Struct, frozen=True):
    """An event that is timed and counted when it ends.

    Attributes:
        metrics: The metrics that it feeds.
        given: The labels that its caller passes, first the one that identifies it.
        outcome: The label with its outcome; None without one.
        cause: The label with the reason of its end (runs), or with the class of its error; empty without one.
        unread: The label with the reason why tokens of a step were not counted; empty without one.
        optional: The given labels that only metrics of runs within runs have.
    """

    metrics: tuple[FedMetric, ...]
    given: tuple[str, ...]
    outcome: Outcome | None
    cause: str
    unread: str = ""
    optional: tuple[str, ...] = ()


class Blocks(Struct, frozen=True):
    """The blocks whose events feed the metrics of a service.

    A process has one value of ``constant`` labels for its whole life. ``plain`` metrics are fed by methods of their
    own. A block without metrics is None.
    """

    constant: tuple[str, ...]
    run: Block | None
    tool: Block | None
    llm: Block | None
    plain: tuple[Metric, ...]


def blocks_of(service: Service) -> Blocks:
    """Find the blocks by the roles of the streams."""
    events = {*_OF_RUNS, *_OF_TOOLS, *_OF_STEPS}
    in_blocks = {one.metric.name for one in _metrics_of(service, events)}
    return Blocks(
        roles.deployment_labels(service),
        _run(service),
        _block(service, _OF_TOOLS, ERROR_CLASS),
        _step(service),
        tuple(metric for name, metric in service.metrics.items() if name not in in_blocks),
    )


def _metrics_of(service: Service, events: Iterable[Event]) -> tuple[FedMetric, ...]:
    fed = (
        (service.metrics[stream.metric], role(stream)) for stream in roles.streams_fed_by(service, *events)
    )
    return tuple(
        FedMetric(metric, fed_as.event, amount)
        for metric, fed_as in fed
        if fed_as and (amount := _amount(fed_as.amount, metric)) is not None
    )


def _run(service: Service) -> Block | None:
    """Show a run; labels that only runs within runs have may be left out."""
    block = _block(service, _OF_RUNS, STOP_REASON)
    outer = _metrics_of(service, (Event.RUN,))
    if block is None or not outer:
        return None
    of_all = {label for fed in outer for label in fed.metric.labels}
    return replace(block, optional=tuple(label for label in block.given if label not in of_all))


def _step(service: Service) -> Block | None:
    """Show a step; its caller does not pass the reason why tokens were not counted."""
    block = _block(service, _OF_STEPS, ERROR_CLASS, MODEL)
    if block is None:
        return None
    labels = [label for fed in _metrics_of(service, (Event.UNREAD,)) for label in fed.metric.labels]
    unread = next((one for one in labels if {*service.labels[one].values} >= UNREAD_REASONS), "")
    return replace(block, unread=unread, given=tuple(label for label in block.given if label != unread))


def _block(service: Service, events: tuple[Event, ...], cause: str, first: str = "") -> Block | None:
    metrics = _metrics_of(service, events)
    if not metrics:
        return None
    labels = dict.fromkeys(label for fed in metrics for label in fed.metric.labels)
    outcome = next((found for event in events if (found := roles.outcome(service, event))), None)
    derived = {*roles.deployment_labels(service), cause, TOKEN_TYPE, outcome.label if outcome else ""}
    given = [label for label in labels if label not in derived]
    return Block(
        metrics,
        tuple(sorted(given, key=lambda label: label != first)),
        outcome,
        cause if cause in labels else "",
    )


def _amount(amount: Amount, metric: Metric) -> str | None:
    """Write the expression of an amount in the method that feeds a metric; None if a block cannot measure it."""
    match amount:
        case Amount.ONE:
            return ""
        case Amount.SECONDS:
            return f"seconds{_SCALES.get(metric.unit, '')}"
        case Amount.STEPS:
            return "self.steps"
        case Amount.TOKENS:
            return "count"
        case Amount.UNTIL_FIRST | Amount.USD:
            return None
        case _:
            assert_never(amount)
