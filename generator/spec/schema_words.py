"""The words in which schema diagnostics name places, values and kinds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from generator.diagnostics.printable import quoted, shortened
from generator.spec.nodes import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    import collections.abc
    from collections.abc import Iterable

    from generator.spec.nodes import Step

_MAX_PATH = 120
_KINDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a mapping",
    "array": "a list",
    "null": "nothing",
}


def subject(path: Iterable[Step]) -> str:
    """A value's place as ``"labels.model[2]"``, or the document."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    dotted = "".join(steps).removeprefix(".")
    return quoted(dotted, _MAX_PATH) if dotted else "the document"


def kinds(types: Iterable[str]) -> str:
    """JSON Schema's types as ``a list or a mapping``."""
    *others, last = [_KINDS.get(each, each) for each in types]
    return f"{', '.join(others)} or {last}" if others else last


def value(node: Node) -> str:
    """What is written: ``the text "six"``, ``1.10``, ``a list``."""
    if isinstance(node, Scalar):
        return f"the text {quoted(node.value)}" if isinstance(node.value, str) else shortened(node.text)
    return {Mapping: "a mapping", Sequence: "a list"}.get(type(node), "another value")


def constant(value_: object) -> str:
    """A constant of a schema as an author would write it."""
    if isinstance(value_, dict):
        return f"{{{', '.join(f'{key}: {constant(each)}' for key, each in value_.items())}}}"
    return value_ if isinstance(value_, str) else json.dumps(value_)


def help_of(schemas: collections.abc.Sequence[dict[str, Any]]) -> str:
    """How to write a value, from the annotations of the schemas that describe it, the referring one first."""
    for schema in schemas:
        if "x-help" in schema:
            return str(schema["x-help"])
    description = next((str(each["description"]) for each in reversed(schemas) if "description" in each), "")
    if example := example_of(schemas):
        return "; ".join(filter(None, [description.removesuffix("."), example]))
    return description


def example_of(schemas: collections.abc.Sequence[dict[str, Any]]) -> str:
    """What a value may be, ``for example 2.37, 3.5``; nothing where no schema has examples."""
    shown = next((each["examples"] for each in schemas if "examples" in each), ())
    return f"for example {', '.join(map(constant, list(shown)[:3]))}" if shown else ""


def meaning_of(schemas: collections.abc.Sequence[dict[str, Any]]) -> str:
    """What a value is for, from the same annotations."""
    for keyword in ("description", "title"):
        for schema in schemas:
            if keyword in schema:
                return str(schema[keyword])
    return ""
