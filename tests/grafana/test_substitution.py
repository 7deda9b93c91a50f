"""Choices become matchers as in Grafana: these are the forms that its Prometheus data source writes."""

from __future__ import annotations

import pytest

from tests.grafana.substitution import ALL, Choice, ShownRange, substituted

ONE = {"multi": False, "includeAll": False}
SEVERAL = {"multi": True, "includeAll": True, "allValue": ".+"}


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (ALL, '{release=~".+"}'),
        ("v1", '{release=~"v1"}'),
        ("1.0+b", r'{release=~"1\\.0\\+b"}'),
        (("a", "b.c"), r'{release=~"(a|b\\.c)"}'),
        (("a",), '{release=~"a"}'),
        ("a\\b", '{release=~"a\\\\\\\\b"}'),
    ],
)
def test_several_values_are_one_regular_expression(choice: Choice, expected: str) -> None:
    text = '{release=~"$release"}'
    assert substituted(text, {"release": SEVERAL}, {"release": choice}, ShownRange(0, 60)) == expected


def test_a_single_value_stands_as_it_is() -> None:
    text = '{service="$service"} or {service="${service}"}'
    expected = '{service="a.b+c"} or {service="a.b+c"}'
    assert substituted(text, {"service": ONE}, {"service": "a.b+c"}, ShownRange(0, 60)) == expected


def test_what_is_no_variable_stays() -> None:
    text = '"$$${1}k", "${1} %", "$nothing"'
    assert substituted(text, {}, {}, ShownRange(0, 60)) == text


def test_grafanas_own_variables_are_durations() -> None:
    text = "[$__interval] [$__rate_interval] [$__range] ${__range_s}"
    assert substituted(text, {}, {}, ShownRange(0, 3600)) == "[60s] [75s] [3600s] 3600"
