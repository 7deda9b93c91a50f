"""Near names and lists in messages."""

from __future__ import annotations

import pytest

from generator.diagnostics.wording import closest, did_you_mean, listed


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("replica", ("replicas", "profile"), "replicas"),
        ("OWNER", ("owner",), "owner"),
        ("agentNoRuns", ("AgentNoRuns",), "AgentNoRuns"),
        ("per-day", ("per_day",), "per_day"),
        ("budget", ("owner",), None),
        ("x" * 100_000, ("x" * 99_999,), None),
        ("", ("a",), None),
        ("a", (), None),
        ("owner", ("owner",), None),
        ("owner", ("owner", "owners"), "owners"),
    ],
)
def test_the_nearest_known_name_is_found(name: str, known: tuple[str, ...], meant: str | None) -> None:
    assert closest(name, known) == meant


def test_the_help_names_the_nearest_or_all_or_nothing() -> None:
    assert did_you_mean("replica", ["replicas"]) == 'did you mean "replicas"?'
    assert did_you_mean("budget", ["owner", "profile"], "known keys") == "known keys: owner, profile"
    assert did_you_mean("budget", []) == ""


def test_of_several_names_that_begin_with_one_none_is_likelier() -> None:
    known = ["bot-dev", "bot-prod", "bots"]
    assert did_you_mean("bot", known) == "did you mean one of these? bot-dev, bot-prod"
    assert did_you_mean("bot", known[1:]) == 'did you mean "bots"?'


def test_a_list_that_is_cut_begins_with_what_is_nearest() -> None:
    known = [*(f"x{number}" for number in range(20)), "AgentOwnRateLow"]
    assert did_you_mean("RateOfMine", known).startswith("known: AgentOwnRateLow, x0, x1, ")
    assert did_you_mean("RateOfMine", known).endswith(" and 9 more")
    assert did_you_mean("y" * 65, known).startswith("known: x0, x1, ")


def test_a_long_list_is_cut_and_counted() -> None:
    assert listed(map(str, range(12))) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11"
    assert listed(map(str, range(14))).endswith("10, 11 and 2 more")


def test_a_name_that_is_known_twice_is_listed_once() -> None:
    assert did_you_mean("zzzz", ["by", "for", "by", "by"]) == "known: by, for"


def test_a_name_with_its_words_in_another_order_is_the_nearest() -> None:
    assert closest("p95_latency", ["latency_p50", "latency_p99", "latency_p95"]) == "latency_p95"
