"""Which types of tokens a source counts inside others, where its own total proves it."""

from __future__ import annotations

from itertools import combinations
from math import isclose
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.discover import meaning
from generator.discover.draft import words
from generator.discover.label_finders import token_label

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from generator.discover.foreign import Exposed, Feed, Part, Place

_TYPE, _TOTAL = "token_type", "total"


class Includes(Struct, frozen=True):
    """The types of tokens inside others as a profile says it, empty where nothing proves it, and the doubt."""

    text: str = ""
    doubts: tuple[str, ...] = ()


def includes(feeds: Iterable[Feed], metrics: Sequence[Exposed], place: Place) -> Includes:
    """Compare the amounts of each type with the total."""
    feed = next((one for one in feeds if one.stream == "token_usage"), None)
    amounts = _amounts(feed, place) if feed else {}
    inner = [one for one, outer in meaning.OUTER_TYPES.items() if {one, outer} <= amounts.keys()]
    if not inner:
        return Includes()
    total = amounts.get(_TOTAL) or _total(metrics, place)
    inside, unknown = _decided(inner, amounts, total)
    written = _written(inner, {*inside, *unknown})
    if not unknown:
        return Includes(written)
    others = _written(inner, set(inside))
    doubt = (
        f"{', '.join(unknown)} tokens are inside others or beside them as prices.yaml says of each provider: "
        f"write includes: {written} or {others} to say how this source counts"
    )
    return Includes("", (doubt,))


def _decided(inner: Sequence[str], amounts: Mapping[str, float], total: float) -> tuple[list[str], list[str]]:
    """List the types inside others, and those of which nothing is known."""
    most = [one for one in inner if amounts[one] <= amounts[meaning.OUTER_TYPES[one]]]
    fitting = [some for some in _subsets(most) if total and _fits(some, amounts, total)] or [*_subsets(most)]
    inside = [one for one in most if all(one in some for some in fitting)]
    beside = {one for one in most if not any(one in some for some in fitting)}
    return inside, [one for one in most if one not in inside and one not in beside]


def _subsets(types: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for size in range(len(types) + 1):
        yield from combinations(types, size)


def _fits(inside: Iterable[str], amounts: Mapping[str, float], total: float) -> bool:
    """Whether the types that are inside no other one add up to the total."""
    apart = amounts.keys() - {_TOTAL, *inside}
    return isclose(sum(amounts[one] for one in apart), total)


def _written(inner: Sequence[str], inside: set[str]) -> str:
    outers = dict.fromkeys(meaning.OUTER_TYPES[one] for one in inner)
    listed = {
        outer: [one for one in inner if one in inside and meaning.OUTER_TYPES[one] == outer]
        for outer in outers
    }
    return f"{{{', '.join(f'{outer}: {words(some)}' for outer, some in listed.items())}}}"


def _amounts(feed: Feed, place: Place) -> dict[str, float]:
    """Sum each type of tokens, the total as one of them."""
    found: dict[str, float] = {}
    for part in feed.parts:
        for kind, amount in _by_type(part, feed, place):
            found[kind] = found.get(kind, 0) + amount * meaning.scale(part.metric.name)
    return found


def _by_type(part: Part, feed: Feed, place: Place) -> Iterator[tuple[str, float]]:
    label = feed.labels.get(_TYPE)
    if label:
        for value, amount in place.totals(part.metric, label).items():
            yield meaning.token_type(value) or value, amount
    for name, value in part.constants:
        if name == _TYPE:
            yield value, place.amount(part.metric)


def _total(metrics: Iterable[Exposed], place: Place) -> float:
    """Find a metric of all tokens, whatever their type; 0 where there is none, or several differ."""
    untyped = (one for one in metrics if meaning.is_of_all_tokens(one.name) and not token_label(one, place))
    found = {place.amount(one) * meaning.scale(one.name) for one in untyped}
    return found.pop() if len(found) == 1 else 0
