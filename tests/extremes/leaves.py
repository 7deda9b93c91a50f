"""The leaves of a document, each with its part of the JSON Schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Step = str | int
Schema = dict[str, Any]

_FOLDER = Path(__file__).parents[2] / "generator/spec/schemas"
SCHEMAS: dict[str, Schema] = {
    path.name: json.loads(path.read_text("utf-8")) for path in sorted(_FOLDER.glob("*.schema.json"))
}
_HOLDERS = ("$defs", "properties")
_BELOW = ("items", "additionalProperties", "propertyNames", "if", "then", "else")


class SchemaPart(Struct, frozen=True):
    """A part of a schema, with its place: ``common.schema.json#/$defs/text``."""

    place: str
    contents: Schema

    def child(self, *steps: str) -> SchemaPart:
        """The part below."""
        contents = self.contents
        for step in steps:
            contents = contents[step]
        return SchemaPart("/".join((self.place, *steps)), contents)

    def meant(self) -> SchemaPart:
        """The part that it refers to, or itself."""
        reference = self.contents.get("$ref")
        if reference is None:
            return self
        file, _, pointer = reference.partition("#/")
        root = SchemaPart(
            f"{file or self.place.partition('#')[0]}#", SCHEMAS[file or self.place.partition("#")[0]]
        )
        return root.child(*pointer.split("/")).meant()


class Leaf(Struct, frozen=True):
    """A value that is neither a map nor a list, its path in the document, and its part of the schema."""

    path: tuple[Step, ...]
    value: object
    part: SchemaPart


def root(kind: str) -> SchemaPart:
    """The schema of a kind of file."""
    return SchemaPart(f"{kind}.schema.json#", SCHEMAS[f"{kind}.schema.json"])


def leaves(value: object, part: SchemaPart, path: tuple[Step, ...] = ()) -> Iterator[Leaf]:
    """Walk a document and its schema together."""
    part = _form(part.meant(), value)
    if isinstance(value, dict):
        for key, below in value.items():
            yield from leaves(below, _of_key(part, key), (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, part.child("items"), (*path, index))
    else:
        yield Leaf(path, value, part)


def parts(part: SchemaPart) -> Iterator[SchemaPart]:
    """Every part of a schema file, references not followed."""
    yield part
    for holder in _HOLDERS:
        for key in part.contents.get(holder, {}):
            yield from parts(part.child(holder, key))
    for key in _BELOW:
        if isinstance(part.contents.get(key), dict):
            yield from parts(part.child(key))


def _form(part: SchemaPart, value: object) -> SchemaPart:
    """Choose the written one of two forms of a metric: a whole one, or other buckets."""
    if "else" not in part.contents:
        return part
    whole = isinstance(value, dict) and "type" in value
    return part.child("then" if whole else "else").meant()


def _of_key(part: SchemaPart, key: str) -> SchemaPart:
    named = key in part.contents.get("properties", {})
    return part.child("properties", key) if named else part.child("additionalProperties")


def with_text(document: dict[str, Any], path: Sequence[Step], text: str) -> str:
    """Write a document with a text of its own, which need not be JSON, in place of one value."""
    hole = "@hole@"
    return json.dumps(_replaced(document, path, hole), indent=1).replace(json.dumps(hole), text)


def _replaced(value: Any, path: Sequence[Step], by: str) -> Any:  # noqa: ANN401 - what YAML holds
    if not path:
        return by
    changed = value.copy()
    changed[path[0]] = _replaced(value[path[0]], path[1:], by)
    return changed
