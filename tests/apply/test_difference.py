"""The differences, path by path, and the changes that mean nothing."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.apply.to_grafana import GRAFANAS_OWN, differences

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)
DASHBOARDS = st.dictionaries(st.text(min_size=1, max_size=3), JSON, max_size=5)


def sent(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Leave out nulls in objects: Grafana treats both in the same way."""
    if isinstance(value, dict):
        return {key: sent(one) for key, one in value.items() if one is not None}
    return [sent(one) for one in value] if isinstance(value, list) else value


@given(DASHBOARDS)
def test_a_dashboard_equals_itself_with_the_keys_that_grafana_adds(dashboard: dict[str, Any]) -> None:
    stored = copy.deepcopy(dashboard) | {"id": 7, "version": 12}
    assert differences(dashboard, stored) == ()
    assert differences(dashboard, sent(stored)) == ()


@given(DASHBOARDS, DASHBOARDS)
def test_there_is_a_difference_exactly_where_the_json_differs(
    one: dict[str, Any], two: dict[str, Any]
) -> None:
    same = repr(sorted_all(sent(one))) == repr(sorted_all(sent(two)))
    assert (differences(one, two) == ()) is same


def sorted_all(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Bring keys into one order."""
    if isinstance(value, dict):
        return {key: sorted_all(value[key]) for key in sorted(value) if key not in GRAFANAS_OWN}
    return [sorted_all(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("ours", "theirs", "line"),
    [
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, "a.b[1]: 3 -> 2"),
        ({"a": [1]}, {"a": [1, 2]}, "a[1]: removed"),
        ({"a": [1, 2]}, {"a": [1]}, "a[1]: added"),
        ({"a": "x"}, {}, "a: added"),
        ({}, {"a": {"b": 1}}, "a: removed"),
        ({"a": {}}, {"a": [1]}, "a: [...] -> {...}"),
        ({"a": True}, {"a": 1}, "a: 1 -> true"),
        ({"a": "x" * 100}, {"a": "y"}, f'a: "y" -> "{"x" * 39}...'),
        ({"a": "\x1b[2J"}, {"a": "y"}, 'a: "y" -> "\\u001b[2J"'),
        ({"a\x1b": 1}, {}, "a\\x1b: added"),
    ],
)
def test_a_change_is_shown_from_grafanas_value_to_ours(
    ours: dict[str, Any], theirs: dict[str, Any], line: str
) -> None:
    assert differences(ours, theirs) == (line,)
