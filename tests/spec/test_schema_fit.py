"""The quick answer to whether a value fits a schema is that of jsonschema."""

from __future__ import annotations

import math
from copy import deepcopy
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
import yaml

from generator.spec.schema import KINDS, fits, load_schema
from tests.commands.calls import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_Json: TypeAlias = Any

_FOLDERS = {"service": "services", "profile": "profiles"}
_FILES = [kind for kind in KINDS if kind != "common"]
#: Values that fit somewhere, and nowhere else.
_ODD: list[Any] = [
    None, True, 0, -1, 1.0, 1.5, 1e400, 10**20, "", "a b", "5%", "x" * 300,
    [], ["a", "a"], [1, 1.0], [{}], {}, {"a": 1}, {"min": "5%"}, {"url": "https://example.com"},
]  # fmt: skip


def _values(kind: str, folder: Path) -> Iterator[Any]:
    """Read the files of a kind below a folder, as far as they are YAML."""
    name = f"{_FOLDERS[kind]}/*.yaml" if kind in _FOLDERS else f"{kind}.yaml"
    for path in sorted(folder.rglob(name)):
        try:
            yield yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)
        except (yaml.YAMLError, UnicodeDecodeError, ValueError):
            continue


def _places(value: _Json, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict | list):
        for step in value if isinstance(value, dict) else range(len(value)):
            yield from _places(value[step], (*path, step))


def _changed(value: _Json, path: tuple[Any, ...]) -> Iterator[Any]:
    """Put every odd value in a place; add a key there, and remove it."""
    for odd in _ODD:
        if not path:
            yield odd
            continue
        copy = deepcopy(value)
        holder = copy
        for step in path[:-1]:
            holder = holder[step]
        holder[path[-1]] = odd
        yield copy
        holder[path[-1]] = deepcopy(odd)
        if isinstance(holder, dict):
            holder["of"] = odd
            yield copy
            del holder[path[-1]]
            yield copy


def _is_same(value: _Json, kind: str) -> bool:
    return fits(value, kind) == (next(load_schema(kind).violations(value), None) is None)


@pytest.mark.parametrize("kind", _FILES)
def test_files_of_the_project_and_of_its_tests_get_the_answer_of_jsonschema(kind: str) -> None:
    values = [one for folder in ("specs", "tests/bad", "tests/noted") for one in _values(kind, ROOT / folder)]
    assert values or kind == "incidents"
    assert [one for one in values if not _is_same(one, kind)] == []


@pytest.mark.parametrize("kind", _FILES)
def test_changed_files_get_the_answer_of_jsonschema(kind: str) -> None:
    folder = "tests/bad" if kind == "incidents" else "specs"
    value = max(_values(kind, ROOT / folder), key=lambda one: len(str(one)) < 6000 and len(str(one)))
    places = list(_places(value))
    step = max(1, len(places) // 5)
    for path in places[::step]:
        assert [one for one in _changed(value, path) if not _is_same(one, kind)] == []


def test_a_number_that_json_does_not_have_is_left_to_jsonschema() -> None:
    assert not fits({"retention": math.inf}, "site")
