"""Bounds of labels as seen: their values where they are few, else their largest number."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.audit.checks.labels import may_be_listed
from generator.discover.yaml_words import words
from generator.model.labels import OTHER
from generator.model.units import WEEK
from generator.streams.raw import series_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.discover.recognise import Match
    from generator.model.labels import Label

#: A list with more values cannot be kept by hand.
_MOST_LISTED = 30
#: The factor above the seen number that is allowed where values are only counted.
_ROOM = 1.5


class ObservedValues(Struct, frozen=True):
    """The values that a label had: ``live`` at once, ``ever`` within the span; both the same without a history."""

    live: frozenset[str]
    ever: frozenset[str]


class ProposedBound(Struct, frozen=True):
    """A bound of a label, as YAML, and its reason."""

    label: str
    text: str
    why: str


def bounds(match: Match, open_: list[str], seconds: int) -> tuple[ProposedBound, ...]:
    """Bound the labels that the profile leaves ``open_``, and those that exceed its bound.

    Raises:
        LiveError: the place fails.
    """
    labels = match.service.labels.values()
    found = (_bound(one, _values(one, match, seconds), one.name in open_, seconds) for one in labels)
    return tuple(one for one in found if one)


def _bound(label: Label, seen: ObservedValues, is_open: bool, seconds: int) -> ProposedBound | None:  # noqa: FBT001
    if not is_open:
        return None if label.values else _outgrown(label, seen, seconds)
    if not seen.ever:
        return ProposedBound(label.name, "{max_live: 10}", "none seen yet: list them, or bound their number")
    if len(seen.ever) <= _MOST_LISTED and all(map(may_be_listed, seen.ever)):
        return ProposedBound(label.name, words(sorted(seen.ever)), "as seen; others count as other")
    most = _rounded(len(seen.ever) * _ROOM)
    return ProposedBound(
        label.name, f"{{max_live: {most}}}", f"{len(seen.ever):,} seen, and half as many again"
    )


def _outgrown(label: Label, seen: ObservedValues, seconds: int) -> ProposedBound | None:
    """Raise a profile's largest number where more values exist."""
    a_week = (len(seen.ever) - len(seen.live)) * WEEK / max(seconds, WEEK)
    if len(seen.live) <= label.max_live and a_week <= label.new_per_week:
        return None
    live, new = max(len(seen.live), label.max_live), max(ceil(a_week), label.new_per_week)
    turnover = f", new_per_week: {new:g}" if new else ""
    why = f"{len(seen.live):,} at once and {ceil(a_week):,} new in a week, as seen"
    return ProposedBound(label.name, f"{{max_live: {live}{turnover}}}", why)


def _values(label: Label, match: Match, seconds: int) -> ObservedValues:
    live: set[str] = set()
    ever: set[str] = set()
    for series, exposed in _places(label, match):
        live |= {value for (value,) in match.source.groups(series, (exposed,)).counts}
        ever |= match.source.past(series, exposed, seconds) or frozenset()
    meaningless = {"", OTHER}
    return ObservedValues(frozenset(live - meaningless), frozenset((live | ever) - meaningless))


def _places(label: Label, match: Match) -> Iterator[tuple[str, str]]:
    """List the series that have a label, each once, with the label's name there."""
    found: dict[tuple[str, str], None] = {}
    for stream in match.service.streams.values():
        for feed in stream.sources:
            for exposed in (there for name, there in feed.labels if name == label.name):
                for name in feed.names:
                    counted = f"{name}_count" if stream.is_histogram else series_of(name, feed, stream)
                    found["target_info" if label.joined == exposed else counted, exposed] = None
    yield from found


def _rounded(number: float) -> int:
    """Round up to a number that people would write."""
    size = 10 ** max(0, len(str(ceil(number))) - 1) // 2 or 1
    return ceil(number / size) * size
