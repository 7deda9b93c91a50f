"""Variables and their readers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.grafana.documents import events, everything, targets, variables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.grafana.documents import Json

#: Grafana's own syntax: $name, ${name}, ${name:format}, ${name.field}, [[name]].
REFERENCE = re.compile(r"\$(\w+)|\[\[(\w+?)(?::(\w+))?\]\]|\${(\w+)(?:\.([^:^}]+))?(?::([^}]+))?}")
_MATCHED = re.compile(r'(=~?|!=|!~)"\$(\w+)"')
#: A variable that nobody sees, as only titles read it.
_HIDDEN = 2
#: A service outside all environments is among all services, and services of other environments are taken away.
_EVERY, _AWAY = {"environment": ".*"}, {"environment"}
#: A typed text matches anywhere in a value.
_TYPED = re.compile(r'=~"\.\*\$(\w+)\.\*"')


def referred(text: object) -> set[str]:
    """Name the variables that a text refers to; Grafana's own begin with two underscores, groups are numbers."""
    found = (match[1] or match[2] or match[4] for match in REFERENCE.finditer(str(text or "")))
    return {name for name in found if not name.startswith("__") and not name[0].isdigit()}


def first(board: Json) -> Iterator[str]:
    """The data source is chosen first; its variable has the same name as in Grafana's own dashboards."""
    name, found = next(iter(variables(board).items()))
    if (name, found["type"], found["query"]) != ("datasource", "datasource", "prometheus"):
        yield f"{board['uid']} begins with {name}, {found['type']}, {found['query']}"
    if found["label"] != "Data source":
        yield f"{board['uid']} calls its data source {found['label']!r}"


def offers(board: Json) -> Iterator[str]:
    """Values are read again for each time range; a variable with "all" also accepts several values."""
    for name, one in variables(board).items():
        if not one.get("label"):
            yield f"{board['uid']}: {name} has no label"
        if one["type"] == "query" and one["refresh"] != 2:
            yield f"{board['uid']}: {name} is read once"
        if (one["multi"], one.get("allValue")) not in {(True, _EVERY.get(name, ".+")), (False, None)}:
            yield f"{board['uid']}: {name} is {one['multi']} with all as {one.get('allValue')}"
        if one["multi"] != one["includeAll"]:
            yield f"{board['uid']}: {name} has several or all, not both"


def matched(board: Json) -> Iterator[str]:
    """Several values form one regular expression, a single one is a value; a text matches a part."""
    found = variables(board)
    asked = [(target.where, target.expr) for target in targets(board)]
    asked += [(where, one["expr"]) for where, one in events(board)]
    asked += [(name, one["query"]) for name, one in found.items() if one["type"] == "query"]
    for where, expr in asked:
        for operator, name in _MATCHED.findall(expr):
            if operator == "!~" and name in _AWAY:
                continue
            if operator != ("=~" if found[name]["multi"] else "="):
                yield f"{where} matches ${name} by {operator}"
        typed = _TYPED.findall(expr)
        yield from (f"{where} looks for ${name}" for name in typed if found[name]["type"] != "textbox")
        if len([*_MATCHED.findall(expr), *typed]) != len(re.findall(r"\$[a-z]\w*", expr)):
            yield f"{where} has a variable outside a matcher: {expr}"


def defined(board: Json) -> Iterator[str]:
    """Every used variable exists, and a variable reads only those before it."""
    known: set[str] = set()
    for name, one in variables(board).items():
        if missing := referred(one["query"]) - known:
            yield f"{board['uid']}: {name} reads {sorted(missing)}"
        known.add(name)
    for panel in [*everything(board), *board["annotations"]["list"], *board["links"]]:
        if missing := _referred_anywhere(panel) - known:
            yield f"{board['uid']} / {panel['title' if 'title' in panel else 'name']} reads {sorted(missing)}"


def used(board: Json) -> Iterator[str]:
    """Every visible variable affects something on the dashboard, or another variable."""
    found = variables(board)
    shown = [*everything(board), *board["annotations"]["list"], *(one["query"] for one in found.values())]
    read = set().union(*map(_referred_anywhere, shown))
    chosen = (name for name, one in found.items() if one.get("hide") != _HIDDEN)
    yield from (f"{board['uid']}: nothing reads ${name}" for name in chosen if name not in read)


def _referred_anywhere(value: object) -> set[str]:
    if isinstance(value, dict):
        return set().union(*map(_referred_anywhere, value.values()))
    if isinstance(value, list):
        return set().union(*map(_referred_anywhere, value))
    return referred(value) if isinstance(value, str) else set()
