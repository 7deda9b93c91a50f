"""The places in the schemas with free text, and filling them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Json = dict[str, Any]

_SCHEMAS = Path(__file__).parents[2] / "generator" / "spec" / "schemas"
_KNOWN: dict[str, Json] = {
    path.name: json.loads(path.read_text("utf-8")) for path in _SCHEMAS.glob("*.schema.json")
}
#: A small language each, with no free text; the name of another spec.
_LANGUAGES = ("#/$defs/quantity", "#/$defs/bound", "/buckets[]", "/over", "/cost/per", "service:/profile")
_MOST = 1000


def schema(kind: str) -> Json:
    """Read the schema of a kind of file."""
    return _KNOWN[f"{kind}.schema.json"]


def free(kind: str) -> set[str]:
    """Name every place of a kind of file with free text, keys of mappings included."""
    return set(_free(schema(kind), f"{kind}:", schema(kind)))


def written(kind: str, value: object) -> Iterator[tuple[str, str]]:
    """Pair each text of a file, keys included, with the name of its place."""
    yield from _written(schema(kind), f"{kind}:", schema(kind), value)


def filled(kind: str, value: Json, texts: tuple[str, ...]) -> Json:
    """Write texts into every place of prose: in turn where a place occurs often, else all of them together."""
    counted = _Turns(texts, {})
    _fill(schema(kind), f"{kind}:", schema(kind), value, counted)
    _fill(schema(kind), f"{kind}:", schema(kind), value, _Turns(texts, dict(counted.taken)))
    return value


class _Turns(Struct, frozen=True):
    """The next text of each place; ``often`` is the number of occurrences of each place."""

    texts: tuple[str, ...]
    often: Mapping[str, int]
    taken: Counter[str] = field(default_factory=Counter)

    def text(self, where: str) -> str:
        turn = self.taken[where]
        self.taken[where] += 1
        enough = self.often.get(where, 0) >= len(self.texts)
        return self.texts[turn % len(self.texts)] if enough else " ".join(self.texts)[:_MOST]


def _resolved(found: Json, root: Json) -> tuple[Json, Json, str]:
    """Follow references; return the last one, too."""
    name = ""
    while "$ref" in found:
        name = found["$ref"]
        file, _, pointer = name.partition("#/")
        root = _KNOWN[file] if file else root
        more = {key: one for key, one in found.items() if key != "$ref"}
        target: Any = root
        for step in pointer.split("/"):
            target = target[step]
        found = {**target, **more}
    return found, root, name


def _members(found: Json) -> Iterator[tuple[str, Json]]:
    """List the members of a value: ``name`` of a property, ``*`` of others, ``[]`` of items."""
    for branch in ("then", "else"):
        if branch in found:
            yield "", _narrowed(found, branch)
    yield from ((f"/{name}", one) for name, one in found.get("properties", {}).items())
    if isinstance(found.get("additionalProperties"), dict):
        yield "/*", found["additionalProperties"]
    if "items" in found:
        yield "[]", found["items"]


def _narrowed(found: Json, branch: str) -> Json:
    """Return a branch, whose maps have the bounds of their keys where they are without it."""
    outer, inner = found.get("properties", {}), found[branch].get("properties", {})
    bounds = {
        name: {"propertyNames": outer[name]["propertyNames"]}
        for name in inner
        if "propertyNames" in outer.get(name, {})
    }
    if not bounds:
        return found[branch]  # type: ignore[no-any-return]  # JSON
    return {**found[branch], "properties": {name: bounds.get(name, {}) | one for name, one in inner.items()}}


def _keys(found: Json) -> Json | None:
    """Find the schema of unlisted keys; None where there are none."""
    if not isinstance(found.get("additionalProperties"), dict):
        return None
    names: Json = found.get("propertyNames", {"type": "string"})
    return names


def _is_free(found: Json, name: str, where: str) -> bool:
    kinds = found.get("type", ())
    strings = "string" in ([kinds] if isinstance(kinds, str) else kinds)
    language = name.endswith(_LANGUAGES) or where.endswith(_LANGUAGES)
    return strings and not language and not {"enum", "pattern"} & found.keys()


def _free(schema_: Json, where: str, root: Json) -> Iterator[str]:
    found, root, name = _resolved(schema_, root)
    if _is_free(found, name, where):
        yield where
    keys = _keys(found)
    if keys is not None:
        yield from _free(keys, f"{where}/(key)", root)
    for step, member in _members(found):
        yield from _free(member, where + step, root)


def _written(schema_: Json, where: str, root: Json, value: object) -> Iterator[tuple[str, str]]:
    found, root, _ = _resolved(schema_, root)
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, list):
        for one in value:
            yield from _written(found["items"], f"{where}[]", root, one)
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _below(found, where, root, key, one)


def _below(found: Json, where: str, root: Json, key: str, value: object) -> Iterator[tuple[str, str]]:
    for branch in ("then", "else"):
        if branch in found:
            of_branch, root_of_branch, _ = _resolved(found[branch], root)
            if isinstance(value, dict) or key in of_branch.get("properties", {}):
                yield from _below(of_branch, where, root_of_branch, key, value)
    if key in found.get("properties", {}):
        yield from _written(found["properties"][key], f"{where}/{key}", root, value)
    elif isinstance(found.get("additionalProperties"), dict):
        yield f"{where}/(key)", key
        yield from _written(found["additionalProperties"], f"{where}/*", root, value)


def _fill(schema_: Json, where: str, root: Json, value: object, turns: _Turns) -> None:
    """Fill a mapping; no list of a spec contains mappings with prose."""
    found, root, _ = _resolved(schema_, root)
    if not isinstance(value, dict):
        return
    for step, member in _members(found):
        if step == "":
            _fill(member, where, root, value, turns)
        elif step == "/*":
            for key in [key for key in value if key not in found.get("properties", {})]:
                _fill(member, f"{where}/*", root, value[key], turns)
        elif _resolved(member, root)[2].endswith("#/$defs/text") and step != "/disabled":
            value[step[1:]] = turns.text(where + step)
        elif step[1:] in value:
            _fill(member, where + step, root, value[step[1:]], turns)
