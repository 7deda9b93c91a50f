"""A first profile for metrics that no profile reads, drafted from their names, types and values.

It is a guess. It leaves out what it cannot guess, and hints for its reader list that and what is assumed.
"""

from __future__ import annotations

from itertools import combinations
from math import isclose
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.audit.families import families_of
from generator.diagnostics.wording import printable, shortened
from generator.discover import meaning
from generator.discover.feeding import READ_UNITS, in_dollars, is_of_calls, stream_sources
from generator.discover.foreign import (
    GAUGE,
    HISTOGRAM,
    SUMMARY,
    TELLING,
    Exposed,
    Part,
    Place,
    StreamDraft,
    exposed_metric,
)
from generator.discover.labels import doubts_of_errors, other_outcomes, stream_labels, token_label, told_apart
from generator.discover.profile_text import Writer
from generator.model.streams import STATUS, TOKEN_TYPE
from generator.promql.expr import escape_regex
from generator.spec.inline_yaml import yaml_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from generator.audit.source import AuditSource
    from generator.model.streams import Stream

#: The streams with a status, and the signal that needs it.
_RATES = {"run": "success rate", "tool_call": "error rate of tools"}
#: The largest number of characters in a hint.
_LONGEST_HINT = 300


class ProfileDraft(Struct, frozen=True):
    """The name and the text of a profile, the streams that it feeds, and hints for its reader."""

    name: str
    text: str
    streams: tuple[str, ...]
    hints: tuple[str, ...]


def drafted(
    source: AuditSource, streams: Mapping[str, Stream], name: str, origin: str
) -> ProfileDraft | None:
    """Draft a profile; None where nothing counts runs.

    Args:
        source: The series of one target.
        streams: Those of the library.
        name: The profile's.
        origin: The place and the day, for people.

    Raises:
        LiveError: the place fails.
    """
    place, names = Place(source), source.names(("",))
    exposed = {
        family.name: exposed_metric(family, source) for family in families_of(names, colons=source.lone)
    }
    metrics = tuple(_sliced(filter(None, exposed.values()), place))
    others = [name for name, metric in exposed.items() if metric is None]
    feeds = told_apart(_feeds(metrics, streams, place), place)
    if not any(feed.stream == "run" for feed in feeds):
        return None
    inside = _includes(feeds, metrics, place)
    writer = Writer(place, feeds, inside.text)
    created = any(one.endswith("_created") for one in names)
    lines = list(writer.lines(name, origin, created=created))
    hints = (*inside.doubts, *_hints_of(metrics, others, feeds, place, writer.unclear))
    lines += ["", *(f"# {hint}" for hint in hints)] if hints else []
    return ProfileDraft(
        name, "".join(f"{line}\n" for line in lines), tuple(one.stream for one in feeds), hints
    )


def gauges_of_calls(source: AuditSource) -> tuple[str, ...]:
    """Name the gauges about runs, tools or models, which count nothing."""
    names = (name for name in sorted(source.names(("",))) if is_of_calls(name))
    return tuple(name for name in names if GAUGE in source.described(name).types)


def _feeds(metrics: Sequence[Exposed], streams: Mapping[str, Stream], place: Place) -> Iterator[StreamDraft]:
    for stream, parts in stream_sources(metrics, place).items():
        if parts and stream in streams and _has_bounds(parts[0], place):
            wanted = streams[stream].labels
            yield StreamDraft(stream, parts, stream_labels(wanted, parts, place), wanted=wanted)


def _has_bounds(part: Part, place: Place) -> bool:
    """Whether a source has buckets, or needs none."""
    return part.metric.type != HISTOGRAM or bool(part.value or place.bounds(part.metric))


def _sliced(metrics: Iterable[Exposed], place: Place) -> Iterator[Exposed]:
    """Take the metrics of several kinds of operations apart."""
    for metric in metrics:
        if label := _method_label(metric, place):
            where = (*metric.where, (label, (meaning.CALL_OF_TOOL,)))
            yield replace(metric, where=where, kind="tool")
            continue
        kinds = next(filter(None, _kinds_by_label(metric, place)), None)
        if kinds is None:
            yield metric
        else:
            label, by_kind = kinds
            for kind, values in by_kind.items():
                where = (*metric.where, (label, tuple(map(escape_regex, values))))
                yield replace(metric, where=where, kind=kind)


def _method_label(metric: Exposed, place: Place) -> str:
    """Find the label of a metric of tools that tells their calls from other requests of the same protocol."""
    labels = sorted(place.labels(metric)) if metric.words & meaning.TOOLS else ()
    return next((one for one in labels if meaning.CALL_OF_TOOL in place.values(metric, one)), "")


def _unread_operations(part: Part, others: Iterable[Part], place: Place) -> tuple[str, list[str]]:
    """List the values of the label of operations that no part of the same metric reads."""
    metric = part.metric
    if not metric.kind or not metric.where:
        return "", []
    label = metric.where[0][0]
    read = {
        value for one in others if one.metric.name == metric.name for value in place.values(one.metric, label)
    }
    return label, [one for one in place.values(replace(metric, where=()), label) if one and one not in read]


def _kinds_by_label(metric: Exposed, place: Place) -> Iterator[tuple[str, Mapping[str, list[str]]] | None]:
    wanted = meaning.OPERATION_LABELS
    if metric.words & (meaning.TOKENS | meaning.COSTS | meaning.TOOLS):
        wanted = meaning.SURE_OPERATION_LABELS
    for label in sorted(place.labels(metric)):
        if meaning.words(label) & wanted:
            by_kind = meaning.operations(place.values(metric, label))
            yield (label, by_kind) if len(by_kind) > 1 else None


class _Includes(Struct, frozen=True):
    """The types of tokens inside others as a profile says it, empty where nothing proves it, and the doubt."""

    text: str = ""
    doubts: tuple[str, ...] = ()


def _includes(feeds: Iterable[StreamDraft], metrics: Sequence[Exposed], place: Place) -> _Includes:
    """Find the types inside others where the source's own total proves it."""
    feed = next((one for one in feeds if one.stream == "token_usage"), None)
    amounts = _amounts(feed, place) if feed else {}
    inner = [one for one, outer in meaning.OUTER_TYPES.items() if {one, outer} <= amounts.keys()]
    if not inner:
        return _Includes()
    total = amounts.get(meaning.TOTAL) or _total(metrics, place)
    inside, unknown = _decided(inner, amounts, total)
    written = _written(inner, {*inside, *unknown})
    if not unknown:
        return _Includes(written)
    others = _written(inner, set(inside))
    doubt = (
        f"{', '.join(unknown)} tokens are inside others or beside them as prices.yaml says of each provider: "
        f"write includes: {written} or {others} to say how this source counts"
    )
    return _Includes("", (doubt,))


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
    apart = amounts.keys() - {meaning.TOTAL, *inside}
    return isclose(sum(amounts[one] for one in apart), total)


def _written(inner: Sequence[str], inside: set[str]) -> str:
    outers = dict.fromkeys(meaning.OUTER_TYPES[one] for one in inner)
    listed = {
        outer: [one for one in inner if one in inside and meaning.OUTER_TYPES[one] == outer]
        for outer in outers
    }
    return f"{{{', '.join(f'{outer}: {yaml_list(some)}' for outer, some in listed.items())}}}"


def _amounts(feed: StreamDraft, place: Place) -> dict[str, float]:
    """Sum each type of tokens, the total as one of them."""
    found: dict[str, float] = {}
    for part in feed.parts:
        for kind, amount in _by_type(part, feed, place):
            found[kind] = found.get(kind, 0) + amount * place.scale(part.metric)
    return found


def _by_type(part: Part, feed: StreamDraft, place: Place) -> Iterator[tuple[str, float]]:
    label = feed.labels.get(TOKEN_TYPE)
    if label:
        for value, amount in place.totals(part.metric, label).items():
            yield meaning.token_type(value) or value, amount
    for name, value in part.constants:
        if name == TOKEN_TYPE:
            yield value, place.amount(part.metric)


def _total(metrics: Iterable[Exposed], place: Place) -> float:
    """Find a metric of all tokens, whatever their type; 0 where there is none, or several differ."""
    untyped = (one for one in metrics if meaning.is_of_all_tokens(one.name) and not token_label(one, place))
    found = {place.amount(one) * meaning.scale(one.name) for one in untyped}
    return found.pop() if len(found) == 1 else 0


def _hints_of(
    metrics: Sequence[Exposed],
    others: Sequence[str],
    feeds: Sequence[StreamDraft],
    place: Place,
    unclear: Mapping[str, set[str]],
) -> tuple[str, ...]:
    """List the assumptions, then the values and metrics of agents that the profile does not read.

    ``others`` are the names of metrics that no stream can read.
    """
    found = (
        *_assumed(feeds, place),
        *_unclear(unclear),
        *_unused(metrics, feeds, place),
        *_unfit(others, feeds, place),
    )
    return tuple(printable(shortened(one, _LONGEST_HINT)) for one in dict.fromkeys(found))


def _assumed(feeds: Sequence[StreamDraft], place: Place) -> Iterator[str]:
    for feed in feeds:
        if feed.stream in _RATES and not _has_status(feed):
            name = feed.parts[0].metric.name
            yield f"no label of {name} says whether it failed, so there is no {_RATES[feed.stream]}"
    for feed in feeds:
        yield from feed.doubts
        yield from (doubt for part in feed.parts for doubt in part.doubts)
    yield from doubts_of_errors(feeds, place)
    parts = [part for feed in feeds for part in feed.parts]
    for part in parts:
        label, values = _unread_operations(part, parts, place)
        if values:
            yield f"{part.metric.name}: no stream reads the {label} {', '.join(values)}"
    for feed in feeds:
        yield from _contradicted(feed, place)


def _contradicted(feed: StreamDraft, place: Place) -> Iterator[str]:
    """Name the labels that say otherwise than the one that is read."""
    read = feed.labels.get(STATUS)
    name = feed.parts[0].metric.name
    for other in other_outcomes(feed.parts[0].metric, read, place) if read else ():
        yield f"{name}: status is its {read}; its {other} says otherwise of some series"


def _has_status(feed: StreamDraft) -> bool:
    return STATUS in feed.labels or any(name == STATUS for part in feed.parts for name, _ in part.constants)


def _unclear(unclear: Mapping[str, set[str]]) -> Iterator[str]:
    for label, values in unclear.items():
        yield f"unclear: which value is {label} {', '.join(sorted(values))}?"


def _unused(metrics: Sequence[Exposed], feeds: Sequence[StreamDraft], place: Place) -> Iterator[str]:
    """Name the metrics without a place, those with a reason first."""
    used = {part.metric.name: part.value for feed in feeds for part in feed.parts}
    used |= {part.minus: "" for feed in feeds for part in feed.parts}
    spaces = _spaces(feeds)
    timed = {part.metric.name for feed in feeds for part in feed.parts if not part.value}
    found = []
    for one in metrics:
        why = _why_not(one, place)
        if one.name not in used and (why or _is_near(one.name, spaces)):
            found.append((not why, f"not used: {one.name}{f': {why}' if why else ''}"))
        elif why and used.get(one.name) == "count" and one.name not in timed:
            found.append((False, f"only counted: {one.name}: {why}"))
    yield from (text for _, text in sorted(found))


def _spaces(feeds: Sequence[StreamDraft]) -> set[str]:
    """Find the first words of the names that are read; what begins so is probably of the same agent."""
    parts = [part for feed in feeds for part in feed.parts]
    return {name.partition("_")[0] for part in parts for name in (part.metric.name, part.minus) if name}


def _is_near(name: str, spaces: set[str]) -> bool:
    """Whether a metric is probably one of the agent, by its words or by the beginning of its name."""
    return bool(meaning.words(name) & TELLING) or name.partition("_")[0] in spaces


def _unfit(names: Iterable[str], feeds: Sequence[StreamDraft], place: Place) -> Iterator[str]:
    """Name the metrics of agents that no stream can read, since their amount does not only grow."""
    spaces = _spaces(feeds)
    for name in sorted(names):
        if _is_near(name, spaces):
            why = "a gauge" if GAUGE in place.source.described(name).types else "no counter or histogram"
            yield f"not used: {name}: it is {why}"


def _why_not(metric: Exposed, place: Place) -> str:
    """Say why a metric, or the times of one that is counted, cannot be read; empty without a known reason."""
    if metric.words & (meaning.COSTS | meaning.TOKENS) and metric.words & meaning.UNSPENT:
        return "what was saved was not spent"
    if metric.words & meaning.COSTS and not in_dollars(metric, place):
        currency = meaning.currency(place.money(metric)) or "another currency"
        return f"it is in {currency}; let it feed cost with a scale, the USD for one"
    if not metric.words & meaning.TIMES:
        return ""
    if metric.type == SUMMARY:
        return "a summary has no buckets, so it gives no latency"
    unit = place.time_unit(metric) if metric.type == HISTOGRAM else ""
    return (
        "" if unit in READ_UNITS else f"it is in {unit}, and a histogram is read in s or ms: expose seconds"
    )
