"""What a draft of a profile assumes, and what it leaves out, for its reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.diagnostics.wording import printable, shortened
from generator.discover import meaning
from generator.discover.feeding import READ_UNITS, in_dollars
from generator.discover.foreign import HISTOGRAM, SUMMARY, TELLING
from generator.discover.label_finders import other_outcomes
from generator.discover.operations import unread_operations
from generator.discover.statuses import doubts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from generator.discover.foreign import Exposed, Feed, Place

#: The largest number of characters in a hint.
_LONGEST = 300
_STATUS = "status"


def hints_of(
    metrics: Sequence[Exposed], feeds: Sequence[Feed], place: Place, unclear: Mapping[str, set[str]]
) -> tuple[str, ...]:
    """List what is assumed, then the values and metrics of agents that the profile does not read."""
    found = (*_assumed(feeds, place), *_unclear(unclear), *_unused(metrics, feeds, place))
    return tuple(printable(shortened(one, _LONGEST)) for one in dict.fromkeys(found))


#: The streams with a status, and the signal that needs it.
_RATES = {"run": "success rate", "tool_call": "error rate of tools"}


def _assumed(feeds: Sequence[Feed], place: Place) -> Iterator[str]:
    for feed in feeds:
        if feed.stream in _RATES and not _has_status(feed):
            name = feed.parts[0].metric.name
            yield f"no label of {name} says whether it failed, so there is no {_RATES[feed.stream]}"
    for feed in feeds:
        yield from feed.doubts
        yield from (doubt for part in feed.parts for doubt in part.doubts)
    yield from doubts(feeds, place)
    parts = [part for feed in feeds for part in feed.parts]
    for part in parts:
        label, values = unread_operations(part, parts, place)
        if values:
            yield f"{part.metric.name}: no stream reads the {label} {', '.join(values)}"
    for feed in feeds:
        yield from _contradicted(feed, place)


def _contradicted(feed: Feed, place: Place) -> Iterator[str]:
    """Name the labels that say otherwise than the one that is read."""
    read = feed.labels.get(_STATUS)
    name = feed.parts[0].metric.name
    for other in other_outcomes(feed.parts[0].metric, read, place) if read else ():
        yield f"{name}: status is its {read}; its {other} says otherwise of some series"


def _has_status(feed: Feed) -> bool:
    return _STATUS in feed.labels or any(name == _STATUS for part in feed.parts for name, _ in part.constants)


def _unclear(unclear: Mapping[str, set[str]]) -> Iterator[str]:
    for label, values in unclear.items():
        yield f"unclear: which value is {label} {', '.join(sorted(values))}?"


def _unused(metrics: Sequence[Exposed], feeds: Sequence[Feed], place: Place) -> Iterator[str]:
    """Name the metrics without a place, those with a reason first."""
    used = {part.metric.name: part.value for feed in feeds for part in feed.parts}
    used |= {part.minus: "" for feed in feeds for part in feed.parts}
    spaces = {name.partition("_")[0] for name in used}
    timed = {part.metric.name for feed in feeds for part in feed.parts if not part.value}
    found = []
    for one in metrics:
        why = why_not(one, place)
        is_near = one.words & TELLING or one.name.partition("_")[0] in spaces
        if one.name not in used and (is_near or why):
            found.append((not why, f"not used: {one.name}{f': {why}' if why else ''}"))
        elif why and used.get(one.name) == "count" and one.name not in timed:
            found.append((False, f"only counted: {one.name}: {why}"))
    yield from (text for _, text in sorted(found))


def why_not(metric: Exposed, place: Place) -> str:
    """Say why a metric, or the times of one that is counted, cannot be read; empty without a known reason."""
    if metric.words & (meaning.COSTS | meaning.TOKENS) and metric.words & meaning.UNSPENT:
        return "what was saved was not spent"
    if metric.words & meaning.COSTS and not in_dollars(metric, place):
        currency = meaning.currency(metric.name) or "another currency"
        return f"it is in {currency}; let it feed cost with a scale, the USD for one"
    if not metric.words & meaning.TIMES:
        return ""
    if metric.type == SUMMARY:
        return "a summary has no buckets, so it gives no latency"
    unit = place.time_unit(metric) if metric.type == HISTOGRAM else ""
    return (
        "" if unit in READ_UNITS else f"it is in {unit}, and a histogram is read in s or ms: expose seconds"
    )
