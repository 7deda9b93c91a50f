"""Shared rules, narrowed to few services."""

from __future__ import annotations

import pytest

from generator.model import names
from generator.prometheus.rule_set import alerting_by_service
from generator.promql.syntax import references
from generator.replay.history import narrowed
from tests.instrumentation.loading import shipped


@pytest.mark.parametrize(
    ("expr", "narrow"),
    [
        ("a:b", 'a:b{service=~"s|t-1"}'),
        ('a:b{x="c:d"}', 'a:b{service=~"s|t-1", x="c:d"}'),
        ("sum by (service) (a:b:c[5m])", 'sum by (service) (a:b:c{service=~"s|t-1"}[5m])'),
        ("max_over_time((up > 0)[5m:30s])", "max_over_time((up > 0)[5m:30s])"),
        (
            'label_replace(a:b, "x", "a:b", "y", "\\"c:d")',
            'label_replace(a:b{service=~"s|t-1"}, "x", "a:b", "y", "\\"c:d")',
        ),
        (f"{names.PRICE} + a:b", f'{names.PRICE} + a:b{{service=~"s|t-1"}}'),
    ],
)
def test_every_record_is_read_of_these_services_only(expr: str, narrow: str) -> None:
    assert narrowed(expr, ["s", "t-1"]) == narrow


def test_where_there_are_many_services_nothing_is_narrowed() -> None:
    assert narrowed("a:b", [f"s{number}" for number in range(100)]) == "a:b"


def test_the_shared_rules_parse_when_narrowed_and_read_the_same_records() -> None:
    model = shipped()
    for groups in alerting_by_service(model.services, model.library, model.site).values():
        for rule in groups[0].rules:
            before, after = references(rule.expr), references(narrowed(rule.expr, ["s"]))
            assert [one.name for one in after] == [one.name for one in before]
            for one, narrow in zip(before, after, strict=True):
                own = set() if one.name in names.OF_NO_SERVICE else {("service", "=~", "s")}
                assert set(narrow.matchers) == {*one.matchers, *own}
