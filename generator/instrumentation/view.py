"""The data of the templates: a service's labels, metrics and blocks, with their names and literals in Python."""

from __future__ import annotations

from functools import lru_cache
from keyword import iskeyword, issoftkeyword
from textwrap import wrap
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model.metrics import Across, Label, Metric

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from generator.instrumentation.events import Blocks
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
