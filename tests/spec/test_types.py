"""Each key of the schemas has a field in the typed specs: a key without one would be accepted, and then ignored."""

from __future__ import annotations

import typing
from types import UnionType
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from generator.diagnostics import Span
from generator.spec import types
from generator.spec.reference import sections

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.spec.reference import KeySection

_RECORDS: dict[str, type] = {
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
