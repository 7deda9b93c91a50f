"""Each key of the schemas has a field in the typed specs, and each field is read: another one would be ignored."""

from __future__ import annotations

import ast
import typing
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import Struct

import generator
from generator.diagnostics import Span
from generator.spec import types
from generator.spec.reference import sections

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.spec.reference import KeySection

_RECORDS: dict[str, type[Struct]] = {
    "service": types.ServiceSpec,
    "profile": types.ProfileSpec,
    "signals": types.SignalsSpec,
    "site": types.SiteSpec,
    "prices": types.PricesSpec,
    "incidents": types.IncidentsSpec,
    "metric": types.MetricSpec,
    "signal": types.SignalSpec,
    "objective": types.ObjectiveSpec,
    "alert": types.AlertSpec,
}
#: These keys are for readers of the list.
_FOR_PEOPLE = {"incidents": ("incidents[].release", "simulation")}
#: These fields are of no key.
_WITHOUT_KEY = {"span", "written", "inhabits", "severity_at_most"}


def _ignored(section: KeySection) -> Iterator[str]:
    for key in section.keys:
        parts = key.path.replace("[]", "").split(".")
        for_people = key.path.startswith(_FOR_PEOPLE.get(section.name, ()))
        if not for_people and not _has_field(_RECORDS[section.name], parts):
            yield key.path


def _has_field(hint: Any, parts: list[str]) -> bool:  # noqa: ANN401 - an annotation can be anything
    """Whether an annotation has a place for a path; the keys of a mapping with entries are all kept."""
    if not parts:
        return True
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in {UnionType, typing.Union}:
        return any(_has_field(each, parts) for each in arguments if each is not type(None))
    if origin is tuple and typing.get_origin(arguments[0]) is types.Entry:
        return _has_field(typing.get_args(arguments[0])[0], parts[1:])
    if origin is tuple:
        return _has_field(arguments[0], parts)
    if not (isinstance(hint, type) and issubclass(hint, Struct)):
        return False
    fields = typing.get_type_hints(hint, localns={"Span": Span})
    found = fields.get(parts[0], fields.get(f"{parts[0]}_"))
    return found is not None and _has_field(found, parts[1:])


def test_each_key_of_a_schema_has_a_field() -> None:
    assert [key for section in sections() for key in _ignored(section)] == []


@pytest.mark.parametrize("section", sections(), ids=lambda section: section.name)
def test_each_field_has_a_key_of_the_schema(section: KeySection) -> None:
    keys = {key.path.partition(".")[0].removesuffix("[]") for key in section.keys}
    fields = {name.removesuffix("_") for name in _RECORDS[section.name].__struct_fields__}
    assert fields - keys == fields & _WITHOUT_KEY


def test_each_field_is_read() -> None:
    """By its name: of a field whose name others have as well, this proves nothing."""
    trees = (ast.parse(path.read_text("utf-8")) for path in Path(generator.__path__[0]).rglob("*.py"))
    nodes = [node for tree in trees for node in ast.walk(tree)]
    read = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    named = {node.value for node in nodes if isinstance(node, ast.Constant)}
    records = [one for one in vars(types).values() if isinstance(one, type) and issubclass(one, Struct)]
    fields = {name for one in records for name in one.__struct_fields__}
    assert len(fields) > 100
    assert fields - read - named == set()
