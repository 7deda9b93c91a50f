"""Groups have at most twenty rules, in order, and whole chains where they fit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from generator.model.rules import LARGEST, RecordingRule, RuleGroup, split

Chain = list[RecordingRule]

sizes = st.lists(st.integers(0, 50), max_size=12)


def _chains(lengths: list[int]) -> list[Chain]:
    return [
        [RecordingRule(f"a:c{chain}:r{index}", "up") for index in range(length)]
        for chain, length in enumerate(lengths)
    ]


def _split(chains: list[Chain]) -> list[RuleGroup]:
    return list(split("name", chains, 60))


@given(sizes)
def test_every_rule_is_there_once_and_in_order(lengths: list[int]) -> None:
    chains = _chains(lengths)
    assert [rule for group in _split(chains) for rule in group.rules] == [
        rule for chain in chains for rule in chain
    ]


@given(sizes)
def test_no_group_is_empty_or_too_large(lengths: list[int]) -> None:
    assert all(1 <= len(group.rules) <= LARGEST == 20 for group in _split(_chains(lengths)))


@given(sizes)
def test_a_chain_that_fits_into_a_group_is_not_torn(lengths: list[int]) -> None:
    chains = _chains(lengths)
    homes = {
        rule.record: group.name
        for group in _split(chains)
        for rule in group.rules
        if isinstance(rule, RecordingRule)
    }
    for chain in chains:
        if len(chain) <= LARGEST:
            assert len({homes[rule.record] for rule in chain}) <= 1


@given(sizes)
def test_groups_are_numbered_and_keep_their_interval(lengths: list[int]) -> None:
    groups = _split(_chains(lengths))
    numbered = [f"name-{index}" for index in range(2, len(groups) + 1)]
    assert [group.name for group in groups] == ["name", *numbered][: len(groups)]
    assert all(group.interval == 60 for group in groups)


def test_a_group_is_filled_before_the_next_begins() -> None:
    assert [len(group.rules) for group in _split(_chains([8, 8, 4, 1]))] == [20, 1]
    # A chain longer than any group begins a new one.
    assert [len(group.rules) for group in _split(_chains([15, 6, 45]))] == [15, 6, 20, 20, 5]
