"""Overlaps in a fleet: the fast way finds the same pairs as comparing all selectors."""

from __future__ import annotations

from itertools import combinations
from random import Random
from typing import TYPE_CHECKING

import pytest

from generator.resolve.model import overlaps
from generator.spec.load import load
from tests.models import written
from tests.resolve.build import profile, service

if TYPE_CHECKING:
    from pathlib import Path

    from generator.spec.types import Claims

OTHERS = ("env", "zone")


@pytest.mark.parametrize("seed", range(4))
def test_once_those_that_are_told_are_gone_nothing_overlaps(tmp_path: Path, seed: int) -> None:
    services = _fleet(tmp_path, Random(seed))  # noqa: S311 - a choice, no secret
    found = list(overlaps(services))
    assert all(_overlap(first, second) for first, second in found)
    told = {second.service.value for _, second in found}
    left = [spec for spec in services if spec.service.value not in told]
    assert [pair for pair in combinations(left, 2) if _overlap(*pair)] == []
    assert 10 < len(left) < len(services)


def _fleet(directory: Path, random: Random) -> tuple[Claims, ...]:
    files = {"profiles/tiny.yaml": profile()}
    for number in range(40):
        labels = ("job", *random.sample(OTHERS, random.randint(0, len(OTHERS))))
        matchers = ", ".join(f"{label}: v{random.randint(1, 12)}" for label in labels)
        files[f"services/a{number}.yaml"] = service(f"a{number}-agent", selector=f"{{{matchers}}}")
    loaded = load(written(directory, files)).specs
    assert loaded is not None
    return tuple(spec.claims for spec in loaded.services)


def _overlap(one: Claims, other: Claims) -> bool:
    ours, theirs = ({item.key.value: item.value.value for item in spec.selector} for spec in (one, other))
    return all(ours[label] == theirs[label] for label in ours.keys() & theirs.keys())
