"""The reads of an expression: the function and the range of each selector."""

from __future__ import annotations

import pytest

from generator.promql.syntax import PromqlError, readings


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("a", [("a", "", 0)]),
        ("sum(a) / b", [("a", "", 0), ("b", "", 0)]),
        ('sum by (x) (rate(a{x="1"}[1m15s] offset 1h))', [("a", "rate", 75)]),
        ("max_over_time((sum_over_time(a[5m]))[1h:1m]) or -b", [("a", "sum_over_time", 300), ("b", "", 0)]),
        ("quantile_over_time(scalar(b), a[1m])", [("b", "", 0), ("a", "quantile_over_time", 60)]),
        ("clamp_min(rate(a[1m]) - a, 0)", [("a", "rate", 60), ("a", "", 0)]),
        ("vector(1)", []),
    ],
)
def test_each_selector_is_read_by_the_function_around_its_range(
    text: str, read: list[tuple[str, str, float]]
) -> None:
    assert [(one.of.name, one.function, one.window) for one in readings(text)] == read


def test_what_is_no_promql_is_refused() -> None:
    with pytest.raises(PromqlError):
        readings("sum(")
