"""JSON written in parts equals JSON written as a whole."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from generator.json_text import json_member, json_text, json_with_members

# No surrogates, which no file can contain; integers of any size.
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_BASE = st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | _TEXT


def _maps(integers: st.SearchStrategy[int]) -> st.SearchStrategy[dict[str, Any]]:
    values = st.recursive(
        _BASE | integers,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
        max_leaves=8,
    )
    return st.dictionaries(_TEXT, values, max_size=4)


_USUAL = _maps(st.integers(-(2**63), 2**63 - 1))
_ANY = _maps(st.integers())


@given(_USUAL, _USUAL)
def test_parts_are_the_whole(head: dict[str, Any], members: dict[str, Any]) -> None:
    assert _in_parts(head, members) == json_text(_whole(head, members))


@given(_ANY, _ANY)
def test_integers_may_be_of_any_length(head: dict[str, Any], members: dict[str, Any]) -> None:
    assert json.loads(_in_parts(head, members)) == _whole(head, members)


def _in_parts(head: dict[str, Any], members: dict[str, Any]) -> str:
    return json_with_members(head, "last", ((name, json_member(value)) for name, value in members.items()))


def _whole(head: dict[str, Any], members: dict[str, Any]) -> dict[str, Any]:
    return {**{name: value for name, value in head.items() if name != "last"}, "last": members}
