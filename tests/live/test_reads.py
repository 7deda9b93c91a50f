"""The records that an expression reads."""

from __future__ import annotations

import pytest

from generator.live.errors import LiveError
from generator.live.plan import depends_on_the_range, records_read

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
