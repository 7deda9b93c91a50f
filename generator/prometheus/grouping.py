"""Filling rule groups without making one too large."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model.rules import Rule, RuleGroup

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


#: The largest group that mixtool and Mimir's defaults allow.
LARGEST = 20


def split(name: str, chains: Iterable[Sequence[Rule]], interval: int, limit: int = 0) -> Iterator[RuleGroup]:
    """Fill groups with whole chains; the second group is ``name-2`` and so on.

    A chain longer than a group goes on in the next, where it is up to an interval behind.
    """
    filled: list[list[Rule]] = [[]]
    for chain in chains:
        if len(filled[-1]) + len(chain) > LARGEST and filled[-1]:
            filled.append([])
        for rule in chain:
            if len(filled[-1]) == LARGEST:
                filled.append([])
            filled[-1].append(rule)
    for index, rules in enumerate(filled, start=1):
        if rules:
            yield RuleGroup(name if index == 1 else f"{name}-{index}", interval, tuple(rules), limit)
