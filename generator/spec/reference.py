"""The reference of all spec keys, from the JSON Schemas: path, type, default, example and meaning of each.

The last sentence of a key's description gives the meaning of its absence: ``Default: 5m.`` or ``Missing: none.``
Examples are those of the schemas, else values from the specs that ship with the compiler. A definition that several
kinds of files share, such as an alert, has a section of its own.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import yaml
from msgspec import Struct

from generator.spec import sources
from generator.spec.schema import FILES, IN_DIRECTORIES, SUFFIX, schema_contents

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from generator.spec.nodes import Plain

    Schema = Mapping[str, Any]

#: Type and example of the values that the schemas define by a name.
_FORMS = {
    "alertName": ("name of an alert", "AgentNoRuns"),
    "bound": ("bound", "2x objective"),
    "count": ("whole number", "20"),
    "duration": ("duration", "5m"),
    "labelName": ("name of a label", "tool"),
    "labelValue": ("value of a label", "search_docs"),
    "link": ("address", "https://logs.example.com/?service={service}"),
    "metricName": ("name of a stream or metric", "agent_run_total"),
    "plainValue": ("value of a label", "enterprise"),
    "quantity": ("amount with its unit", "2s"),
    "sentence": ("sentence", "Success rate is below its objective."),
    "series": ("whole number", "5000"),
    "secretFile": ("path of a file", "/etc/alertmanager/slack"),
    "hook": ("address", "https://hooks.example.com/alerts"),
    "mail": ("address", "support@example.com"),
    "signalName": ("name of a signal", "success_rate"),
    "grafana": ("address", "https://grafana.example.com"),
    "url": ("address", "https://runbooks.example.com"),
}
_TYPES = {
    "string": "text",
    "number": "number",
    "integer": "whole number",
    "boolean": "true or false",
    "array": "list",
    "object": "mapping",
}
_ABSENT = re.compile(r"\s*(?:Default|Missing): (?P<text>.+)\.$", re.DOTALL)
_ANY_NAME = "<name>"
_LONGEST_EXAMPLE = 70


class Key(Struct, frozen=True):
    """A key of a spec; ``absent`` is the meaning of its absence, where the schema gives one."""

    path: str
    type: str
    required: bool
    absent: str
    example: str
    meaning: str

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition(".")[2]


class KeySection(Struct, frozen=True):
    """The keys of a kind of file or of a shared definition; ``places`` are the files, and where in them."""

    name: str
    title: str
    meaning: str
    places: tuple[str, ...]
    keys: tuple[Key, ...]


@cache
def sections() -> tuple[KeySection, ...]:
    """List all keys: a section for each kind of file, then one for each shared definition."""
    own = [_section(kind, schema_contents(kind), (where,), _shipped(kind)) for kind, where in FILES.items()]
    return (*own, *map(_shared_section, _shared_definitions()))


def _shared_definitions() -> tuple[str, ...]:
    """Name the mappings with named entries, such as ``alert``, in the order of the schema."""
    defined = schema_contents("common")["$defs"]
    return tuple(name for name in defined if any(_uses(name)))


def _uses(definition: str) -> Iterator[tuple[str, str]]:
    """Yield file kind and key of each mapping whose entries have the definition."""
    for kind in FILES:
        for key, part in schema_contents(kind)["properties"].items():
            if _entry(part, kind).get("x-shared") == definition:
                yield kind, key


def _shared_section(definition: str) -> KeySection:
    uses = tuple(_uses(definition))
    places = tuple(f"{FILES[kind]}, under {key}.{_ANY_NAME}" for kind, key in uses)
    specs = [entry for kind, key in uses for each in _shipped(kind) for entry in _at(each, (key, _ANY_NAME))]
    schema = dict(schema_contents("common")["$defs"][definition])
    # The keys that a declaration needs are those where it is used; a change of a declaration needs none.
    forms = (_entry(schema_contents(kind)["properties"][key], kind) for kind, key in uses)
    schema["required"] = next((form["required"] for form in forms if "required" in form), [])
    return _section(definition, schema, places, specs)


def _section(name: str, schema: Schema, places: tuple[str, ...], specs: Sequence[Plain]) -> KeySection:
    kind = name if name in FILES else "common"
    keys = tuple(
        _key(path, part, required, _example(part, path, specs))
        for path, part, required in _walk(schema, kind, "")
    )
    return KeySection(name, schema["title"], schema.get("description", ""), places, keys)


def _walk(schema: Schema, kind: str, prefix: str) -> Iterator[tuple[str, Schema, bool]]:
    """Yield path, schema and necessity of each key of a mapping and of those below; shared ones are not entered."""
    for name, written in schema.get("properties", {}).items():
        part = _resolved(written, kind)
        yield f"{prefix}{name}", part, name in schema.get("required", ())
        if "x-shared" not in part:
            yield from _walk(part, kind, f"{prefix}{name}.")
    item = _resolved(schema.get("items", {}), kind)
    if "properties" in item and "x-shared" not in item:
        yield from _walk(item, kind, f"{prefix.removesuffix('.')}[].")
    entry = _entry(schema, kind)
    if schema.get("properties") and entry:
        yield f"{prefix}{_ANY_NAME}", entry, False
    if entry and "x-shared" not in entry:
        yield from _walk(entry, kind, f"{prefix}{_ANY_NAME}.")


def _entry(schema: Schema, kind: str) -> Schema:
    """Return the schema of a mapping's entries; of two forms the full one; empty where it has none."""
    entry: Schema = schema.get("additionalProperties") or {}
    return _resolved(entry.get("then", entry), kind)


def _resolved(written: Schema, kind: str) -> Schema:
    """Follow a reference: keys beside it win, and the definition's name is kept."""
    if "$ref" not in written:
        return written
    file, _, pointer = str(written["$ref"]).partition("#/")
    home = file.removesuffix(SUFFIX) or kind
    target: Any = schema_contents(home)
    for step in pointer.split("/"):
        target = target[step]
    mark = "x-shared" if "properties" in target and pointer.startswith("$defs/") else "x-named"
    return {**_resolved(target, home), **written, mark: pointer.rpartition("/")[2]}


def _key(path: str, part: Schema, required: bool, example: str) -> Key:  # noqa: FBT001 - a fact like the others
    description = part.get("description", "")
    absent = _ABSENT.search(description)
    meaning = description[: absent.start()] if absent else description
    return Key(
        path=path,
        type=_type(part),
        required=required,
        absent=absent["text"] if absent else "",
        example=example,
        meaning=meaning or part.get("title", ""),
    )


def _type(part: Schema) -> str:
    if "enum" in part:
        return " or ".join(map(str, part["enum"]))
    if "x-shared" in part:
        return f"mapping: {part['x-shared']}"
    if part.get("x-named") in _FORMS:
        return _FORMS[part["x-named"]][0]
    types = part.get("type", ())
    return " or ".join(_TYPES[each] for each in ([types] if isinstance(types, str) else types))


def _example(part: Schema, path: str, specs: Sequence[Plain]) -> str:
    """Show a value as it is written in YAML: the schema's example, else one in use, else one of its type."""
    shown = [_yaml(each) for each in part.get("examples", ())]
    if shown and len(shown[0]) <= _LONGEST_EXAMPLE:
        return shown[0]
    used = (text for each in specs for value in _at(each, path.split(".")) for text in _short(part, value))
    return next(used, shown[0] if shown else _fallback(part))


def _fallback(part: Schema) -> str:
    """Show a value of the type, where such a value helps."""
    if "enum" in part:
        return str(part["enum"][0])
    return "true" if part.get("type") == "boolean" else _FORMS.get(part.get("x-named", ""), ("", ""))[1]


def _short(part: Schema, value: Plain) -> Iterator[str]:
    """Yield a value that is short enough to show: the whole value, else its first entry."""
    first: Plain = dict(list(value.items())[:1]) if isinstance(value, dict) else value
    fits = [text for text in (_yaml(value), _yaml(first)) if len(text) <= _LONGEST_EXAMPLE]
    if part.get("type") != "number" or isinstance(value, int | float):
        yield from fits[:1]


def _at(value: Plain, path: Sequence[str]) -> Iterator[Plain]:
    """Yield the values at a path; where any name is allowed, those of all names."""
    if not path:
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            if path[0] in {key, _ANY_NAME}:
                yield from _at(each, path[1:])


def _yaml(value: Plain) -> str:
    """Write a value as YAML on one line."""
    text: str = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000)
    return text.removesuffix("\n").removesuffix("\n...")


@cache
def _shipped(kind: str) -> tuple[Plain, ...]:
    """Read the specs of a kind that ship with the compiler; a wheel has no services and no site."""
    if kind in IN_DIRECTORIES:
        paths = (
            sources.service_files(sources.SHIPPED)
            if kind == "service"
            else sources.profile_files(sources.SHIPPED)
        )
    else:
        found = sources.path_of_shared(sources.SHIPPED, kind)
        paths = [found] if found else []
    return tuple(yaml.load(path.read_text("utf-8"), yaml.CSafeLoader) for path in paths)
