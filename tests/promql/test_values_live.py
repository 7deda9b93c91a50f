"""Any label value, on a real Prometheus: a matcher selects exactly the named series."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from generator.live.remote_write import TimeSeries, write
from generator.promql.expr import Series
from generator.promql.layout import layout
from tests.promql.trees import TEXT

if TYPE_CHECKING:
    from generator.live.api import PrometheusApi

AT = 1_700_006_400
NASTY = [
    *(
        'a"b',
        "a\\b",
        "a\nb",
        "\\n",
        "\r\n",
        "a|b",
        "a",
        "b",
        "^a$",
        "a.b",
        "axb",
        ".*",
        ".+",
        "(",
        "[",
        "{2}",
        "a{2}",
    ),
    *(
        "}",
        '",x="',
        "'",
        "`",
        "{{ $value }}",
        "$1",
        "[[x]]",
        "%20",
        "#",
        "é",
        "e\u0301",
        "\u2028",
        "😀",
        " ",
        " a",
        "a ",
    ),
    *("A", "(?i)a", "\\Q", "\\", "-", "a-b", "/", "~", "&&", "\ufeff", "\u200b", "0", "true", "other"),
]
batches = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # every batch has its own metric
)


@batches
@given(values=st.lists(TEXT.filter(bool), min_size=2, max_size=40, unique=True))
@example(values=NASTY)
def test_a_matcher_picks_exactly_the_values_that_it_names(
    prometheus: PrometheusApi, unique: str, values: list[str]
) -> None:
    batch = f"{unique}_{uuid4().hex}"
    all_series = [
        TimeSeries({"__name__": batch, "x": value, "place": str(place)}, [AT * 1000], [float(place)])
        for place, value in enumerate(values)
    ]
    write(prometheus, all_series)
    series = Series(batch)
    half, rest = values[::2], values[1::2]

    def picked(chosen: Series) -> set[str]:
        found = prometheus.query(layout(chosen.now().text), AT)
        return {sample.labels["x"] for sample in found}

    assert picked(series) == set(values)
    assert picked(series.one_of("x", half)) == set(half)
    assert picked(series.none_of("x", half)) == set(rest)
    for value in values:
        assert picked(series.where(x=value)) == {value}
        assert picked(series.one_of("x", [value, "of no series"])) == {value}
