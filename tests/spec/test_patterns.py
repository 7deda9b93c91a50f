"""No regular expression of the product backtracks exponentially, for any text.

A loop backtracks exponentially only where it can read the same characters in two ways. So within a loop the first
character must distinguish every repeated part from its successor, and every alternative from the others.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import TYPE_CHECKING, Any

import pytest

import generator
from generator.spec.yaml_restrictions import _AMBIGUOUS
from tests.extremes.leaves import SCHEMAS, SchemaPart, parts

if TYPE_CHECKING:
    from collections.abc import Iterator

_parser: Any = import_module("re._parser")  # sre_parse, by the only name that is not deprecated
#: More repetitions than this count as unlimited.
_MANY = 50
_SAMPLE = frozenset(map(chr, range(256)))
Chars = frozenset[str]
_NONE: Chars = frozenset()
_CALLS = {"compile", "match", "fullmatch", "search", "sub", "split", "findall", "finditer"}


@cache
def product() -> tuple[str, ...]:
    """Every pattern in a module or a schema."""
    found = {pattern for pattern, _ in _AMBIGUOUS}
    for name, contents in SCHEMAS.items():
        every = parts(SchemaPart(f"{name}#", contents))
        found |= {part.contents["pattern"] for part in every if "pattern" in part.contents}
    for module in walk_packages(generator.__path__, "generator."):
        if not module.name.endswith("__main__"):
            found |= set(_of_module(vars(import_module(module.name)).values()))
    for path in Path(generator.__path__[0]).rglob("*.py"):
        found |= set(_written(path))
    return tuple(sorted(found))


def _of_module(values: Any) -> Iterator[str]:  # noqa: ANN401 - what a module holds
    for value in values:
        if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
            yield value.pattern
        elif isinstance(value, tuple | list):
            yield from _of_module(value)
        elif isinstance(value, dict):
            yield from _of_module(list(value.values()))


def _written(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in _CALLS
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "re"
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            yield str(node.args[0].value)


def ambiguous(pattern: str) -> bool:
    """Whether a loop of the pattern can read the same characters in two ways."""
    return _walk(list(_parser.parse(pattern)), _NONE, loops=False)


def _walk(items: list[Any], follow: Chars, *, loops: bool) -> bool:
    for index, (op, value) in enumerate(items):
        begin, empty = _first(items[index + 1 :])
        if _is_ambiguous(str(op), value, begin | (follow if empty else _NONE), loops=loops):
            return True
    return False


def _is_ambiguous(op: str, value: Any, after: Chars, *, loops: bool) -> bool:  # noqa: ANN401 - of the parser
    if op in {"MAX_REPEAT", "MIN_REPEAT"}:
        least, most, body = value
        begin, empty = _first(list(body))
        endless = most > _MANY
        if (loops and least != most and begin & after) or (endless and empty):
            return True
        return _walk(list(body), after | begin, loops=loops or endless)
    if op == "SUBPATTERN":
        return _walk(list(value[3]), after, loops=loops)
    if op == "BRANCH":
        every = [_first(list(branch)) for branch in value[1]]
        begins = [begin | (after if empty else _NONE) for begin, empty in every]
        overlap = any(one & other for at, one in enumerate(begins) for other in begins[:at])
        both_empty = sum(empty for _, empty in every) > 1
        return (loops and (overlap or both_empty)) or any(
            _walk(list(branch), after, loops=loops) for branch in value[1]
        )
    if op in {"ASSERT", "ASSERT_NOT"}:
        return _walk(list(value[1]), _NONE, loops=False)
    return False


def _first(items: list[Any]) -> tuple[Chars, bool]:
    """The characters that can come first, and whether the match may be empty."""
    found = _NONE
    for op, value in items:
        begin, empty = _begin(str(op), value)
        found |= begin
        if not empty:
            return found, False
    return found, True


def _begin(op: str, value: Any) -> tuple[Chars, bool]:  # noqa: ANN401 - of the parser
    if op in {"MAX_REPEAT", "MIN_REPEAT"}:
        begin, empty = _first(list(value[2]))
        return begin, empty or value[0] == 0
    if op == "SUBPATTERN":
        return _first(list(value[3]))
    if op == "BRANCH":
        every = [_first(list(branch)) for branch in value[1]]
        return frozenset().union(*(begin for begin, _ in every)), any(empty for _, empty in every)
    if op in {"AT", "ASSERT", "ASSERT_NOT"}:
        return _NONE, True
    return _chars(op, value), False


def _chars(op: str, value: Any) -> Chars:  # noqa: ANN401 - of the parser
    match op:
        case "LITERAL":
            return frozenset(chr(value))
        case "NOT_LITERAL":
            return _SAMPLE - {chr(value)}
        case "RANGE":
            return frozenset(map(chr, range(value[0], min(value[1], 0x10FF) + 1)))
        case "IN":
            inside = [_chars(str(each), of) for each, of in value if str(each) != "NEGATE"]
            found = frozenset().union(*inside)
            return _SAMPLE - found if str(value[0][0]) == "NEGATE" else found
        case "CATEGORY":
            return _category(str(value))
        case _:
            return _SAMPLE  # any character, or an item that is not analysed


def _category(name: str) -> Chars:
    letter = {"DIGIT": "d", "SPACE": "s", "WORD": "w"}[name.rpartition("_")[2]]
    shape = re.compile(rf"\{letter.upper() if '_NOT_' in name else letter}")
    return frozenset(filter(shape.fullmatch, _SAMPLE))


def test_no_loop_of_a_pattern_can_read_the_same_in_two_ways() -> None:
    assert list(filter(ambiguous, product())) == []


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+b", "(a|ab?)*c", "([a-z]+-?)*x", r"(\w+\s*)+:", "(a?)*b", "(?:[0-9]+,?)*$", "(a?a)*b"],
)
def test_a_loop_that_can_is_found(pattern: str) -> None:
    assert ambiguous(pattern)


@pytest.mark.parametrize(
    "pattern", ["[a-z]+(-[a-z0-9]+)*", "a*b", "(?:ab|cd)*x", r"(?:[0-9]+[a-z])+", "a{1,40}b"]
)
def test_a_loop_that_cannot_is_left_alone(pattern: str) -> None:
    assert not ambiguous(pattern)


def test_the_patterns_of_schemas_and_modules_are_found() -> None:
    assert "^[a-z][a-z0-9]*(-[a-z0-9]+)*$" in product()
    assert len(product()) > 60
