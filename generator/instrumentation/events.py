"""The events that a module measures: the end of a run, tool call or LLM step; and metrics with methods of their own.

The events follow from the streams of a service; the names of its metrics and labels are its profile's. Templates get
their arguments, and the lines that feed their metrics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from msgspec import Struct
from msgspec.structs import replace

from generator.instrumentation.view import (
    LabelView,
    MetricView,
    ModuleNames,
    distinct_names,
    docstring_literal,
    python_literal,
)
from generator.model.metrics import Metric, MetricType
from generator.model.streams import ERROR_CLASS, MODEL, STOP_REASON, TOKEN_TYPE
from generator.streams import roles
from generator.streams.roles import Amount, Event, Outcome, role

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from generator.model.service import Service

#: The events that a block ends with.
_OF_RUNS = (Event.RUN, Event.INNER_RUN)
_OF_TOOLS = (Event.TOOL_CALL, Event.TOOL_ERROR)
_OF_STEPS = (Event.LLM_CALL, Event.LLM_ERROR, Event.TOKENS, Event.UNREAD)
#: The reasons why the tokens of a step were not counted, or not all of them.
UNREAD_REASONS = {"missing", "unknown", "contradicted"}
_SCALES = {"ms": " * 1000", "s": ""}
_AMOUNTS = {"ms": "milliseconds", "s": "seconds"}
_ERRORS = {Event.TOOL_ERROR, Event.LLM_ERROR}


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


class BlockView(Struct, frozen=True):
    """An event's block.

    Attributes:
        given: The labels that its caller passes.
        cause: The label with the reason of its end, if any.
        hint: The type of its outcome label's values; empty without such a label.
        good, bad: The values of that label.
        table: The outcome of each cause; empty where causes have none.
        lines: The lines that feed its metrics, when it ends.
        error_lines: Further lines, when it failed.
        token_line: The line that counts its tokens.
        unread_line: The line that counts a step whose tokens are missing or unknown; empty where no metric does.
        inner_lines: The lines that feed the metrics of a run within a run.
        optional: The labels that its caller may leave out.
        shared: Those of them that default to the run's.
        model: The attribute of the label that prices are joined on, if it has that one.
    """

    given: tuple[LabelView, ...]
    cause: LabelView | None
    hint: str
    good: str
    bad: str
    table: str
    lines: tuple[str, ...]
    error_lines: tuple[str, ...]
    token_line: str
    unread_line: str
    inner_lines: tuple[str, ...]
    optional: tuple[str, ...]
    shared: tuple[str, ...]
    model: str

    @property
    def signature(self) -> str:
        """The arguments of the method that makes one."""
        given = [self.argument(label) for label in self.given]
        if self.given and self.given[0].name not in self.optional:
            given[0] = f"{self.given[0].argument}: {self.given[0].loose}"
        return ", ".join(given)

    @property
    def sub_signature(self) -> str:
        """The arguments of the method for such an event within another one, whose labels are the defaults."""
        return ", ".join(
            ["self", *(f"{label.argument}: {label.loose} | None = None" for label in self.given)]
        )

    def example(self, reason: str) -> str:
        """The arguments of a run in an example; ``reason`` is the reason of its end, as a literal."""
        given = [self.named_values] if self.needed else []
        return ", ".join([*given, *([f"{self.cause.argument}={reason}"] if reason and self.cause else [])])

    def example_of(self, first: str) -> str:
        """The arguments of another event in an example, whose first one is read from a step."""
        others = (f"{label.argument}={_example(label)}" for label in self.needed[1:])
        return ", ".join([first, *others] if self.needed else [])

    @staticmethod
    def argument(label: LabelView) -> str:
        """Write one argument; None stands for what its caller leaves out.

        None of them is required, since a label that the spec gets later would break each call that exists.
        """
        return f"{label.argument}: {label.loose} | None = None"

    @property
    def needed(self) -> tuple[LabelView, ...]:
        """The labels that its caller passes, so that they do not become ``other``."""
        return tuple(label for label in self.given if label.name not in self.optional)

    @property
    def named_values(self) -> str:
        """A value for each of them, as keyword arguments in a docstring."""
        return ", ".join(f"{label.argument}={_example(label)}" for label in self.needed)

    @property
    def keyed_values(self) -> str:
        """The same as the items of a dictionary."""
        return ", ".join(f'"{label.argument}": {_example(label)}' for label in self.needed)

    @property
    def shared_names(self) -> str:
        """The arguments that default to the run's, as literals."""
        shared = (label.argument for label in self.given if label.name in self.shared)
        return ", ".join(map(python_literal, shared))

    @property
    def passed(self) -> str:
        """The arguments, passed on."""
        return "".join(f", {label.argument}" for label in self.given)

    @property
    def again(self) -> str:
        """The arguments of another block like this one."""
        return "".join(f", self._raw_{label.attribute}" for label in self.given)

    @property
    def timed(self) -> bool:
        """Whether a metric observes its duration."""
        return any("seconds" in line for line in self.lines)


def _example(label: LabelView) -> str:
    """Write a value that the spec lists, the first one; else the ellipsis."""
    return docstring_literal(label.values[0]) if label.values else "..."


def block_view(block: Block, names: ModuleNames, of_run: tuple[str, ...]) -> BlockView:
    """Show a block; the labels of its run need not be passed again."""
    cause = names.labels.get(block.cause)
    outcome = names.labels.get(block.outcome.label) if block.outcome else None
    values = {label: f"self._{names.labels[label].attribute}" for label in block.given}
    if cause:
        values[cause.name] = "cause"
    if outcome:
        values[outcome.name] = "outcome"
    if TOKEN_TYPE in names.labels:
        values[TOKEN_TYPE] = "token_type"
    if block.unread:
        values[block.unread] = "reason"
    lines: dict[Event, list[str]] = {}
    for fed in block.metrics:
        priced = {MODEL: "model"} if fed.event is Event.TOKENS else {}
        line = _line(names.metrics[fed.metric.name], fed.amount, values | priced)
        lines.setdefault(fed.event, []).append(line)
    special = {Event.TOKENS, Event.UNREAD, Event.INNER_RUN, *_ERRORS}
    shared = tuple(label for label in block.given if label in of_run)
    optional = (*block.optional, *shared)
    table = next(
        (each.table for each in names.determined if (each.head, each.target) == (cause, outcome)), ""
    )
    return BlockView(
        given=tuple(
            names.labels[label] for label in sorted(block.given, key=lambda label: label in optional)
        ),
        cause=cause,
        hint=outcome.hint if outcome else "",
        good=block.outcome.good if block.outcome else "",
        bad=block.outcome.bad if block.outcome else "",
        table=table,
        lines=tuple(line for of, each in lines.items() if of not in special for line in each),
        error_lines=tuple(line for of, each in lines.items() if of in _ERRORS for line in each),
        token_line="".join(lines.get(Event.TOKENS, ())).replace("measures.", "self._measures."),
        unread_line="".join(lines.get(Event.UNREAD, ())),
        inner_lines=tuple(lines.get(Event.INNER_RUN, ())),
        optional=optional,
        shared=shared,
        model=names.labels[MODEL].attribute if MODEL in block.given else "",
    )


def _line(view: MetricView, amount: str, values: Mapping[str, str]) -> str:
    return f"measures.{_fed(view, [values[label.name] for label in view.labels], amount)}"


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


def _fed(view: MetricView, values: list[str], amount: str) -> str:
    """Write the line that feeds the series of these values, such as ``agent_tool_call_total[tool, outcome].inc()``."""
    key = ", ".join(values) or "()"
    call = {MetricType.HISTOGRAM: "observe", MetricType.GAUGE: "set", MetricType.COUNTER: "inc"}[
        view.metric.type
    ]
    return f"{view.attribute}[{key}{',' if len(values) == 1 else ''}].{call}({amount})"


class Method(Struct, frozen=True):
    """A method that feeds one metric, if ``check`` is true.

    ``arguments`` are the names in its ``signature``.
    """

    name: str
    arguments: str
    signature: str
    doc: str
    check: str
    line: str


def methods(plain: tuple[Metric, ...], names: ModuleNames) -> tuple[Method, ...]:
    """Write a method for each metric that no event feeds."""
    wanted = ((metric.name, _method_name(metric)) for metric in plain)
    called = distinct_names(wanted, {"run", "current_run", "tool_call", "llm_step", "expect"})
    return tuple(_method(names.metrics[metric.name], called[metric.name]) for metric in plain)


def _method_name(metric: Metric) -> str:
    name = metric.name.replace(":", "_")
    match metric.type:
        case MetricType.HISTOGRAM:
            return f"observe_{name}"
        case MetricType.GAUGE:
            return f"set_{name}"
        case MetricType.COUNTER:
            return f"count_{name.removesuffix('_total')}"
        case _:
            assert_never(metric.type)


def _method(view: MetricView, name: str) -> Method:
    arguments = [f"{label.argument}: {label.hint} | None = None" for label in view.labels]
    values = [label.argument for label in view.labels]
    if view.metric.type is not MetricType.COUNTER:
        amount = _AMOUNTS.get(view.metric.unit, "amount")
        signature = ", ".join((f"{amount}: float", *arguments))
        verb = "Observe in" if view.metric.is_histogram else "Set"
        doc = f"{verb} ``{view.name}``, if the amount is finite. {view.metric.help}"
        return Method(
            name,
            ", ".join((amount, *values)),
            signature,
            doc,
            f"-inf < {amount} < inf",
            _fed(view, values, amount),
        )
    signature = ", ".join((*arguments, "amount: float = 1"))
    doc = f"Add to ``{view.name}``, if the amount is not negative. {view.metric.help}"
    return Method(
        name,
        ", ".join((*values, "amount=1")),
        signature,
        doc,
        "0 <= amount < inf",
        _fed(view, values, "amount"),
    )
