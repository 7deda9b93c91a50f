"""Bounds of labels as seen, and environments: the values of labels where they are few, else their largest number."""

from __future__ import annotations

import re
from math import ceil
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.audit.checks.labels import may_be_listed
from generator.discover.draft import pairs, words
from generator.model.metrics import OTHER, Label
from generator.model.names import TARGET_INFO
from generator.model.units import WEEK
from generator.streams.raw import series_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from generator.discover.recognise import Match

#: A list with more values cannot be kept by hand.
_MOST_LISTED = 30
#: The factor above the seen number that is allowed where values are only counted.
_ROOM = 1.5
#: The usual names of such a label, the most specific first.
LABELS = ("environment", "env", "deployment_environment_name", "deployment_environment", "stage")
_PRODUCTION = {"prod", "production", "prd", "live"}
_OTHERS = {
    *("staging", "stage", "stg", "preprod", "pre-prod", "uat", "qa", "test", "testing"),
    *("dev", "development", "preview", "canary", "sandbox", "demo"),
}
#: More values are not environments of one service.
_MOST = 6


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
    places: dict[tuple[str, str], None] = {}
    for stream in match.service.streams.values():
        for feed in stream.sources:
            for exposed in (there for name, there in feed.labels if name == label.name):
                for name in feed.names:
                    counted = f"{name}_count" if stream.is_histogram else series_of(name, feed, stream)
                    places[TARGET_INFO if label.joined == exposed else counted, exposed] = None
    yield from places


def _rounded(number: float) -> int:
    """Round up to a number that people would write."""
    size = 10 ** max(0, len(str(ceil(number))) - 1) // 2 or 1
    return ceil(number / size) * size


class Environments(Struct, frozen=True):
    """The label of the environments, and its values by their names: production first."""

    label: str
    values: tuple[tuple[str, str], ...]

    def lines(self) -> Iterator[tuple[str, str]]:
        """Write them as YAML, each line with a comment."""
        yield (
            "environments:",
            f"as the label {self.label} has them: a service in each, and one module for all",
        )
        paged = any(name in _PRODUCTION for name, _ in self.values)
        for name, value in self.values:
            selector = f"selector: {pairs({self.label: value})}"
            if paged and name not in _PRODUCTION:
                yield f"  {name}: {{{selector}, severity_at_most: warning}}", "pages nobody"
            else:
                yield f"  {name}: {{{selector}}}", ""


def environments(series: Sequence[Mapping[str, str]]) -> Environments | None:
    """Find the environments of a target by the labels of its series; None if several are not certain."""
    for label in LABELS:
        values = {one.get(label, "") for one in series}
        named = {_name(value): value for value in sorted(values)}
        if 1 < len(values) <= _MOST and len(named) == len(values) and named.keys() <= _PRODUCTION | _OTHERS:
            order = sorted(named, key=lambda name: (name not in _PRODUCTION, name))
            return Environments(label, tuple((name, named[name]) for name in order))
    return None


def _name(value: str) -> str:
    return re.sub("[^a-z0-9]+", "-", value.lower()).strip("-")
