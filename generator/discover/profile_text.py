"""The text of a drafted profile."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from generator.discover import meaning
from generator.discover.draft import pairs, word, words
from generator.discover.foreign import HISTOGRAM
from generator.model.units import plain
from generator.promql.expr import escape_regex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from generator.discover.foreign import Exposed, Feed, Part, Place

#: The largest number of listed values of one meaning.
_MOST_VALUES = 40
_OK, _ERROR, _TOTAL, _OTHER = "ok", "error", "total", "other"
#: The library has no signals of this stream.
_FIRST_TOKEN = (
    "",
    "signals:",
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
#: The bounds of labels without a list of values.
_BOUNDS = {
    "release": "{max_live: 3, new_per_week: 2}",
    "model": "{}                          # each service lists its own",
    "tool": "{}",
}
#: The ends of names of exceptions.
_CLASSES = ("Error", "Exception")


class Writer:
    """Writes the lines of a profile; ``unclear`` collects values without a certain meaning, by their labels."""

    def __init__(self, place: Place, feeds: Sequence[Feed]) -> None:
        self._place, self._feeds = place, feeds
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
        yield ""
        if labels := list(self._declared()):
            yield "labels:"
            yield from labels
            yield ""
        yield "streams:"
        for feed in self._feeds:
            yield from self._stream(feed)
        if any(feed.stream == "time_to_first_token" for feed in self._feeds):
            yield from _FIRST_TOKEN

    @staticmethod
    def _word(run: Feed) -> str:
        found = run.parts[0].metric.words
        return next((read for one, read in meaning.RUNS.items() if one in found), "request")

    def _exposed(self, label: str) -> Iterator[tuple[str, str]]:
        """List the values of a label of ours, each with the exposed label."""
        for feed in self._feeds:
            exposed = feed.labels.get(label, "")
            for part in feed.parts if exposed else ():
                yield from ((exposed, value) for value in self._place.values(part.metric, exposed))

    def _declared(self) -> Iterator[str]:
        used = {label for feed in self._feeds for label in feed.labels}
        used |= {label for feed in self._feeds for part in feed.parts for label, _ in part.constants}
        values: dict[str, Callable[[], Iterable[str]]] = {
            "status": self._statuses,
            "stop_reason": lambda: self._by(meaning.stop_reason, "stop_reason"),
            "error_class": lambda: self._by(meaning.error_class, "error_class"),
            "token_type": self._token_types,
        }
        for label, lines in values.items():
            if label in used:
                yield f"  {label}:"
                yield from lines()
        yield from (f"  {label}: {bound}" for label, bound in _BOUNDS.items() if label in used)

    def _statuses(self) -> Iterator[str]:
        found: dict[str, str] = {}
        names_errors = False
        for exposed, value in self._exposed("status"):
            means = meaning.statuses(exposed, (value,)).get(value)
            if means:
                found.setdefault(value, means)
                names_errors |= bool(meaning.words(exposed) & meaning.FAILED)
            elif value:
                self.unclear.setdefault(exposed, set()).add(value)
        if not found:
            yield f"    values: [{_OK}, {_ERROR}]"
            yield "    closed: true"
            return
        ok, bad = ([one for one, means in found.items() if means == wanted] for wanted in (_OK, _ERROR))
        yield f"    values: {{ok: {_successes(ok, bad)}, error: {_errors(ok, bad, any_=names_errors)}}}"
        yield "    closed: true"

    def _token_types(self) -> Iterator[str]:
        found: dict[str, list[str]] = {}
        for exposed, value in self._exposed("token_type"):
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
            if label == "token_type"
        ]
        if constant:
            yield f"    values: {words(constant)}"
            yield "    closed: true"
            return
        totals = found.pop(_TOTAL, [])
        listed = (f"{kind}: {_patterns(dict.fromkeys(every))}" for kind, every in found.items())
        yield f"    values: {{{', '.join(listed)}}}"
        if totals:
            yield f"    ignore: {_patterns(dict.fromkeys(totals))}"

    def _by(self, means: Callable[[str], str], label: str) -> Iterator[str]:
        found: dict[str, dict[str, None]] = {}
        for _, value in self._exposed(label):
            if value:
                found.setdefault(means(value), {})[value] = None
        known = {name: every for name, every in found.items() if name != _OTHER}
        listed = ", ".join(f"{name}: {_patterns(every)}" for name, every in known.items())
        yield f"    values: {{{listed}}}" if known else f"    values: [{_OTHER}]"

    def _stream(self, feed: Feed) -> Iterator[str]:
        yield f"  {feed.stream}:"
        if len(feed.parts) == 1 and not feed.parts[0].constants:
            yield f"    of: {word(feed.parts[0].metric.name)}"
            if feed.parts[0].value:
                yield f"    value: {feed.parts[0].value}"
        else:
            yield "    parts:"
            yield from (f"      - {_part(part)}" for part in feed.parts)
        if scale := _scale(feed):
            yield f"    scale: {scale}"
        if feed.labels:
            yield f"    labels: {pairs(feed.labels)}"
        if feed.parts[0].metric.type == HISTOGRAM and not feed.parts[0].value:
            yield from self._buckets(feed.parts[0].metric, feed.stream)
        read = set(feed.labels.values())
        if dropped := sorted({one for part in feed.parts for one in self._place.labels(part.metric)} - read):
            yield f"    drop: {words(dropped)}"

    def _buckets(self, metric: Exposed, stream: str) -> Iterator[str]:
        if stream != "run_steps":
            in_ms, in_s = metric.words & {"ms", "millisecond"}, "second" in metric.words
            yield f"    unit: {'ms' if in_ms else 's' if in_s else 's                            # a guess'}"
        yield f"    buckets: [{', '.join(map(plain, self._place.bounds(metric)))}]"


def _scale(feed: Feed) -> str:
    """Return the factor to dollars, where a name says so."""
    if feed.stream != "cost":
        return ""
    name = feed.parts[0].metric.name.lower()
    return "0.000001" if "micro" in name else "0.01" if "cent" in meaning.words(name) else ""


def _part(part: Part) -> str:
    fields = [f"of: {word(part.metric.name)}"]
    fields += [f"value: {part.value}"] if part.value else []
    fields += [f"minus: {word(part.minus)}"] if part.minus else []
    fields += [f"set: {pairs(dict(part.constants))}"] if part.constants else []
    return f"{{{', '.join(fields)}}}"


def _patterns(values: Iterable[str]) -> str:
    return words(map(escape_regex, islice(values, _MOST_VALUES)))


def _successes(ok: Sequence[str], bad: Sequence[str]) -> str:
    """Write the patterns of successes: the seen values, else the usual ones."""
    if any(map(meaning.is_http, ok)):
        return '["2..", "3.."]'
    return _patterns(ok or (("true",) if "false" in bad else ("ok", "success")))


def _errors(ok: Sequence[str], bad: Sequence[str], *, any_: bool) -> str:
    """Write the patterns of failures: any text where a label names the error, else the seen or the usual values."""
    if any_ and set(ok) <= {""}:
        return '[".+"]'
    if any_ and all(one.endswith(_CLASSES) for one in bad):
        return words(f".*{end}" for end in _CLASSES)
    if any(map(meaning.is_http, (*ok, *bad))):
        return '["4..", "5.."]'
    return _patterns(bad or (("false",) if "true" in ok else ("error", "failed", "failure")))
