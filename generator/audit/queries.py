"""Queries of foreign dashboards and rule files, with Grafana's variables filled in."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import yaml
from msgspec import Struct
from msgspec.structs import replace

from generator.audit.files import content
from generator.live.errors import LiveError
from generator.live.transport import MOST_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: The placeholder for a variable in place of a name: its value is unknown.
UNKNOWN = "grafana_variable"
_VARIABLE = r"(?:\$\{[\w.]+(?::[^}]*)?\}|\$\w+|\[\[\w+(?::\w+)?\]\])"
STRING = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|`[^`]*`')
_DURATION = re.compile(rf"(?<=\[){_VARIABLE}(?=[\]:])|(?<=:){_VARIABLE}(?=\])|(?<=offset ){_VARIABLE}")
_NUMBER = re.compile(r"\$(?:\{__\w*_(?:ms|s)\}|__\w*_(?:ms|s)\b)")
_ANY = re.compile(_VARIABLE)
_LABEL_VALUES = re.compile(r"label_values\(\s*(?:(.+?)\s*,\s*)?([\w$\[\]{}]+)\s*\)", re.DOTALL)
_QUERY_RESULT = re.compile(r"query_result\((.+)\)", re.DOTALL)
_DEEPEST = 60


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
    body = content(path, MOST_BYTES, _WANTED, "give it in parts")
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
    if depth > _DEEPEST:
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
    for text in STRING.finditer(expr):
        parts += [_outside(expr[end : text.start()]), text.group()]
        end = text.end()
    return "".join([*parts, _outside(expr[end:])])


def _outside(code: str) -> str:
    code = _NUMBER.sub("1", code)
    code = _DURATION.sub("5m", code)
    return _ANY.sub(UNKNOWN, code)
