"""A quick answer to whether a value fits one of our schemas, as most values do.

The package jsonschema explains why a value does not fit, and its import takes as long as the rest of a small edit. Here
are only the keywords of our schemas: with any other the answer is no, and jsonschema decides.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from generator.spec.schema import SUFFIX, schema_text
from generator.spec.schema_errors import fits_pattern, twins

_Json: TypeAlias = Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from generator.spec.nodes import Plain

    #: Arguments: a value, what the keyword says, the whole schema, and the kind of file that has it.
    _Check = Callable[[_Json, _Json, dict[str, _Json], str], bool]


def fits(value: Plain, kind: str) -> bool:
    """Whether a value fits the schema of a kind of file; where that is not known for sure, it does not."""
    try:
        return _fits(value, _schema(kind), kind)
    except KeyError:  # a keyword that is not known here
        return False


@cache
def _schema(kind: str) -> dict[str, _Json]:
    contents: dict[str, _Json] = json.loads(schema_text(kind))
    return contents


def _fits(value: _Json, schema: _Json, kind: str) -> bool:
    if isinstance(schema, bool):
        return schema
    return all(
        _CHECKS[keyword](value, wanted, schema, kind)
        for keyword, wanted in schema.items()
        if keyword not in _WITHOUT_CHECK
    )


@cache
def _target(reference: str, kind: str) -> tuple[_Json, str]:
    """Find the schema of a reference, and the kind of file that has it."""
    file, _, path = reference.partition("#/")
    kind = file.removesuffix(SUFFIX) or kind
    contents: _Json = _schema(kind)
    for step in path.split("/"):
        contents = contents[step]
    return contents, kind


def _refers(value: _Json, reference: str, _: object, kind: str) -> bool:
    return _fits(value, *_target(reference, kind))


def _has_properties(value: _Json, properties: _Json, _: object, kind: str) -> bool:
    return all(_fits(value[key], properties[key], kind) for key in properties if key in value)


def _has_others(value: _Json, schema: _Json, whole: dict[str, _Json], kind: str) -> bool:
    known = whole.get("properties", {})
    return all(_fits(value[key], schema, kind) for key in value if key not in known)


def _fits_chosen(value: _Json, condition: _Json, whole: dict[str, _Json], kind: str) -> bool:
    return _fits(value, whole.get("then" if _fits(value, condition, kind) else "else", True), kind)


def _forms(value: _Json, forms: list[_Json], kind: str) -> int:
    return sum(_fits(value, form, kind) for form in forms)


def _of(kinds: type | tuple[type, ...], check: _Check) -> _Check:
    """Check only values of some types; true and false are no numbers."""

    def checked(value: _Json, wanted: _Json, whole: dict[str, _Json], kind: str) -> bool:
        return not isinstance(value, kinds) or isinstance(value, bool) or check(value, wanted, whole, kind)

    return checked


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_TYPES: dict[str, Callable[[_Json], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "number": _is_number,
    "integer": lambda value: _is_number(value) and (isinstance(value, int) or value.is_integer()),
    "null": lambda value: value is None,
}
_NUMBER = (int, float)
_CHECKS: dict[str, _Check] = {
    "$ref": _refers,
    "type": lambda value, wanted, *_: any(_TYPES[one](value) for one in _listed(wanted)),
    "enum": lambda value, wanted, *_: isinstance(value, str) and value in wanted,
    "anyOf": lambda value, wanted, _, kind: _forms(value, wanted, kind) > 0,
    "oneOf": lambda value, wanted, _, kind: _forms(value, wanted, kind) == 1,
    "if": _fits_chosen,
    "minimum": _of(_NUMBER, lambda value, wanted, *_: value >= wanted),
    "maximum": _of(_NUMBER, lambda value, wanted, *_: value <= wanted),
    "minLength": _of(str, lambda value, wanted, *_: len(value) >= wanted),
    "maxLength": _of(str, lambda value, wanted, *_: len(value) <= wanted),
    "pattern": _of(str, lambda value, wanted, *_: fits_pattern(wanted, value)),
    "minItems": _of(list, lambda value, wanted, *_: len(value) >= wanted),
    "maxItems": _of(list, lambda value, wanted, *_: len(value) <= wanted),
    "uniqueItems": _of(list, lambda value, wanted, *_: not (wanted and twins(value))),
    "items": _of(list, lambda value, wanted, _, kind: all(_fits(one, wanted, kind) for one in value)),
    "minProperties": _of(dict, lambda value, wanted, *_: len(value) >= wanted),
    "maxProperties": _of(dict, lambda value, wanted, *_: len(value) <= wanted),
    "required": _of(dict, lambda value, wanted, *_: value.keys() >= set(wanted)),
    "dependentRequired": _of(
        dict,
        lambda value, wanted, *_: all(value.keys() >= set(wanted[key]) for key in wanted if key in value),
    ),
    "propertyNames": _of(dict, lambda value, wanted, _, kind: all(_fits(key, wanted, kind) for key in value)),
    "properties": _of(dict, _has_properties),
    "additionalProperties": _of(dict, _has_others),
}
#: Keywords for people, and those that another keyword reads.
_WITHOUT_CHECK = frozenset(
    {"$schema", "$id", "$defs", "title", "description", "examples", "x-help", "x-form", "then", "else"}
)


def _listed(wanted: str | list[str]) -> list[str]:
    return [wanted] if isinstance(wanted, str) else wanted
