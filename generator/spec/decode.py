"""Decode a validated document into a written spec: types from the records' own annotations, places kept."""

from __future__ import annotations

import typing
from functools import cache
from types import UnionType
from typing import Any, TypeGuard, TypeVar

from msgspec import Struct

from generator.spec import nodes, types

T = TypeVar("T")

#: The largest integer up to which floats represent all integers.
_LARGEST_EXACT = 2**53
#: A record that may be written as a bare list is filled through this field.
_LIST_FIELD = "values"


def decode(node: nodes.Node, into: type[T]) -> T:
    """Fill the record ``into`` from a document that its JSON Schema accepts; missing keys become None or empty."""
    decoded: T = _decode(node, into)
    return decoded


def _decode(node: nodes.Node | None, hint: Any) -> Any:  # noqa: ANN401, PLR0911 - a return for each annotation
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is UnionType or origin is typing.Union:
        chosen = next(argument for argument in arguments if argument is not type(None))
        return None if node is None else _decode(node, chosen)
    if origin is tuple:
        return _decode_many(node, arguments[0])
    if node is None:
        return None
    if origin is types.Located:
        return types.Located(_scalar(node, arguments[0]), node.span)
    if hint is types.OneOrMany:
        return _one_or_many(node)
    if isinstance(hint, type) and issubclass(hint, Struct):
        return _decode_record(node, hint)
    return _scalar(node, hint)


def _one_or_many(node: nodes.Node) -> types.OneOrMany | None:
    """Read one value or a list of values."""
    if isinstance(node, nodes.Mapping):
        return None
    many = node.items if isinstance(node, nodes.Sequence) else (node,)
    return types.OneOrMany(
        tuple(_decode(one, types.Text) for one in many), not isinstance(node, nodes.Sequence)
    )


def _scalar(node: nodes.Node, kind: type) -> object:
    if not isinstance(node, nodes.Scalar):
        return None
    # Amounts may be written as numbers (40) or as text (5%): as text they have one type.
    if kind is str:
        return node.text
    # JSON Schema also accepts 6.0 and 1e1 as whole numbers; and 100 is a number, which a float can represent.
    if kind is int and isinstance(node.value, float):
        return int(node.value)
    return float(node.value) if kind is float and _is_exact(node.value) else node.value


def _is_exact(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and abs(value) <= _LARGEST_EXACT


def _decode_many(node: nodes.Node | None, item: Any) -> tuple[Any, ...]:  # noqa: ANN401 - an annotation can be anything
    keyed = typing.get_origin(item) is types.Entry
    value = typing.get_args(item)[0] if keyed else item
    if isinstance(node, nodes.Mapping):
        return tuple(
            types.Entry(types.Located(entry.key.text, entry.key.span), _decode(entry.value, value))
            for entry in node.entries.values()
        )
    if isinstance(node, nodes.Sequence):
        if keyed:
            return tuple(types.Entry(_decode(child, types.Text), None) for child in node.items)
        return tuple(_decode(child, value) for child in node.items)
    return ()


def _decode_record(node: nodes.Node, record: type) -> object:
    fields: dict[str, object] = {}
    for name, hint in _hints(record).items():
        if name == "span":
            fields[name] = node.span
        elif isinstance(node, nodes.Sequence):
            fields[name] = _decode(node if name == _LIST_FIELD else None, hint)
        else:
            fields[name] = _decode(node.child(name.removesuffix("_")), hint)
    return record(**fields)


@cache
def _hints(record: type) -> dict[str, Any]:
    from generator.diagnostics import Span  # noqa: PLC0415 - the annotations name it, at run time only here

    return typing.get_type_hints(record, localns={"Span": Span})
