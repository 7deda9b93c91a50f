"""Numbers, Markdown and the checklist as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.checks.selfcheck import self_check
from generator.commands.check import selfcheck_text
from generator.markdown import code, text
from generator.memory import Memory
from generator.model.units import human_number, percent
from generator.reports.cardinality import columns
from generator.reports.pages import marked_percent as marked
from generator.reports.pages import report_entry, reports
from tests.checks.agent import agent, service_of, without
from tests.checks.models import SITE, known, once

if TYPE_CHECKING:
    from pathlib import Path

    from generator.model.service import Service


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0"), (3, "3"), (3.26, "3.3"), (12.6, "13"), (1234567, "1,234,567"), (0.04, "0.0")],
)
def test_a_number_has_separators_and_no_false_precision(value: float, said: str) -> None:
    assert human_number(value) == said


@pytest.mark.parametrize(("share", "said"), [(0.47, "47 %"), (0.004, "0.4 %"), (0, "0 %"), (27.9, "2,790 %")])
def test_a_share_is_written_in_percent(share: float, said: str) -> None:
    assert percent(share) == said


def test_little_left_of_a_budget_is_bold() -> None:
    assert (marked(0.8), marked(0.81)) == ("80 %", "**81 %**")


@pytest.mark.parametrize(
    ("written", "escaped"),
    [
        ("a_b", "a_b"),
        ("_a_", r"\_a\_"),
        ("a*b|c", r"a\*b\|c"),
        ("<b>&amp;", "&lt;b&gt;&amp;amp;"),
        ("a\n# b", r"a \# b"),
        ("[x](y)", r"\[x\](y)"),
        ("- a\n- b", r"\- a - b"),
        ("12. a", r"12\. a"),
        ("a\n===", "a ==="),
        ("\t", '""'),
        ("=", r"\="),
        ("https://x www.x a@x", r"https\://x www\.x a\@x"),
        (" $x$ \u200b\u2028", r"\$x\$ \\u200b\\u2028"),
    ],
)
def test_text_means_nothing_to_markdown(written: str, escaped: str) -> None:
    assert text(written) == escaped


def test_code_stays_in_its_cell() -> None:
    assert code("a b") == "`a b`"
    assert code("a|b`c\nd") == r"a\|b\`c d"


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    table = [
        ("name", "labels", "each", "at once", "over", "of", "first"),
        ("x", "", "1", "10", "2", "3 %", ""),
    ]
    assert list(columns(table)) == [
        "  name  labels  each  at once  over   of  first",
        "  x                1       10     2  3 %",
    ]


def test_the_checklist_names_missing_items_and_how_to_add_them(tmp_path: Path) -> None:
    whole, less = (
        service_of(tmp_path / "a", agent()),
        service_of(tmp_path / "b", without(agent(), "tool_error_rate")),
    )
    shown = selfcheck_text([self_check(whole), self_check(less)]).splitlines()
    assert shown.pop(0) == "Checklist of agent metrics, explained in reports/self-check.md:"
    assert shown[0] == "demo-agent  Progress: 9/9"
    help_ = "{share: {of: tool_call, where: {status: error}}, ...}"
    assert shown[1:5] == [
        "demo-agent  Progress: 8/9",
        "  [ ] tool_error_rate",
        "      missing: signal tool_error_rate",
        f"      add to signals.yaml, under signals: tool_error_rate: {help_}",
    ]
    assert shown[5:] == ["  the minimum first-release set lacks tool_error_rate"]
    assert selfcheck_text([]) == ""


def _checklist(service: Service) -> str:
    facts = known(SITE, service)
    files = {
        file.path: file.text for file in reports([report_entry(facts, SITE, Memory())], once(SITE), SITE)
    }
    return files["reports/self-check.md"]


def test_the_page_of_the_checklist_ticks_present_items(tmp_path: Path) -> None:
    less = service_of(tmp_path, without(agent(), "stop_reason_distribution"))
    page = _checklist(less)
    assert "Progress: 8/9\n" in page
    assert page.count("- [x] ") == 8
    assert page.count("- [ ] ") == 1
    assert "- [ ] stop_reason_distribution\n  - missing: signal stop_reason_distribution. To add it: " in page
    assert "| `demo-agent` | 8/9 | lacks `stop_reason_distribution` | 1 |" in page
    assert "| No stop_reason metrics | no stop_reason_distribution | `practice/no-stop-reason` |" in page
    assert "| High-cardinality labels | no | `cardinality/forbidden-label` |" in page
    assert "distribution: {of: run, label: stop\\_reason}" in page or "of: run, label: stop_reason" in page


def test_the_page_of_a_whole_service_has_nothing_to_add(tmp_path: Path) -> None:
    whole = service_of(tmp_path, agent())
    page = _checklist(whole)
    assert "| `demo-agent` | 9/9 | complete | none |" in page
    assert "- [ ]" not in page
