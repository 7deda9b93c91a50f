"""A document is validated by a JSON Schema, and each violation becomes a diagnostic at its place.

``validate`` returns all diagnostics of the stage, sorted by place, and raises nothing for bad input. Beside
JSON Schema's own annotations a schema may carry ``x-help``: the way to write the value, shown as the help.
``fits`` is a quick answer to whether a value fits, as most do; to explain why not takes a hundred times as long.
Packages are imported with the first schema, so that a command that needs none starts quickly.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from generator.diagnostics import MAX_PER_FILE, Diagnostic, Span, error, left_out
from generator.spec.schema_errors import MISSING_KEY, SchemaError, schema_errors
from generator.spec.schema_messages import diagnostic_of, place_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jsonschema_rs import Draft202012Validator, Registry

    from generator.spec.document import Document
    from generator.spec.nodes import Plain
    from generator.spec.schema_validator import Schema

#: The kinds of files that have a schema; ``common`` holds the definitions that the others share.
KINDS = ("service", "profile", "signals", "site", "prices", "incidents", "common")
#: The files of the kinds of which there may be several.
IN_DIRECTORIES = {"service": "services/<service>.yaml", "profile": "profiles/<profile>.yaml"}
#: The files of each kind, below the directory of specs.
FILES = {kind: IN_DIRECTORIES.get(kind, f"{kind}.yaml") for kind in KINDS if kind != "common"}
SUFFIX = ".schema.json"
_SCHEMAS = Path(__file__).parent / "schemas"


@cache
def load_schema(kind: str) -> Schema:
    """The schema of a kind of file, one of ``KINDS``, compiled once.

    Raises:
        KeyError: there is no such kind.
    """
    contents = {each: schema_contents(each) for each in KINDS}
    return replace(compile_schema(contents[kind], contents.values()), elsewhere=_elsewhere(kind, contents))


def _elsewhere(kind: str, contents: Mapping[str, Any]) -> dict[str, str]:
    """Find the file of each key that a file of ``kind`` does not have: prices, for one, have a file of their own."""
    # The first of several files with a key counts.
    others = {each: file for each, file in reversed(FILES.items()) if each != kind}
    keys = {key: file for each, file in others.items() for key in contents[each].get("properties", {})}
    names = {each: file for each, file in others.items() if each not in IN_DIRECTORIES}
    return {
        key: file for key, file in (names | keys).items() if key not in contents[kind].get("properties", {})
    }


def schema_text(kind: str) -> str:
    """Read the JSON Schema of a kind of file, one of ``KINDS``."""
    return (_SCHEMAS / f"{kind}{SUFFIX}").read_text("utf-8")


@cache
def schema_contents(kind: str) -> dict[str, Any]:
    """Parse the JSON Schema of a kind of file, once; nobody changes it."""
    contents: dict[str, Any] = json.loads(schema_text(kind))
    return contents


def compile_schema(contents: Mapping[str, Any], shared: Iterable[Mapping[str, Any]] = ()) -> Schema:
    """A schema ready for use.

    Args:
        contents: a valid schema of draft 2020-12.
        shared: the schemas that it refers to, each by its ``$id``.
    """
    from generator.spec.schema_validator import Schema  # noqa: PLC0415 - jsonschema is slow to import

    return Schema.of(contents, shared)


def validate(document: Document, schema: Schema) -> tuple[Diagnostic, ...]:
    """Find everything in a document that its schema forbids; empty when it fits."""
    findings = schema_errors(schema.violations(document.to_plain()))
    placed = sorted(((place_of(document, finding), finding) for finding in findings), key=_order)
    shown = [diagnostic_of(document, schema, *each) for each in placed[:MAX_PER_FILE]]
    rest = len(placed) - len(shown)
    return (*shown, left_out(placed[MAX_PER_FILE][0], rest)) if rest else tuple(shown)


def _order(placed: tuple[Span, SchemaError]) -> tuple[Span, bool]:
    span, finding = placed
    return span, finding.keyword == MISSING_KEY


#: The name of each kind for people.
_NAMED = {
    "service": "a service",
    "profile": "a profile",
    "prices": "a price list",
    "signals": "a library of signals",
    "site": "the file of a site",
    "incidents": "a list of incidents",
}
#: Keys that identify a kind (a file has one at least), for kinds whose required keys occur in other kinds too.
_TELLING = {"profile": {"metrics", "streams", "extends"}}


def misplaced(document: Document, kind: str) -> Diagnostic | None:
    """Name the kind of a file that is not a ``kind``, judged by its keys; None where it may be one with errors."""
    keys = set(document.root.entries)
    other = next((each for each in _NAMED if each != kind and _is(each, keys, rather_than=kind)), None)
    if other is None:
        return None
    file = PurePosixPath(document.source.path)
    specs = file.parent.parent if kind in IN_DIRECTORIES else file.parent
    place = specs / (
        PurePosixPath(FILES[other]).with_name(file.name) if other in IN_DIRECTORIES else FILES[other]
    )
    message = f"this is {_NAMED[other]}, and {_NAMED[kind]} is read here"
    return error("source/misplaced", message, Span.of_file(document.source.path), f"move it to {place}")


def _is(kind: str, keys: set[str], *, rather_than: str) -> bool:
    schema, here = schema_contents(kind), schema_contents(rather_than)
    known, needed = set(schema["properties"]), set(schema.get("required", ()))
    others = set(here.get("required") or here["properties"]) - known
    telling = _TELLING.get(kind, keys)
    return bool(keys & telling) and needed <= keys <= known and not keys & others


def fits(value: Plain, kind: str) -> bool:
    """Whether a value fits the schema of a kind of file; where that is not known for sure, it does not."""
    try:
        return _validator(kind).is_valid(value)
    except ValueError:  # a number that JSON cannot have, such as infinity
        return False


@cache
def _registry() -> Registry:
    from jsonschema_rs import Registry  # noqa: PLC0415 - see above

    return Registry([(f"{kind}{SUFFIX}", schema_contents(kind)) for kind in KINDS])


@cache
def _validator(kind: str) -> Draft202012Validator:
    from jsonschema_rs import Draft202012Validator  # noqa: PLC0415 - see above

    return Draft202012Validator(schema_contents(kind), registry=_registry())
