"""The reference of all spec keys, and the entries that specs declare, by name and as they are written.

Keys are read from the JSON Schemas: path, type, default, example and meaning of each. The last sentence of a key's
description gives the meaning of its absence: ``Default: 5m.`` or ``Missing: none.`` Examples are those of the schemas,
else values from the specs that ship with the compiler. A definition that several kinds of files share, such as an
alert, has a section of its own.

Services, profiles, and entries of ``alerts``, ``signals``, ``metrics``, ``labels`` and ``segments`` are read from the
files of a specs directory and those that ship with the compiler. They need not be valid: a name is also explained while
a spec is being edited.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import yaml
from msgspec import Struct

from generator.spec import nodes, sources
from generator.spec.document import Document, parse_document
from generator.spec.schema import FILES, IN_DIRECTORIES, SUFFIX, schema_contents
from generator.spec.source import read_source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

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
_SECTIONS = ("alerts", "signals", "metrics", "labels", "segments")
#: The keys that name a whole file.
_NAMES = ("service", "profile")
_MOST_LINES = 12


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


class Declaration(Struct, frozen=True):
    """An entry of a section of a file, with its YAML; ``title`` and ``meaning`` are empty where it has none.

    ``section`` is empty for a whole file.
    """

    name: str
    section: str
    file: str
    title: str
    meaning: str
    text: str


def declared(name: str, specs: Path) -> Iterator[Declaration]:
    """Yield the declarations of a name: first those of shared files, then those that services declare or change."""
    for document in _documents(specs, name):
        if name and name == _name_of(document):
            yield _whole_file(document)
        for section, entry in _entries(document):
            if entry.key.text == name:
                yield _declaration(document, section, entry)


def declared_names(specs: Path) -> Iterator[str]:
    """Yield all declared names; a name may come several times."""
    for document in _documents(specs):
        yield from filter(None, [_name_of(document)])
        yield from (entry.key.text for _, entry in _entries(document))


def _documents(specs: Path, mentioned: str = "") -> Iterator[Document]:
    """Parse the files that mention a name; the command ``check`` reports files that are not YAML."""
    own = [*sources.profile_files(specs), *sources.yaml_files(specs)]
    taken = {path.relative_to(specs) for path in own}
    shipped = [
        path
        for path in [*sources.shipped_profiles(), *sources.yaml_files(sources.SHIPPED)]
        if path.relative_to(sources.SHIPPED) not in taken
    ]
    for path in [*own, *shipped, *sources.service_files(specs)]:
        source = read_source(path, sources.shown_path(path)).value
        if source and mentioned in source.text and (document := parse_document(source).value):
            yield document


def _name_of(document: Document) -> str:
    """Name the service or the profile that a file declares; empty for another file."""
    named = (document.root.child(key) for key in _NAMES)
    return next((node.text for node in named if isinstance(node, nodes.Scalar)), "")


def _whole_file(document: Document) -> Declaration:
    """Describe a service or a profile by the first lines of its file."""
    key = next(each for each in _NAMES if document.root.child(each))
    description = document.root.child("description")
    lines = document.source.text.splitlines()
    rest = len(lines) - _MOST_LINES
    return Declaration(
        name=_name_of(document),
        section="",
        file=document.source.path,
        title=f"a {key}",
        meaning=description.text if isinstance(description, nodes.Scalar) else "",
        text="\n".join([*lines[:_MOST_LINES], *([f"# ... and {rest} more lines"] if rest > 0 else [])]),
    )


def _entries(document: Document) -> Iterator[tuple[str, nodes.KeyValue]]:
    # Only the library declares streams: those of a profile say what feeds them.
    sections = _SECTIONS if _name_of(document) else (*_SECTIONS, "streams")
    for section in sections:
        section_node = document.root.child(section)
        if isinstance(section_node, nodes.Mapping):
            yield from ((section, entry) for entry in section_node.entries.values())


def _declaration(document: Document, section: str, entry: nodes.KeyValue) -> Declaration:
    first, end = entry.key.span, entry.value.span
    # A block ends where the next key begins.
    last = end.end_line - (end.end_column <= first.column and end.end_line > first.line)
    lines = document.source.text.splitlines()[first.line - 1 : last]
    return Declaration(
        name=entry.key.text,
        section=section,
        file=f"{document.source.path}:{first.line}",
        title=_text(entry, "title", "summary"),
        meaning=_text(entry, "means", "description", "help"),
        text="\n".join(line.removeprefix("  ") for line in lines).rstrip(),
    )


def _text(entry: nodes.KeyValue, *keys: str) -> str:
    """Return the text of the first of the keys that exists."""
    texts = [child.text for key in keys if isinstance(child := entry.value.child(key), nodes.Scalar)]
    return texts[0] if texts else ""
