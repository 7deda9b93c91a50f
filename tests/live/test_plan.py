"""The order of evaluation, by the records that expressions read."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.live.errors import LiveError
from generator.live.plan import depends_on_the_range, plan, records_read
from generator.model import names
from generator.model.rules import AlertingRule, RecordingRule, RuleGroup
from generator.prometheus.rule_set import rule_set

if TYPE_CHECKING:
    from generator.model.service import Model


def group(*rules: tuple[str, str], interval: int = 60) -> RuleGroup:
    """A group of (record, expression)."""
    return RuleGroup("g", interval, tuple(RecordingRule(record, expr) for record, expr in rules))


def order(*groups: RuleGroup) -> list[str]:
    """The planned records."""
    return [node.record for node in plan(groups)]


def test_what_is_read_comes_first_across_groups() -> None:
    assert order(group(("c", "b * 2"), ("a", "raw")), group(("b", "a + 1"))) == ["a", "b", "c"]


def test_a_reader_by_pattern_comes_after_all_that_it_matches() -> None:
    assert order(group(("last", 'sum({__name__=~"x:.*"})'), ("x:1", "raw"), ("x:2", "raw")))[-1] == "last"


@given(st.permutations(range(12)))
def test_any_order_of_rules_gives_a_plan_that_reads_only_what_is_there(shuffled: list[int]) -> None:
    rules = [(f"r{n}", " + ".join(["raw", *(f"r{m}" for m in range(n % 3, n, 3))])) for n in shuffled]
    planned = order(*(group(rule) for rule in rules))
    for n in range(12):
        assert all(planned.index(f"r{m}") < planned.index(f"r{n}") for m in range(n % 3, n, 3))


def test_unrelated_records_keep_the_order_of_the_files() -> None:
    names = [f"r{n}" for n in (5, 3, 8, 1, 9, 2)]
    assert order(*(group((name, "raw")) for name in names)) == names


def test_all_rules_of_a_record_form_one_node() -> None:
    nodes = plan([group(("price", "vector(1)"), ("cost", "price * 2")), group(("price", "vector(2)"))])
    assert [node.record for node in nodes] == ["price", "cost"]
    assert [[one.rule.expr for one in rules] for rules in nodes[0].rounds] == [["vector(1)", "vector(2)"]]
    assert not nodes[0].stepwise


def test_a_record_that_reads_itself_goes_step_by_step_and_in_the_order_of_its_group() -> None:
    (node,) = plan([group(("x", "x or raw"), ("x", "x * 2")), group(("x", "vector(1)"))])
    assert node.stepwise
    assert [[one.rule.expr for one in rules] for rules in node.rounds] == [
        ["x or raw", "vector(1)"],
        ["x * 2"],
    ]


def test_an_end_of_the_range_goes_step_by_step() -> None:
    assert plan([group(("x", "raw @ end()"))])[0].stepwise


def test_a_circle_is_told_by_its_members_in_reading_order() -> None:
    with pytest.raises(LiveError) as caught:
        plan([group(("a", "b"), ("b", "c"), ("c", "a"), ("d", "a"))])
    circle = str(caught.value).partition(": ")[2].split(" reads ")
    assert circle[0] == circle[-1]
    assert set(circle) == {"a", "b", "c"}
    assert all((left, right) in {("a", "b"), ("b", "c"), ("c", "a")} for left, right in pairwise(circle))


def test_alerting_rules_are_one_record_after_what_they_read() -> None:
    alert = AlertingRule("A", "a > 1", 0, 0, {}, {})
    reader = RuleGroup("g", 60, (RecordingRule("n", "count(ALERTS)"), alert))
    nodes = plan([reader, group(("a", "raw")), RuleGroup("h", 60, (alert,))])
    assert [node.record for node in nodes] == ["a", "ALERTS", "n"]
    assert len(nodes[1].rounds[0]) == 2


def test_a_step_replaces_the_interval_of_every_group() -> None:
    nodes = plan([group(("a", "raw")), group(("b", "raw"), interval=120)], step=30)
    assert [node.intervals for node in nodes] == [{30}, {30}]


@pytest.mark.parametrize("step", [0, -60])
def test_a_step_of_nothing_is_refused(step: int) -> None:
    with pytest.raises(LiveError, match=f"group g: an interval is at least 1 second, not {step}"):
        plan([group(("a", "raw"))], step)


RECORDS = frozenset({"a", "a:b:rate75s", "c"})


@pytest.mark.parametrize(
    ("expr", "read"),
    [
        ("raw_total", ""),
        ("a", "a"),
        ("sum by (x) (rate(a[5m])) or on (x) last_over_time(c[1h:1m] offset 1d)", "a c"),
        ("scalar(max(a)) * raw", "a"),
        ('{__name__="c"}', "c"),
        ('{__name__=~"a"}', "a"),
        ('{__name__=~"a.*"}', "a a:b:rate75s"),
        ('{__name__!="a",service="x"}', "a:b:rate75s c"),
        ('{__name__!~"a|c",service="x"}', "a:b:rate75s"),
        ('{__name__=~".+:.+",__name__!~".*75s"}', ""),
        ('{service="x"}', "a a:b:rate75s c"),
        ('{__name__="a",x="1" or __name__="c"}', "a c"),
        (r'{__name__=~"\\pL"}', "a a:b:rate75s c"),
        ('count({__name__=~"c|raw"})', "c"),
        ("vector(1)", ""),
    ],
)
def test_an_expression_reads_the_records_that_its_selectors_match(expr: str, read: str) -> None:
    assert records_read(expr, RECORDS) == set(read.split())


@pytest.mark.parametrize("expr", ["a @ end()", "rate(a[5m] @ start())", "max_over_time(a[5m:1m] @ end())"])
def test_an_end_of_the_range_is_noticed(expr: str) -> None:
    assert depends_on_the_range(expr)


@pytest.mark.parametrize("expr", ["a", "a @ 1700000000", "a offset 5m", 'a{x="@ end()"}'])
def test_other_expressions_mean_the_same_in_a_range(expr: str) -> None:
    assert not depends_on_the_range(expr)


def test_an_expression_that_does_not_parse_is_told_with_its_text() -> None:
    with pytest.raises(LiveError, match=r"sum\(a$"):
        records_read("sum(a", RECORDS)


#: Records that read themselves: a release's first time, and a day's counts.
_MEMORY = {names.FIRST_SEEN, names.BUDGET_LATEST, names.BUDGET_DAYS}


def test_only_what_remembers_is_evaluated_step_by_step(model: Model) -> None:
    nodes = plan(rule_set(model.services, model.library, model.site).groups)
    assert {node.record for node in nodes if node.stepwise} == _MEMORY
