"""The data of the templates: a service's labels, metrics and blocks, with their names and lines in Python."""

from __future__ import annotations

from functools import lru_cache
from keyword import iskeyword, issoftkeyword
from textwrap import wrap
from typing import TYPE_CHECKING, assert_never

from msgspec import Struct

from generator.model.metrics import Across, Label, Metric, MetricType
from generator.model.streams import MODEL, TOKEN_TYPE
from generator.streams.roles import Event

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from generator.instrumentation.events import Block, Blocks
    from generator.model.service import Service

_LATIN, _BASIC = 0x100, 0x10000
#: Characters of a line; an escape may make one a little longer.
_LINE = 100


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Names that a module defines or imports itself, so that no label's type may have them.
_TYPES = _words(
    """
    Any AsyncGenerator AsyncGeneratorType Awaitable BaseException Callable Collector CollectorRegistry
    ContextVar CoroutineType Counter Exception Final Gauge Generator GeneratorType Histogram IOBase Iterable
    Iterator LLMStep Literal Mapping MethodType Metric NamedTuple ParamSpec RLock Run Self ToolCall
    TracebackType TypeVar WeakKeyDictionary WeakSet
    """
)
_TABLES = {"OTHER", "REGISTRY", "TYPE_CHECKING"}
#: Names that methods use, so that no argument may have them.
_ARGUMENTS = _words(
    """
    amount answer cause count error failed inf known measures milliseconds outcome parent reason registry
    resumed run seconds self
    """
)
#: Attributes and methods of blocks, and of the object with the series.
_ATTRIBUTES = _words(
    """
    add all another arguments awaited begin blame bounds collect counted default describe done driven end
    failed failures fold fold_labels given_back given_parent given_run hand_over handed_over inside
    is_unread item later ledger lock measures outer outer_run parent resume resumed returned run said settle
    starts step steps stop sub_run suspend unread usage why
    """
)
#: The names of the amounts of metrics in a unit.
_AMOUNTS = {"ms": "milliseconds", "s": "seconds"}
_ERRORS = {Event.TOOL_ERROR, Event.LLM_ERROR}
_MODES = {
    Across.SUM: "livesum",
    Across.AVERAGE: "liveall",
    Across.LARGEST: "livemax",
    Across.SMALLEST: "livemin",
}


@lru_cache(maxsize=4096)
def python_literal(text: str) -> str:
    r"""Write any string as a literal in printable ASCII, on one line: ``a "b"\n`` becomes ``'a "b"\n'``.

    The quotes are double ones unless others save escapes, as formatters prefer.
    """
    quote = "'" if '"' in text and "'" not in text else '"'
    return quote + "".join(_escaped(char, quote) for char in text) + quote


def _escaped(char: str, quote: str) -> str:
    if char in {quote, "\\"}:
        return f"\\{char}"
    if " " <= char <= "~":
        return char
    code = ord(char)
    if char in "\n\r\t":
        return repr(char)[1:-1]
    if code < _LATIN:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < _BASIC else f"\\U{code:08x}"


def docstring_literal(text: str) -> str:
    """Write a literal into a docstring: ``help`` shows the text to type, and its quotes do not end the docstring."""
    return python_literal(text).replace("\\", "\\\\").replace('"""', r"\"\"\"")


@lru_cache(maxsize=1024)
def docstring(text: str, indent: int) -> str:
    """Write a docstring, on one line if it fits; no text can end it early."""
    plain = "".join(_escaped(char, '"') for char in " ".join(text.split()))
    lines = wrap(plain, _LINE - indent, break_long_words=False, break_on_hyphens=False)
    if len(lines) == 1:
        return f'"""{plain}"""'
    return f"\n{' ' * indent}".join(('"""' + lines[0], *lines[1:], '"""'))


def python_number(value: float) -> str:
    """Write a number, a whole one without a point."""
    return str(int(value)) if value == int(value) else repr(float(value))


def class_name(name: str) -> str:
    """Join the words of a name: ``support-agent`` becomes ``SupportAgent``."""
    return "".join(word[:1].upper() + word[1:] for word in name.replace("-", "_").split("_"))


def distinct_names(wanted: Iterable[tuple[str, str]], reserved: Iterable[str]) -> dict[str, str]:
    """Assign each key a unique name: the wanted one if it is free, else with ``_`` appended.

    ``wanted`` are pairs of a key and an identifier.
    """
    taken, found = set(reserved), {}
    for key, name in wanted:
        free = name
        while free in taken or iskeyword(free) or issoftkeyword(free):
            free += "_"
        taken.add(free)
        found[key] = free
    return found


def wrapped(text: str, indent: int) -> str:
    """Write a literal over several lines where it is too long for one; all but the first are indented."""
    if len(text) <= _LINE - indent:
        return python_literal(text)
    pieces, rest = [], text
    while len(rest) > _LINE - indent:
        cut = rest.rfind(" ", 1, _LINE - indent) + 1 or _LINE - indent
        pieces.append(rest[:cut])
        rest = rest[cut:]
    return f"\n{' ' * indent}".join(python_literal(piece) for piece in (*pieces, rest))


class LabelView(Struct, frozen=True):
    """A label: the names of its attribute, argument, type and table of values."""

    name: str
    values: tuple[str, ...]
    most: int
    attribute: str
    argument: str
    type: str
    table: str

    @property
    def hint(self) -> str:
        """The type of its values."""
        return self.type if self.values else "str"

    @property
    def loose(self) -> str:
        """The type of values that come from elsewhere, such as the tool that a model chose."""
        return f"{self.type} | str" if self.values else "str"


class MetricView(Struct, frozen=True):
    """A metric: its attribute, and its labels without those with one value in a process."""

    metric: Metric
    attribute: str
    labels: tuple[LabelView, ...]

    @property
    def name(self) -> str:
        """Its name as exposed."""
        return self.metric.name

    @property
    def family(self) -> str:
        """Its class in prometheus_client."""
        return self.metric.type.capitalize()

    @property
    def mode(self) -> str:
        """prometheus_client's mode for a gauge of several processes; empty for counters and histograms."""
        return _MODES[self.metric.across] if self.metric.is_gauge else ""


class Determined(Struct, frozen=True):
    """A label that another one determines, with the pairs of values."""

    head: LabelView
    target: LabelView
    table: str
    pairs: tuple[tuple[str, str], ...]


class ModuleNames(Struct, frozen=True):
    """Everything of a service that has a name in its module."""

    labels: Mapping[str, LabelView]
    metrics: Mapping[str, MetricView]
    determined: tuple[Determined, ...]


def names_of(service: Service, blocks: Blocks) -> ModuleNames:
    """Name the labels and metrics of a service."""
    used = {label for metric in service.metrics.values() for label in metric.labels}
    labels = _labels(label for label in service.labels.values() if label.name in used)
    taken = {*_ATTRIBUTES, *(label.attribute for label in labels.values())}
    attributes = distinct_names(
        ((name, name.replace(":", "_").lstrip("_") or "metric") for name in service.metrics), taken
    )
    metrics = {
        name: MetricView(
            metric,
            attributes[name],
            tuple(labels[label] for label in metric.labels if label not in blocks.constant),
        )
        for name, metric in service.metrics.items()
    }
    return ModuleNames(labels, metrics, tuple(_determined(service, labels)))


def _labels(found: Iterable[Label]) -> dict[str, LabelView]:
    labels = tuple(found)
    attributes = distinct_names(((label.name, label.name) for label in labels), _ATTRIBUTES)
    arguments = distinct_names(((label.name, label.name) for label in labels), _ARGUMENTS)
    types = distinct_names(((label.name, class_name(label.name)) for label in labels), _TYPES)
    tables = distinct_names(((label.name, _plural(label.name).upper()) for label in labels), _TABLES)
    return {
        label.name: LabelView(
            label.name,
            label.values,
            len(label.values) or label.max_live,
            attributes[label.name],
            arguments[label.name],
            types[label.name],
            tables[label.name],
        )
        for label in labels
    }


def _plural(word: str) -> str:
    if word.endswith(("s", "x", "ch")):
        return f"{word}es"
    return f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"


def _determined(service: Service, labels: Mapping[str, LabelView]) -> Iterable[Determined]:
    """List the determined labels, each after the label that determines it."""
    for name in sorted(labels, key=lambda label: _above(label, service)):
        label, view = service.labels[name], labels[name]
        target = labels.get(label.determines or "")
        if target is not None and label.determined:
            table = f"_{target.name.upper()}_BY_{name.upper()}"
            yield Determined(view, target, table, tuple(label.determined.items()))


def _above(name: str, service: Service) -> int:
    """Count the labels above one in the longest chain that determines it; no chain closes."""
    heads = (label.name for label in service.labels.values() if label.determines == name)
    return max((_above(head, service) + 1 for head in heads), default=0)


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
        """Whether the block measures its duration, for a metric."""
        return any("seconds" in line for line in self.lines)


def _example(label: LabelView) -> str:
    """Write a value that the spec lists, the first one; else the ellipsis."""
    return docstring_literal(label.values[0]) if label.values else "..."


def block_view(block: Block, names: ModuleNames, of_run: tuple[str, ...]) -> BlockView:
    """Show a block; the labels of its run need not be passed again."""
    cause = names.labels.get(block.cause)
    outcome = names.labels.get(block.outcome.label) if block.outcome else None
    lines = _lines(block, names)
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


def _lines(block: Block, names: ModuleNames) -> dict[Event, list[str]]:
    """Write the lines that feed a block's metrics, by event."""
    values = _values(block, names)
    lines: dict[Event, list[str]] = {}
    for fed in block.metrics:
        metric = names.metrics[fed.metric.name]
        said = values | {MODEL: "model"} if fed.event is Event.TOKENS else values
        line = f"measures.{_fed(metric, [said[label.name] for label in metric.labels], fed.amount)}"
        lines.setdefault(fed.event, []).append(line)
    return lines


def _values(block: Block, names: ModuleNames) -> dict[str, str]:
    """Write the value of each label in these lines."""
    values = {label: f"self._{names.labels[label].attribute}" for label in block.given}
    values |= {block.cause: "cause", block.unread: "reason", TOKEN_TYPE: "token_type"}
    return values | {block.outcome.label: "outcome"} if block.outcome else values


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
