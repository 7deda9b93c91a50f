"""The shape of an expression's result: the labels of its series, the origins of their values, the number of series.

An *origin* is the source of a label's values: the names of sets (a declared label, the buckets of a
histogram), and ``=value`` for a value that is written in a rule. ``("model", "tool")`` is any value of either set. A
*term* is a product of origins, such as the series of ``sum by (model, release)``: ``(("model",), ("release",))``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING, assert_never

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from generator.promql.expr import Matcher, MatchOperator

Origin = tuple[str, ...]
Term = tuple[Origin, ...]


#: In an origin: some series lack the label.
ABSENT = ""
_WRITTEN = "="
_COUNT = "#"


def constant(value: str) -> Origin:
    """The origin of a value that is written in a rule."""
    return (f"{_WRITTEN}{value}",)


def size_of_part(part: str) -> int | None:
    """Count the values in a part of an origin; None when it names a set."""
    if part.startswith(_COUNT):
        return int(part[1:])
    return 1 if part == ABSENT or part.startswith(_WRITTEN) else None


def constant_value(part: str) -> str | None:
    """Return the value of a part of an origin, if it is a single value."""
    return part.removeprefix(_WRITTEN) if part.startswith(_WRITTEN) else None


class Shape(Struct, frozen=True, cache_hash=True):
    """The series of an expression.

    Attributes:
        labels: Each possible label and its origin, by name.
        live: Terms whose sum is the limit at any instant.
        ever: Terms whose sum is the limit over all instants together.
        exposed: Whether it may carry labels outside the spec: those of the instances.
        scalar: Whether it is a number rather than series.
    """

    labels: tuple[tuple[str, Origin], ...]
    live: tuple[Term, ...]
    ever: tuple[Term, ...]
    exposed: bool = False
    scalar: bool = False

    @property
    def names(self) -> frozenset[str]:
        """The label names."""
        return frozenset(name for name, _ in self.labels)

    @property
    def certain(self) -> frozenset[str]:
        """The names of labels that every series has."""
        return frozenset(name for name, origin in self.labels if ABSENT not in origin)

    @property
    def nothing(self) -> bool:
        """Whether the result is always empty, as before a rule that reads itself has written anything."""
        return not self.live and not self.scalar


NOTHING = Shape((), (), ())
SINGLE = Shape((), ((),), ((),))
SCALAR = Shape((), (), (), scalar=True)


def shape(
    labels: Mapping[str, Origin],
    live: Iterable[Term] | None = None,
    ever: Iterable[Term] | None = None,
    *,
    exposed: bool = False,
) -> Shape:
    """Build a shape: every combination of the origins, or the terms, where these are fewer."""
    ordered = tuple(sorted(labels.items()))
    every = _product(origin for _, origin in ordered)
    return Shape(ordered, _bounded(live, every), _bounded(ever, every), exposed)


def _product(origins: Iterable[Origin]) -> Term:
    return tuple(sorted(origin for origin in origins if len(origin) > 1 or size_of_part(origin[0]) != 1))


def _bounded(terms: Iterable[Term] | None, every: Term) -> tuple[Term, ...]:
    listed = (every,) if terms is None else tuple(terms)
    if every in listed:
        return (every,)
    most = _fixed((every,)) if len(listed) > 1 else None
    return (every,) if most is not None and most <= (_fixed(listed) or 0) else listed


def takes(op: MatchOperator, wanted: str, value: str) -> bool:
    """Whether a matcher matches a value; an empty value is an absent label."""
    match op:
        case "=":
            return value == wanted
        case "!=":
            return value != wanted
        case "=~":
            return re.fullmatch(wanted, value) is not None
        case "!~":
            return re.fullmatch(wanted, value) is None
        case _:
            assert_never(op)


@lru_cache(maxsize=4096)
def selected(inner: Shape, matchers: tuple[Matcher, ...]) -> Shape:
    """Keep the values that matchers match, as far as they are known: those written in rules, and absent ones."""
    labels = dict(inner.labels)
    for name, op, wanted in matchers:
        if name in labels:
            labels[name] = tuple(part for part in labels[name] if _may_be(part, op, wanted))
        elif not takes(op, wanted, ""):
            return NOTHING
    if not all(labels.values()):
        return NOTHING
    if labels == dict(inner.labels):
        return inner
    before, after = _product(origin for _, origin in inner.labels), _product(labels.values())
    live, ever = (_smaller(terms, before, after) for terms in (inner.live, inner.ever))
    return shape(labels, live, ever, exposed=inner.exposed)


def _may_be(part: str, op: MatchOperator, wanted: str) -> bool:
    if part == ABSENT:
        return takes(op, wanted, "")
    value = constant_value(part)
    return not value or takes(op, wanted, value)


def _smaller(terms: tuple[Term, ...], before: Term, after: Term) -> tuple[Term, ...]:
    """Count fewer where every combination was counted, or where few are left."""
    most, now = _fixed((after,)), _fixed(terms)
    fewer = terms == (before,) or (most is not None and now is not None and most < now)
    return (after,) if fewer else terms


def aggregated(inner: Shape, kept: Iterable[str]) -> Shape:
    """Aggregate to the labels ``kept``."""
    if inner.nothing or inner.scalar:
        return NOTHING
    labels = {name: origin for name, origin in inner.labels if name in set(kept)}
    return shape(labels, _grouped(inner.live, labels), _grouped(inner.ever, labels))


def _grouped(terms: tuple[Term, ...], labels: Mapping[str, Origin]) -> Iterable[Term]:
    if not labels:
        return ((),)
    every = _product(labels.values())
    # An aggregation never makes more of a few single series.
    return terms if not any(terms) else (every,)


def few_of_each(inner: Shape, count: int, by: Iterable[str]) -> Shape:
    """Keep the ``count`` largest of each group; the chosen ones change with time."""
    if inner.nothing:
        return NOTHING
    groups = aggregated(inner, by)
    live = tuple(_product((*term, (f"{_COUNT}{count}",))) for term in groups.live)
    return Shape(inner.labels, live, inner.ever, inner.exposed)


def met_by_one(left: Shape, right: Shape, on: frozenset[str]) -> Shape:
    """Match one side with the other: if that is one series, keep only its values of the matched labels."""
    if left.exposed or not right.names <= on <= left.names or _fixed(right.live) != 1:
        return left
    every = _product(origin for _, origin in left.labels)
    rest = _product(origin for name, origin in left.labels if name not in on)
    return Shape(left.labels, _smaller(left.live, every, rest), left.ever)


@lru_cache(maxsize=4096)
def relabelled(inner: Shape, labels: tuple[tuple[str, Origin], ...]) -> Shape:
    """Set labels whose values follow from the series: the number of series does not grow."""
    if inner.nothing:
        return NOTHING
    return shape({**dict(inner.labels), **dict(labels)}, inner.live, inner.ever, exposed=inner.exposed)


def without_values(inner: Shape, label: str) -> Shape:
    """Merge the series that differ only in ``label``, as a quantile does with buckets."""
    gone = dict(inner.labels).get(label)
    kept = {name: origin for name, origin in inner.labels if name != label}
    live, ever = (tuple(_less(term, gone) for term in terms) for terms in (inner.live, inner.ever))
    return shape(kept, live, ever, exposed=inner.exposed)


def _less(term: Term, gone: Origin | None) -> Term:
    if gone is None or gone not in term:
        return term
    index = term.index(gone)
    return term[:index] + term[index + 1 :]


@lru_cache(maxsize=4096)
def union(left: Shape, right: Shape) -> Shape:
    """Combine the series of both."""
    if left.nothing or right.nothing:
        return right if left.nothing else left
    ours, theirs = dict(left.labels), dict(right.labels)
    labels = {name: _either(ours.get(name), theirs.get(name)) for name in ours.keys() | theirs.keys()}
    exposed = left.exposed or right.exposed
    return shape(labels, left.live + right.live, left.ever + right.ever, exposed=exposed)


@lru_cache(maxsize=4096)
def alternative(left: Shape, right: Shape) -> Shape:
    """Take the series of either side, as for a default that replaces an empty side."""
    both = union(left, right)
    live, ever = _larger(left.live, right.live), _larger(left.ever, right.ever)
    return Shape(both.labels, live or both.live, ever or both.ever, both.exposed)


def _larger(left: tuple[Term, ...], right: tuple[Term, ...]) -> tuple[Term, ...] | None:
    """Find the larger terms; None where that depends on the sizes of sets."""
    ours, theirs = _fixed(left), _fixed(right)
    if ours is not None and theirs is not None:
        return left if ours >= theirs else right
    return left if left == right else None


def _fixed(terms: tuple[Term, ...]) -> int | None:
    """Count the series of terms whose values are all written in rules; None where a set is among them."""
    total = 0
    for term in terms:
        sizes = [size_of_part(part) for origin in term for part in origin]
        if None in sizes:
            return None
        total += prod(sum(size_of_part(part) or 0 for part in origin) for origin in term)
    return total


def _either(left: Origin | None, right: Origin | None) -> Origin:
    return tuple(sorted({*(left or (ABSENT,)), *(right or (ABSENT,))}))
