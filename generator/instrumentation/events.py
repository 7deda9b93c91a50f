"""Runs, tool calls and LLM steps in the form of the templates: arguments, and the lines that feed their metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from msgspec import Struct

from generator.instrumentation.view import distinct_names
from generator.model.metrics import Metric, MetricType
from generator.streams.roles import Amount, Event, Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.instrumentation.roles import Block
    from generator.instrumentation.view import LabelView, MetricView, Names
    from generator.model.service import Service

_SCALES = {"ms": " * 1000", "s": ""}
_AMOUNTS = {"ms": "milliseconds", "s": "seconds"}
_ERRORS = {Event.TOOL_ERROR, Event.LLM_ERROR}


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
        return ", ".join(self.argument(label) for label in self.given)

    @property
    def sub_signature(self) -> str:
        """The arguments of the method for such an event within another one, whose labels are the defaults."""
        return ", ".join(
            ["self", *(f"{label.argument}: {label.loose} | None = None" for label in self.given)]
        )

    def example(self, reason: str) -> str:
        """The arguments of a run in an example; ``reason`` is the reason of its end, as a literal."""
        given = [f"{label.argument}=..." for label in self.given if label.name not in self.optional]
        return ", ".join([*given, *([f"{self.cause.argument}={reason}"] if reason and self.cause else [])])

    def example_of(self, first: str) -> str:
        """The arguments of another event in an example, whose first one is read from a step."""
        needed = [label for label in self.given if label.name not in self.optional]
        return ", ".join([first, *(f"{label.argument}=..." for label in needed[1:])] if needed else [])

    def argument(self, label: LabelView) -> str:
        """Write one argument, which may be None where its caller may leave it out."""
        left_out = label.name in self.optional
        return f"{label.argument}: {label.loose}{' | None = None' if left_out else ''}"

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


def block_view(event: Block, names: Names, service: Service, of_run: tuple[str, ...] = ()) -> BlockView:
    """Show an event; the labels of its run need not be passed again."""
    cause = names.labels.get(event.cause)
    outcome = names.labels.get(event.outcome.label) if event.outcome else None
    values = {label: f"self._{names.labels[label].attribute}" for label in event.given}
    if cause:
        values[cause.name] = "cause"
    if outcome:
        values[outcome.name] = "outcome"
    if service.tokens.token_type in names.labels:
        values[service.tokens.token_type] = "token_type"
    if event.unread:
        values[event.unread] = "reason"
    lines: dict[Event, list[str]] = {}
    for fed in event.metrics:
        priced = {service.tokens.model: "model"} if fed.role.event is Event.TOKENS else {}
        line = _line(names.metrics[fed.metric.name], fed.role, values | priced)
        lines.setdefault(fed.role.event, []).append(line)
    special = {Event.TOKENS, Event.UNREAD, Event.INNER_RUN, *_ERRORS}
    shared = tuple(label for label in event.given if label in of_run)
    optional = (*event.optional, *shared)
    table = next(
        (each.table for each in names.determined if (each.head, each.target) == (cause, outcome)), ""
    )
    return BlockView(
        tuple(names.labels[label] for label in sorted(event.given, key=lambda label: label in optional)),
        cause,
        outcome.hint if outcome else "",
        event.outcome.good if event.outcome else "",
        event.outcome.bad if event.outcome else "",
        table,
        tuple(line for of, each in lines.items() if of not in special for line in each),
        tuple(line for of, each in lines.items() if of in _ERRORS for line in each),
        "".join(lines.get(Event.TOKENS, ())).replace("measures.", "self._measures."),
        "".join(lines.get(Event.UNREAD, ())),
        tuple(lines.get(Event.INNER_RUN, ())),
        optional,
        shared,
        names.labels[service.tokens.model].attribute if service.tokens.model in event.given else "",
    )


def _line(view: MetricView, role: Role, values: Mapping[str, str]) -> str:
    return f"measures.{_fed(view, [values[label.name] for label in view.labels], _amount(role.amount, view.metric))}"


def _amount(amount: Amount, metric: Metric) -> str:
    """Write the expression of an amount in the method that feeds a metric."""
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
            return ""  # a block knows neither, so that no line is of one
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


def methods(plain: tuple[Metric, ...], names: Names) -> tuple[Method, ...]:
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
    arguments = [f"{label.argument}: {label.hint}" for label in view.labels]
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
