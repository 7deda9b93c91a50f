"""Phantoms: metrics and labels in a query that do not exist.

The queries are those of foreign dashboards and rule files, with Grafana's variables filled in.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Protocol

import promql_parser as grammar
import yaml
from msgspec import Struct
from msgspec.structs import replace

from generator.audit.source import content
from generator.diagnostics.wording import closest, listed
from generator.live.errors import LiveError
from generator.model.metrics import TARGET_LABELS
from generator.model.names import ALERTS, LE, OF_TARGETS
from generator.model.units import DAY
from generator.promql.expr import Series, escape_regex
from generator.promql.syntax import RANKED, PromqlError, operands, parse, selector_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from generator.audit.exposition import Exposition
    from generator.live.api import PrometheusApi

#: The labels of a series; None where they are not all known.
KnownLabels = frozenset[str] | None
#: The series that Prometheus itself makes for each target, and for alerts.
MADE = (*OF_TARGETS, ALERTS)
_AT_ONCE = 100
#: The deepest nesting of an expression; the parser, which is not Python's, crashes the process at the end of its stack.
_DEEPEST, _SHOWN = 250, 80
_OPEN, _CLOSED = "([{", ")]}"
_LEVELS = re.compile(r"[][(){}+*/%^<>=!-]|\b(?:or|and|unless|atan2)\b", re.IGNORECASE)
_NAMED = 8
#: The placeholder for a variable in place of a name: its value is unknown.
_UNKNOWN = "grafana_variable"
_VARIABLE = r"(?:\$\{[\w.]+(?::[^}]*)?\}|\$\w+|\[\[\w+(?::\w+)?\]\])"
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|`[^`]*`')
_DURATION = re.compile(rf"(?<=\[){_VARIABLE}(?=[\]:])|(?<=:){_VARIABLE}(?=\])|(?<=offset ){_VARIABLE}")
_NUMBER = re.compile(r"\$(?:\{__\w*_(?:ms|s)\}|__\w*_(?:ms|s)\b)")
_ANY = re.compile(_VARIABLE)
_LABEL_VALUES = re.compile(r"label_values\(\s*(?:(.+?)\s*,\s*)?([\w$\[\]{}]+)\s*\)", re.DOTALL)
_QUERY_RESULT = re.compile(r"query_result\((.+)\)", re.DOTALL)
_DEEPEST_OBJECT = 60


class Phantom(Struct, frozen=True):
    """A metric, or a label of one, that a query names and that does not exist; ``expr`` where it is not PromQL."""

    file: str
    place: str
    metric: str
    label: str
    help: str
    expr: str = ""


class NameSource(Protocol):
    """A source of existing names and labels."""

    @property
    def place(self) -> str:
        """The source, for people: after ``nothing at``."""

    def labels(self, names: Iterable[str]) -> Mapping[str, KnownLabels]:
        """Find which of the names exist, and their labels; LiveError where the source fails."""

    def like(self, name: str) -> str | None:
        """Find an existing name that may be meant."""


class NamesOnServer(Struct, frozen=True):
    """All series of a Prometheus within a day, by its index; ``others`` are names that may be meant."""

    api: PrometheusApi
    now: float
    others: frozenset[str]

    @property
    def place(self) -> str:
        """Its address."""
        return self.api.url

    def labels(self, names: Iterable[str]) -> Mapping[str, KnownLabels]:
        """Request names, many at once, and the labels of each."""
        wanted = sorted(names)
        there: set[str] = set()
        for first in range(0, len(wanted), _AT_ONCE):
            pattern = "|".join(map(escape_regex, wanted[first : first + _AT_ONCE]))
            there |= self._listed("/api/v1/label/__name__/values", Series("").where("=~", __name__=pattern))
        quiet: dict[str, KnownLabels] = dict.fromkeys({ALERTS} & set(wanted))  # no alert may have fired yet
        return quiet | {
            name: self._listed("/api/v1/labels", Series("").where("=", __name__=name))
            for name in sorted(there)
        }

    def like(self, name: str) -> str | None:
        """Suggest a name from the profiles, if the server has it."""
        similar = _alike(name, self.others)
        return similar if similar and self.labels((similar,)) else None

    def _listed(self, path: str, series: Series) -> frozenset[str]:
        span = {"start": str(int(self.now) - DAY), "end": str(int(self.now) + 1)}
        return frozenset(
            self.api.look(path, {"match[]": series.now().text, **span}, list[str], "a list of names")
        )


class NamesInExposition(Struct, frozen=True):
    """All series of an exposition, and the labels that a scrape adds."""

    exposition: Exposition

    @property
    def place(self) -> str:
        """Its path."""
        return self.exposition.place

    def labels(self, names: Iterable[str]) -> Mapping[str, KnownLabels]:
        """Read its lines."""
        wanted, found = set(names), dict[str, set[str]]()
        for line in self.exposition.lines:
            if line.name in wanted:
                found.setdefault(line.name, set(TARGET_LABELS)).update(line.labels)
        made: dict[str, KnownLabels] = dict.fromkeys(wanted & set(MADE))
        return made | {name: frozenset(labels) for name, labels in found.items()}

    def like(self, name: str) -> str | None:
        """Suggest one of its names."""
        return _alike(name, {line.name for line in self.exposition.lines})


class InProfiles(Struct, frozen=True):
    """All series that profiles read, and rules record, without a request to a server."""

    known: Mapping[str, KnownLabels]

    @property
    def place(self) -> str:
        """The place in messages: no profile."""
        return "in any profile"

    def labels(self, names: Iterable[str]) -> Mapping[str, KnownLabels]:
        """Look the names up."""
        return {name: self.known[name] for name in names if name in self.known}

    def like(self, name: str) -> str | None:
        """Suggest one of its names."""
        return _alike(name, self.known)


def _alike(name: str, names: Iterable[str]) -> str | None:
    """Find the meant name among those with the same first word: others belong to another source."""
    word = re.split("[_:]", name)[0]
    return closest(name, sorted(one for one in names if re.split("[_:]", one)[0] == word))


def phantoms(queries: Iterable[ForeignQuery], known: NameSource) -> tuple[Phantom, ...]:
    """Find the names in queries that do not exist, each once a place; records of the same files exist.

    Raises:
        LiveError: a server fails.
    """
    every = tuple(queries)
    parsed = [(query, _tree(query.expr)) for query in every]
    records: dict[str, KnownLabels] = {query.defines: None for query in every if query.defines}
    names = {name for _, tree in parsed if tree for name in _names(tree)}
    series = {**known.labels(names - records.keys()), **records}
    found: dict[Phantom, None] = {}
    for query, tree in parsed:
        if tree is None:
            found[_unread(query)] = None
            continue
        walk = _Walk(query.file, query.place, series, known, found)
        walk.asked(tree, query.labels)
    return tuple(found)


def _tree(expr: str) -> grammar.Expr | None:
    try:
        return parse(expr) if _is_readable(expr) else None
    except PromqlError:
        return None


def _unread(query: ForeignQuery) -> Phantom:
    if _is_readable(query.expr):
        return Phantom(query.file, query.place, "", "", "it is no PromQL", query.expr)
    begin = f"{query.expr[:_SHOWN]}..."
    return Phantom(query.file, query.place, "", "", "it is nested too deeply", begin)


def _is_readable(expr: str) -> bool:
    """Whether no part of an expression is nested too deeply: brackets around it and operators beside it count."""
    around, levels = [0], 1
    for level in _LEVELS.finditer(_STRING.sub("", expr)):
        if level[0] in _CLOSED:
            levels -= around.pop() + 1 if len(around) > 1 else 0
            continue
        levels += 1
        if level[0] in _OPEN:
            around.append(0)
        else:
            around[-1] += 1
        if levels > _DEEPEST:
            return False
    return True


def _names(node: grammar.Expr) -> Iterator[str]:
    if isinstance(node, grammar.VectorSelector):
        name = selector_of(node).name
        if name and _UNKNOWN not in name:
            yield name
    for one in operands(node):
        yield from _names(one)


class _Walk(Struct, frozen=True):
    """Follows the labels of a query from its selectors outwards; an unknown label set stays unknown."""

    file: str
    place: str
    series: Mapping[str, KnownLabels]
    known: NameSource
    found: dict[Phantom, None]

    def asked(self, tree: grammar.Expr, labels: Iterable[str]) -> None:
        """Compare the requested labels of a result with its real ones."""
        self._named(labels, self.labels_of(tree), tree)

    def labels_of(self, node: grammar.Expr) -> KnownLabels:
        """Find the labels of a result, and note missing ones on the way."""
        match node:
            case grammar.VectorSelector():
                return self._selected(node)
            case grammar.AggregateExpr():
                return self._aggregated(node)
            case grammar.BinaryExpr():
                return self._joined(node)
            case grammar.Call():
                return self._called(node)
            case grammar.NumberLiteral() | grammar.StringLiteral():
                return frozenset()
            case _:
                return self.labels_of(operands(node)[0])

    def _selected(self, node: grammar.VectorSelector) -> KnownLabels:
        read = selector_of(node)
        if not read.name or _UNKNOWN in read.name:
            return None
        if read.name not in self.series:
            like = self.known.like(read.name)
            help_ = f'did you mean "{like}"?' if like and like != read.name else ""
            self.found[Phantom(self.file, self.place, read.name, "", help_)] = None
            return None
        labels = self.series[read.name]
        if labels is not None:
            asked = (label for label, op, value in read.matchers if not (op == "=" and not value))
            self._named(asked, labels, node)
        return labels

    def _aggregated(self, node: grammar.AggregateExpr) -> KnownLabels:
        inner, modifier = self.labels_of(node.expr), node.modifier
        made = {node.param.val} if isinstance(node.param, grammar.StringLiteral) else set()
        named = frozenset(modifier.labels) if modifier else frozenset()
        if modifier and modifier.type == grammar.AggModifierType.Without:
            return None if inner is None else (inner - named) | made
        self._named(named, inner, node.expr)
        if str(node.op) in RANKED:
            return inner
        return named | made

    def _joined(self, node: grammar.BinaryExpr) -> KnownLabels:
        left, right = self.labels_of(node.lhs), self.labels_of(node.rhs)
        modifier = node.modifier
        if modifier and modifier.matching:
            scalar = (grammar.NumberLiteral, grammar.StringLiteral)
            for side, labels in ((node.lhs, left), (node.rhs, right)):
                if (
                    not isinstance(side, scalar)
                    and modifier.matching.type == grammar.LabelModifierType.Include
                ):
                    self._named(modifier.matching.labels, labels, side)
        if left is None or right is None:
            return None
        return left | right

    def _called(self, node: grammar.Call) -> KnownLabels:
        inner = [self.labels_of(one) for one in node.args]
        words = [one.val for one in node.args if isinstance(one, grammar.StringLiteral)]
        if node.func.name in {"absent", "absent_over_time", "vector", "scalar", "time"}:
            return None
        known = frozenset[str]()
        for one in inner:
            if one is None:
                return None
            known |= one
        if node.func.name in {"label_replace", "label_join"} and words:
            sources = words[2:3] if node.func.name == "label_replace" else words[2:]
            # A join of several labels works where some of them are empty.
            if known.isdisjoint(sources):
                self._named((one for one in sources if one), known, node.args[0])
            return known | {words[0]}
        return known - {LE} if node.func.name == "histogram_quantile" else known

    def _named(self, labels: Iterable[str], there: KnownLabels, node: grammar.Expr) -> None:
        if there is None:
            return
        names = sorted(set(_names(node)))
        for label in labels:
            if label in there or label == "__name__" or _UNKNOWN in label:
                continue
            shown = sorted(one for one in there if one != "__name__")
            help_ = f"it has {listed(shown, _NAMED)}" if shown else "the query has summed all labels away"
            self.found[Phantom(self.file, self.place, ", ".join(names), label, help_)] = None


class ForeignQuery(Struct, frozen=True):
    """An expression as PromQL, its file and its place, and the labels that its result must have.

    ``defines`` is the record of a recording rule; empty for all others.
    """

    place: str
    expr: str
    labels: tuple[str, ...] = ()
    defines: str = ""
    file: str = ""


def read_queries(path: Path) -> tuple[ForeignQuery, ...]:
    """Read a dashboard of Grafana in JSON, or a file of rules in YAML.

    Raises:
        LiveError: it cannot be read, or is neither.
    """
    body = content(path, _WANTED, "give it in parts")
    try:
        queries = _of_any(_parsed(path, body.decode("utf-8")), "")
        found = tuple(replace(one, file=str(path)) for one in queries)
    except (ValueError, yaml.YAMLError, RecursionError) as problem:
        reason = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
        raise LiveError(f"{path} is neither JSON nor YAML: {reason}", _WANTED) from problem
    if not found:
        raise LiveError(f"{path} has no query of Prometheus", _WANTED)
    return found


_WANTED = "give the JSON of a dashboard, as Grafana exports it, or a file of rules"


def _parsed(path: Path, text: str) -> Any:  # noqa: ANN401 - any document
    return json.loads(text) if path.suffix == ".json" else list(yaml.safe_load_all(text))


def _of_any(value: Any, place: str, depth: int = 0) -> Iterator[ForeignQuery]:  # noqa: ANN401
    """Search everywhere: panels are in rows, dashboards in API answers, rules in objects of Kubernetes."""
    if depth > _DEEPEST_OBJECT:
        raise ValueError("it is nested too deeply")
    if isinstance(value, list):
        for one in value:
            yield from _of_any(one, place, depth + 1)
    elif isinstance(value, dict) and not _is_elsewhere(value):
        named = next(
            (str(value[key]) for key in ("record", "alert", "title", "name") if value.get(key)), place
        )
        yield from _of_object(value, named)
        for one in value.values():
            yield from _of_any(one, named, depth + 1)


def _is_elsewhere(value: dict[str, Any]) -> bool:
    """Whether its data source is not a Prometheus."""
    source = value.get("datasource")
    kind = source.get("type") if isinstance(source, dict) else None
    return isinstance(kind, str) and kind not in {"prometheus", "", "datasource", "mixed"} and "expr" in value


def _of_object(value: dict[str, Any], place: str) -> Iterator[ForeignQuery]:
    if isinstance(value.get("expr"), str | int | float):
        record = str(value["record"]) if isinstance(value.get("record"), str) else ""
        yield ForeignQuery(place, filled(str(value["expr"])), (), record)
    if value.get("type") == "query" and "query" in value:  # a variable of a dashboard
        query = value["query"].get("query", "") if isinstance(value["query"], dict) else value["query"]
        yield from _of_variable(str(query), f"variable {place}")


def _of_variable(query: str, place: str) -> Iterator[ForeignQuery]:
    if match := _LABEL_VALUES.fullmatch(query.strip()):
        label = () if _ANY.search(match[2]) else (match[2],)
        if match[1]:
            yield ForeignQuery(place, filled(match[1]), label)
    elif match := _QUERY_RESULT.fullmatch(query.strip()):
        yield ForeignQuery(place, filled(match[1]))


def filled(expr: str) -> str:
    """Fill in each variable: a duration, a number or a name, as its place requires; strings stay."""
    parts, end = [], 0
    for text in _STRING.finditer(expr):
        parts += [_outside(expr[end : text.start()]), text.group()]
        end = text.end()
    return "".join([*parts, _outside(expr[end:])])


def _outside(code: str) -> str:
    code = _NUMBER.sub("1", code)
    code = _DURATION.sub("5m", code)
    return _ANY.sub(_UNKNOWN, code)
