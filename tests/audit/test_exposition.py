"""Expositions as text: any text is read or refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.audit.exposition import Fetched, parse_exposition
from generator.audit.source import Described
from generator.live.errors import LiveError

CASES = Path(__file__).parent / "cases"
TEXTS = [(CASES / name / "exposition.txt").read_text("utf-8") for name in ("as-declared", "openmetrics")]


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A right exposition with a part of it replaced."""
    text = draw(st.sampled_from(TEXTS))
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, len(text)))
    put = draw(
        st.one_of(st.just(""), st.text(max_size=20), st.text(alphabet='{}",=\\ #\n1e9NaN_TYPE', max_size=20))
    )
    return text[:start] + put + text[end:]


@given(st.one_of(damaged(), st.text()))
def test_a_text_is_read_or_refused_and_nothing_else(text: str) -> None:
    try:
        found = parse_exposition(Fetched("there", text))
    except LiveError as refusal:
        assert str(refusal).startswith("there ")  # noqa: PT017 - either is right
    else:
        assert found.lines


def _names(text: str) -> set[str]:
    return {line.name for line in parse_exposition(Fetched("there", text)).lines}


def test_a_counter_without_total_keeps_its_name_as_prometheus_does() -> None:
    assert _names("# TYPE runs counter\nruns 1\n") == {"runs"}
    assert _names("# TYPE runs_total counter\nruns_total 1\n") == {"runs_total"}
    assert _names("# TYPE runs counter\nruns_total 1\n# EOF\n") == {"runs_total"}


def test_types_are_known_by_the_name_that_a_spec_has() -> None:
    for text in ("# TYPE runs_total counter\nruns_total 1\n", "# TYPE runs counter\nruns_total 1\n# EOF\n"):
        said = parse_exposition(Fetched("there", text)).described
        assert said == {"runs_total": Described(frozenset({"counter"}))}


def test_units_of_openmetrics_are_kept() -> None:
    text = "# TYPE wait_seconds gauge\n# UNIT wait_seconds seconds\nwait_seconds 1\n# EOF\n"
    said = parse_exposition(Fetched("there", text)).described["wait_seconds"]
    assert said == Described(frozenset({"gauge"}), frozenset({"seconds"}))


def test_only_series_alive_at_the_end_of_a_history_count() -> None:
    text = '# TYPE a gauge\na{b="old"} 1 0\na{b="new"} 1 100000\na{b="new"} 2 400000\n'
    found = parse_exposition(Fetched("there", text)).lines
    assert [(dict(line.labels), line.value) for line in found] == [({"b": "new"}, 2)]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_may_end_as_on_windows(end: str) -> None:
    assert _names(f"# TYPE runs_total counter{end}runs_total 1{end}") == {"runs_total"}
