"""The largest number of combinations of label values, where some labels follow from others."""

from __future__ import annotations

from functools import lru_cache
from math import ceil, prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from generator.model.metrics import Label


def values(label: Label, weeks: float = 0) -> int:
    """Count a label's values: those alive at once, and those that replace them within ``weeks``."""
    return max(label.max_live, len(label.values)) + ceil(label.new_per_week * weeks)


@lru_cache(maxsize=65536)
def combinations(labels: tuple[Label, ...], weeks: float = 0) -> int:
    """Bound the combinations of values, at once or, with ``weeks``, over that time.

    A label adds nothing for the values of another label that determine it::

        stop_reason: {completed: ok, tool_error: error}   status: [ok, error]   ->   2, not 4

    And a label that has a few values for each of another's has no more beside it::

        model: 2 values   tool: 9 values, per: {model: 3}   ->   6, not 18
    """
    by_name = {label.name: label for label in labels}
    follower = _followers(by_name)
    heads = by_name.keys() - set(follower.values())
    return prod(_of_chain(by_name[name], by_name, follower, weeks) for name in heads)


def determined_by(labels: Iterable[Label]) -> dict[str, str]:
    """Find the determining label of each label that follows from another one of ``labels``."""
    return {name: head for head, name in _followers({label.name: label for label in labels}).items()}


def _followers(by_name: Mapping[str, Label]) -> dict[str, str]:
    """Chain labels to those that they determine; of two that determine one, the first counts, and no circle closes."""
    follower: dict[str, str] = {}
    for name, label in by_name.items():
        target = label.determines
        if target is None or target not in by_name or target in follower.values():
            continue
        if not _reaches(target, name, follower):
            follower[name] = target
    return follower


def _reaches(start: str, end: str, follower: Mapping[str, str]) -> bool:
    name: str | None = start
    while name is not None and name != end:
        name = follower.get(name)
    return name == end


def beside(label: Label, by_name: Mapping[str, Label], weeks: float = 0) -> int:
    """Count a label's values for each combination of the values of the labels beside it."""
    turned_over = ceil(label.new_per_week * weeks)
    few = [most + turned_over for other, most in label.per if other in by_name]
    return min([values(label, weeks), *few])


def _of_chain(label: Label, by_name: Mapping[str, Label], follower: Mapping[str, str], weeks: float) -> int:
    """Count along a chain: one way on for a value that determines, every way on for one that does not."""
    if label.name not in follower:
        return beside(label, by_name, weeks)
    following = by_name[follower[label.name]]
    fixed = [label.determined[value] for value in label.values if value in label.determined]
    free = values(label, weeks) - len(fixed)
    ways_on = free and _of_chain(following, by_name, follower, weeks)
    return free * ways_on + sum(_of_value(following, value, by_name, follower, weeks) for value in fixed)


def _of_value(
    label: Label, value: str, by_name: Mapping[str, Label], follower: Mapping[str, str], weeks: float
) -> int:
    """Count the ways on from one value of a label."""
    if label.name not in follower:
        return 1
    following = by_name[follower[label.name]]
    if value in label.determined:
        return _of_value(following, label.determined[value], by_name, follower, weeks)
    return _of_chain(following, by_name, follower, weeks)
