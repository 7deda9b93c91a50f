"""Whoever writes a mapping or a list in another form is shown the right one, and each example of a schema is right."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from generator.signals.registry import KINDS as SIGNAL_KINDS
from generator.spec.schema import KINDS, load_schema, schema_text

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Keywords whose schemas describe no value that somebody writes.
_NO_VALUES = {"if", "not", "anyOf", "oneOf", "allOf"}


def _schemas(kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """List each schema within the schema of a kind of file, by its path."""
    yield from _below(json.loads(schema_text(kind)), "")


def _below(part: object, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(part, dict):
        yield path, part
        inner = {key: each for key, each in part.items() if key not in {"examples", *_NO_VALUES}}
        for key, each in inner.items():
            yield from _below(each, f"{path}/{key}")
    elif isinstance(part, list):
        for index, each in enumerate(part):
            yield from _below(each, f"{path}/{index}")


def _is_collection(part: dict[str, Any]) -> bool:
    types = part.get("type", ())
    return "$schema" not in part and bool(
        {"object", "array"} & {*([types] if types == str(types) else types)}
    )


@pytest.mark.parametrize("kind", KINDS)
def test_every_mapping_and_list_shows_how_it_is_written(kind: str) -> None:
    bare = [
        path
        for path, part in _schemas(kind)
        if _is_collection(part) and not part.keys() & {"examples", "x-help"}
    ]
    assert bare == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_example_fits_its_schema(kind: str) -> None:
    validator = load_schema(kind).validator
    wrong = [
        (path, example)
        for path, part in _schemas(kind)
        for example in (part.get("examples", ()) if isinstance(part.get("examples", ()), list) else ())
        if not validator.evolve(schema=part).is_valid(example)
    ]
    assert wrong == []


def test_the_description_of_a_signal_names_all_kinds() -> None:
    description = json.loads(schema_text("common"))["$defs"]["signal"]["description"]
    named = description.partition(": ")[2].removesuffix(".").replace(" or ", ", ").split(", ")
    assert sorted(named) == sorted(each.KEY for each in SIGNAL_KINDS)
