"""The text of a drafted profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.discover import meaning
from generator.discover.foreign import (
    HISTOGRAM,
    Exposed,
    Part,
    Place,
    StreamDraft,
)
from generator.discover.labels import merged_meanings, status_meaning, value_patterns
from generator.model.streams import ERROR_CLASS, STATUS, STOP_REASON, TOKEN_TYPE
from generator.model.units import plain
from generator.spec.inline_yaml import yaml_list, yaml_mapping, yaml_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence


#: The library has no signals of this stream.
_FIRST_TOKEN = (
    "  time_to_first_token_p50:",
    "    title: Time to the first token (p50)",
    "    description: Half of the calls of a model answer at least this fast.",
    "    layer: tools",
    "    quantile: {of: time_to_first_token, q: 0.5}",
    "  time_to_first_token_p95:",
    "    title: Time to the first token (p95)",
    "    description: One call of a model in twenty takes longer to begin its answer.",
    "    layer: tools",
    "    quantile: {of: time_to_first_token, q: 0.95}",
)
#: Nor of this one.
_MODEL_TIMES = (
    "  llm_latency_p50:",
    "    title: Model latency (p50)",
    "    description: Half of the calls of a model take at most this long.",
    "    layer: tools",
    "    quantile: {of: llm_latency, q: 0.5}",
    "  llm_latency_p95:",
    "    title: Model latency (p95)",
    "    description: One call of a model in twenty takes longer.",
    "    layer: tools",
    "    quantile: {of: llm_latency, q: 0.95}",
)
#: Streams of amounts, which may be in other units.
_SCALED = ("cost", "token_usage")
#: The bounds of labels without a list of values.
_BOUNDS = {
    "release": "{max_live: 3, new_per_week: 2}",
    "model": "{}                          # each service lists its own",
    "tool": "{}",
}


class Writer:
    """Writes the lines of a profile; ``unclear`` collects values without a certain meaning, by their labels."""

    def __init__(self, place: Place, feeds: Sequence[StreamDraft], includes: str = "") -> None:
        self._place, self._feeds, self._includes = place, feeds, includes
        self.unclear: dict[str, set[str]] = {}

    def lines(self, name: str, origin: str, *, created: bool) -> Iterator[str]:
        """Write all of it."""
        yield "# yaml-language-server: $schema=../.schemas/profile.schema.json"
        yield f"# Drafted from names and values at {origin}. Read every line: a wrong one measures something else."
        yield f"profile: {name}"
        yield "description: What exposes these metrics, in one line."
        run = next(feed for feed in self._feeds if feed.stream == "run")
        yield f"run: {self._word(run)}"
        yield "emitted: elsewhere"
        if not created:
            yield "created_series: false"
        if self._includes:
            yield f"includes: {self._includes}"
        yield ""
        if labels := list(self._declared()):
            yield "labels:"
            yield from labels
            yield ""
        yield "streams:"
        for feed in self._feeds:
            yield from self._stream(feed)
        yield from self._signals()

    def _signals(self) -> Iterator[str]:
        fed = {feed.stream for feed in self._feeds}
        own = [*(_FIRST_TOKEN if "time_to_first_token" in fed else ())]
        own += _MODEL_TIMES if "llm_latency" in fed else ()
        if own:
            yield from ("", "signals:", *own)

    @staticmethod
    def _word(run: StreamDraft) -> str:
        if run.parts[0].metric.kind == "model":
            return "request"
        found = run.parts[0].metric.words
        return next((read for one, read in meaning.RUNS.items() if one in found), "request")

    def _exposed(self, label: str) -> Iterator[tuple[str, str]]:
        """List the values of a label of ours, each with the exposed label."""
        for feed in self._feeds:
            exposed = feed.labels.get(label, "")
            for part in feed.parts if exposed else ():
                yield from ((exposed, value) for value in self._place.values(part.metric, exposed))

    def _used(self) -> set[str]:
        """Collect the labels that the profile declares."""
        used = {label for feed in self._feeds for label in feed.labels}
        return used | {label for feed in self._feeds for part in feed.parts for label, _ in part.constants}

    def _declared(self) -> Iterator[str]:
        used = self._used()
        values: dict[str, Callable[[], Iterable[str]]] = {
            STATUS: self._status_values,
            STOP_REASON: lambda: self._by(meaning.stop_reason, STOP_REASON),
            ERROR_CLASS: lambda: self._by(meaning.error_class, ERROR_CLASS),
            TOKEN_TYPE: self._token_types,
        }
        for label, lines in values.items():
            if label in used:
                yield f"  {label}:"
                yield from lines()
        yield from (f"  {label}: {bound}" for label, bound in _BOUNDS.items() if label in used)

    def _status_values(self) -> Iterator[str]:
        readings = []
        for exposed, values in self._by_status():
            reading = status_meaning(exposed, values)
            readings.append(reading)
            unclear = {value for value in values if value and value not in reading.means}
            if unclear:
                self.unclear.setdefault(exposed, set()).update(unclear)
        found = merged_meanings(readings) if readings else None
        if found is None or not found.means:
            yield f"    values: [{meaning.OK}, {meaning.ERROR}]"
        else:
            yield f"    values: {{ok: {yaml_list(found.successes)}, error: {yaml_list(found.errors)}}}"
        yield "    closed: true"

    def _by_status(self) -> Iterator[tuple[str, list[str]]]:
        """List the exposed labels that are read as the status, each with its values."""
        found: dict[tuple[str, int], list[str]] = {}
        for index, feed in enumerate(self._feeds):
            exposed = feed.labels.get(STATUS, "")
            for part in feed.parts if exposed else ():
                found.setdefault((exposed, index), []).extend(self._place.values(part.metric, exposed))
        yield from ((exposed, values) for (exposed, _), values in found.items())

    def _token_types(self) -> Iterator[str]:
        found: dict[str, list[str]] = {}
        for exposed, value in self._exposed(TOKEN_TYPE):
            means = meaning.token_type(value)
            if means:
                found.setdefault(means, []).append(value)
            elif value:
                self.unclear.setdefault(exposed, set()).add(value)
        constant = [
            value
            for feed in self._feeds
            for part in feed.parts
            for label, value in part.constants
            if label == TOKEN_TYPE
        ]
        if constant:
            yield f"    values: {yaml_list(constant)}"
            yield "    closed: true"
            return
        totals = found.pop(meaning.TOTAL, [])
        listed = (
            f"{kind}: {yaml_list(value_patterns(dict.fromkeys(every)))}" for kind, every in found.items()
        )
        yield f"    values: {{{', '.join(listed)}}}"
        if totals:
            yield f"    ignore: {yaml_list(value_patterns(dict.fromkeys(totals)))}"

    def _by(self, means: Callable[[str], str], label: str) -> Iterator[str]:
        found: dict[str, dict[str, None]] = {}
        for _, value in self._exposed(label):
            if value:
                found.setdefault(means(value), {})[value] = None
        known = {name: every for name, every in found.items() if name != meaning.OTHER}
        listed = ", ".join(f"{name}: {yaml_list(value_patterns(every))}" for name, every in known.items())
        yield f"    values: {{{listed}}}" if known else f"    values: [{meaning.OTHER}]"

    def _stream(self, feed: StreamDraft) -> Iterator[str]:
        yield f"  {feed.stream}:"
        if len(feed.parts) == 1 and not feed.parts[0].constants:
            yield from (
                f"    {key}: {text}" for key, text in _source(feed.parts[0], feed.stream, self._place)
            )
        else:
            yield "    parts:"
            yield from (f"      - {_part(part, feed.stream, self._place)}" for part in feed.parts)
        if feed.labels:
            yield f"    labels: {yaml_mapping(feed.labels)}"
        if feed.parts[0].metric.type == HISTOGRAM and not feed.parts[0].value:
            yield from self._buckets(feed.parts[0].metric, feed.stream)
        read = {*feed.labels.values(), *(label for part in feed.parts for label, _ in part.metric.where)}
        exposed = {one for part in feed.parts for one in self._place.labels(part.metric)}
        if dropped := sorted((exposed | self._lacking(feed)) - read):
            yield f"    drop: {yaml_list(dropped)}"

    def _lacking(self, feed: StreamDraft) -> set[str]:
        """Find the labels that a stream without any would be taken to have by the names that the profile declares."""
        constant = {label for part in feed.parts for label, _ in part.constants}
        return set() if feed.labels else ({*feed.wanted} & self._used()) - constant

    def _buckets(self, metric: Exposed, stream: str) -> Iterator[str]:
        if stream != "run_steps":
            yield f"    unit: {self._place.time_unit(metric) or 's                            # a guess'}"
        yield f"    buckets: [{', '.join(map(plain, self._place.bounds(metric)))}]"


def _part(part: Part, stream: str, place: Place) -> str:
    fields = [f"{key}: {text}" for key, text in _source(part, stream, place)]
    fields += [f"minus: {yaml_text(part.minus)}"] if part.minus else []
    fields += [f"set: {yaml_mapping(dict(part.constants))}"] if part.constants else []
    return f"{{{', '.join(fields)}}}"


def _source(part: Part, stream: str, place: Place) -> Iterator[tuple[str, str]]:
    """Write which series of a metric are read, and the factor to dollars or tokens."""
    yield "of", yaml_text(part.metric.name)
    if part.value:
        yield "value", part.value
    if part.metric.where:
        where = (f"{label}: {_one_or_several(patterns)}" for label, patterns in part.metric.where)
        yield "where", f"{{{', '.join(where)}}}"
    scale = place.scale(part.metric) if stream in _SCALED else 1
    if scale != 1:
        yield "scale", plain(scale)


def _one_or_several(patterns: Sequence[str]) -> str:
    return yaml_text(patterns[0]) if len(patterns) == 1 else yaml_list(patterns)
