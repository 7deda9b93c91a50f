"""A first profile for metrics that no profile reads, drafted from their names, types and values.

It is a guess. It leaves out what it cannot guess, and lists that, so that its reader can complete it.
"""

from __future__ import annotations

from functools import cached_property
from itertools import islice
from math import isfinite
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.audit.families import grouped
from generator.diagnostics.wording import printable, shortened
from generator.discover import meaning
from generator.discover.draft import pairs, word, words
from generator.model.metrics import MetricType
from generator.model.units import plain
from generator.promql.expr import escape_regex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from generator.audit.families import Stranger
    from generator.audit.source import AuditSource
    from generator.model.streams import Stream

_COUNTER, _HISTOGRAM, _SUMMARY = "counter", "histogram", "summary"
#: The largest number of listed values of one meaning, and of characters in a hint.
_MOST_VALUES, _LONGEST = 40, 200
_OK, _ERROR, _TOTAL, _OTHER = "ok", "error", "total", "other"
_NO_CALLS = meaning.TOKENS | meaning.COSTS | meaning.UNFINISHED | meaning.ELSEWHERE | {"per", "first", "ttft"}
_RELEASES = ("release", "version", "app_version", "service_version", "release_version", "build")
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
_STATUS_WORDS = frozenset({"status", "outcome", "result", "state", "success", "ok", "code"})


class Exposed(Struct, frozen=True, dict=True):
    """A metric as it is exposed: a counter, a histogram or a summary."""

    name: str
    type: str

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of its name."""
        return meaning.words(self.name)

    @property
    def counted(self) -> str:
        """The series that exists once for each combination of labels."""
        return self.name if self.type == _COUNTER else f"{self.name}_count"


class Part(Struct, frozen=True):
    """A source of a stream: a metric, what of it counts, its constant labels, and a metric to subtract."""

    metric: Exposed
    value: str = ""
    constants: tuple[tuple[str, str], ...] = ()
    minus: str = ""


class Feed(Struct, frozen=True):
    """A stream with its sources, and the exposed names of its labels."""

    stream: str
    parts: tuple[Part, ...]
    labels: Mapping[str, str]


class ProfileDraft(Struct, frozen=True):
    """The name and the text of a profile, the streams that it feeds, and hints for its reader."""

    name: str
    text: str
    streams: tuple[str, ...]
    hints: tuple[str, ...]


class _Place:
    """The metrics of a place, with their labels and values, each read once."""

    def __init__(self, source: AuditSource) -> None:
        self.source = source
        self._labels: dict[str, frozenset[str]] = {}
        self._values: dict[tuple[str, str], tuple[str, ...]] = {}

    def labels(self, metric: Exposed) -> frozenset[str]:
        """List the labels of a metric."""
        if metric.counted not in self._labels:
            self._labels[metric.counted] = self.source.labels(metric.counted) - {"le", "quantile"}
        return self._labels[metric.counted]

    def values(self, metric: Exposed, label: str) -> tuple[str, ...]:
        """List the values of a label, sorted; a missing label is one as well, the empty text."""
        key = metric.counted, label
        if key not in self._values:
            self._values[key] = tuple(sorted(one for (one,) in self.source.groups(key[0], (label,)).counts))
        return self._values[key]

    def bounds(self, metric: Exposed) -> tuple[float, ...]:
        """List the upper bounds of a histogram's buckets, ascending, without infinity."""
        every = self.source.groups(f"{metric.name}_bucket", ("le",)).counts
        return tuple(sorted(bound for (text,) in every if text and isfinite(bound := float(text))))


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
    place, names = _Place(source), source.names(("",))
    metrics = tuple(one for family in grouped(names, colons=source.lone) if (one := _exposed(family, source)))
    feeds = tuple(
        Feed(stream, parts, _labels(streams[stream].labels, parts, place))
        for stream, parts in _fed(metrics, place).items()
        if parts and stream in streams and _has_bounds(parts[0], place)
    )
    if not any(feed.stream == "run" for feed in feeds):
        return None
    writer = _Writer(place, feeds)
    created = any(one.endswith("_created") for one in names)
    lines = list(writer.lines(name, origin, created=created))
    hints = tuple(printable(shortened(one, _LONGEST)) for one in _hints(metrics, feeds, writer.unclear))
    lines += ["", *(f"# {hint}" for hint in hints)] if hints else []
    return ProfileDraft(
        name, "".join(f"{line}\n" for line in lines), tuple(one.stream for one in feeds), hints
    )


def _has_bounds(part: Part, place: _Place) -> bool:
    """Whether a source has buckets, or needs none."""
    return part.metric.type != _HISTOGRAM or bool(part.value or place.bounds(part.metric))


def _exposed(family: Stranger, source: AuditSource) -> Exposed | None:
    """Return a metric whose amount only grows."""
    if family.shape == MetricType.HISTOGRAM:
        return Exposed(family.name, _HISTOGRAM)
    if {f"{family.name}_sum", f"{family.name}_count"} <= family.members.keys():
        return Exposed(family.name, _SUMMARY)
    if family.shape == MetricType.COUNTER:
        return Exposed(family.name, _COUNTER)
    is_counter = meaning.words(family.name) & _TELLING and _COUNTER in source.described(family.name).types
    return Exposed(family.name, _COUNTER) if is_counter else None


_TELLING = frozenset(meaning.RUNS) | meaning.TOOLS | meaning.MODELS | meaning.TOKENS | meaning.COSTS


def _fed(metrics: Sequence[Exposed], place: _Place) -> dict[str, tuple[Part, ...]]:
    """Choose the sources of each stream."""
    calls = [one for one in metrics if not one.words & _NO_CALLS]
    of_tools = [one for one in calls if one.words & meaning.TOOLS]
    of_models = [one for one in calls if _is_of_models(one)]
    of_runs = [
        one
        for one in calls
        if one.words & meaning.RUNS.keys() and not one.words & meaning.TOOLS and one not in of_models
    ]
    runs = of_runs if _outcomes(of_runs, place) else of_models
    fed = {
        "run": _outcomes(runs, place),
        "run_latency": _times(runs),
        "run_steps": _steps(metrics),
        "tool_call": _outcomes(of_tools, place),
        "tool_latency": _times(of_tools),
        "llm_error": _failures(of_models),
        "time_to_first_token": _first_tokens(metrics),
        "token_usage": _tokens(metrics, place),
        "cost": _costs(metrics),
    }
    if runs is not of_models:
        fed |= {"llm_call": _outcomes(of_models, place)[:1], "llm_latency": _times(of_models)}
    if not any(part.constants for part in fed["tool_call"]):
        fed["tool_error"] = _failures(of_tools)
    return fed


def _is_of_models(metric: Exposed) -> bool:
    """Whether a metric measures calls of models; OpenTelemetry names such metrics ``gen_ai.client``."""
    named = metric.words & meaning.MODELS or {"gen", "ai", "client"} <= metric.words
    return bool(named) and not metric.words & (meaning.TOOLS | meaning.CERTAIN | meaning.STEPS)


def _rank(metric: Exposed) -> tuple[int, ...]:
    """Prefer the surest word for runs, then counters, then short names."""
    return (
        _surety(metric),
        (_COUNTER, _HISTOGRAM, _SUMMARY).index(metric.type),
        len(metric.words),
        len(metric.name),
    )


def _surety(metric: Exposed) -> int:
    """Rank by the words for runs; 0 without any."""
    return min((place for place, one in enumerate(meaning.RUNS) if one in metric.words), default=0)


def _best(metrics: Iterable[Exposed]) -> Exposed | None:
    return min(metrics, key=_rank, default=None)


def _count(metric: Exposed, *constants: tuple[str, str], minus: str = "") -> Part:
    return Part(metric, "" if metric.type == _COUNTER else "count", constants, minus)


def _outcomes(metrics: Sequence[Exposed], place: _Place) -> tuple[Part, ...]:
    """Count ends: of one metric with a status, or of one for all or for successes and another one for failures."""
    # A turn may be a step of a run; one that is timed is more likely a run.
    certain = meaning.CERTAIN - meaning.STEPS | meaning.TIMES
    events = [one for one in metrics if not one.words & meaning.STEPS or one.words & certain]
    bad = _best(one for one in events if one.type == _COUNTER and one.words & meaning.FAILED)
    good = _best(one for one in events if one.type == _COUNTER and one.words & meaning.SUCCEEDED)
    whole = [one for one in events if not one.words & (meaning.FAILED | meaning.SUCCEEDED)]
    surest = min(map(_surety, whole), default=0)
    every = _best(one for one in whole if _surety(one) == surest and _status(one, place)) or _best(whole)
    if good and bad and (every is None or every.type != _COUNTER):
        return _count(good, ("status", _OK)), _count(bad, ("status", _ERROR))
    if every and (bad is None or _status(every, place)):
        return (_count(every),)
    if every and bad and every.type == _COUNTER:
        return _count(every, ("status", _OK), minus=bad.name), _count(bad, ("status", _ERROR))
    return tuple(_count(one) for one in (every or good,) if one)


def _of_best(metrics: Iterable[Exposed], part: Callable[[Exposed], Part] = Part) -> tuple[Part, ...]:
    best = _best(metrics)
    return (part(best),) if best else ()


def _failures(metrics: Sequence[Exposed]) -> tuple[Part, ...]:
    bad = (one for one in metrics if one.type == _COUNTER and one.words & meaning.FAILED)
    return _of_best(bad, _count)


def _times(metrics: Sequence[Exposed]) -> tuple[Part, ...]:
    return _of_best(one for one in metrics if one.type == _HISTOGRAM and one.words & meaning.TIMES)


def _steps(metrics: Sequence[Exposed]) -> tuple[Part, ...]:
    others = meaning.TIMES | meaning.TOKENS | meaning.COSTS
    counted = (one for one in metrics if one.words & meaning.STEPS and not one.words & others)
    return _of_best(one for one in counted if one.type == _HISTOGRAM)


def _first_tokens(metrics: Sequence[Exposed]) -> tuple[Part, ...]:
    first = (one for one in metrics if "ttft" in one.words or {"first", "token"} <= one.words)
    return _of_best(one for one in first if one.type == _HISTOGRAM)


def _tokens(metrics: Sequence[Exposed], place: _Place) -> tuple[Part, ...]:
    """Sum the tokens of one metric with their types, or of one metric a type."""
    others = meaning.TIMES | meaning.UNFINISHED | meaning.COSTS | {"per", "first", "ttft"}
    found = sorted((one for one in metrics if "token" in one.words and not one.words & others), key=_rank)
    typed = next((one for one in found if _token_label(one, place)), None)
    if typed:
        return (_sum(typed),)
    by_type: dict[str, Exposed] = {}
    for one in found:
        by_type.setdefault(meaning.token_type_of_name(one.name), one)
    apart = {kind: one for kind, one in by_type.items() if kind not in {"", _TOTAL}}
    return tuple(_sum(one, ("token_type", kind)) for kind, one in apart.items())


def _costs(metrics: Sequence[Exposed]) -> tuple[Part, ...]:
    spent = (one for one in metrics if one.words & meaning.COSTS and not one.words & meaning.UNFINISHED)
    return _of_best(spent, _sum)


def _sum(metric: Exposed, *constants: tuple[str, str]) -> Part:
    return Part(metric, "" if metric.type == _COUNTER else "sum", constants)


def _labels(wanted: Iterable[str], parts: Sequence[Part], place: _Place) -> dict[str, str]:
    """Find the labels of a stream in its sources."""
    constant = {label for part in parts for label, _ in part.constants}
    found: dict[str, str] = {}
    for label in wanted:
        there = (_FINDERS[label](part.metric, place) for part in parts) if label in _FINDERS else ()
        exposed = next(filter(None, there), "")
        if exposed and label not in constant:
            found[label] = exposed
    return found


def _status(metric: Exposed, place: _Place) -> str:
    """Find the label that says whether it failed: by its name and its values, or one with the error."""
    labels = place.labels(metric)
    by_name = sorted(one for one in labels if meaning.words(one) & _STATUS_WORDS)
    errors = sorted(one for one in labels if meaning.words(one) & (meaning.FAILED | {"exception"}))
    return next((one for one in (*by_name, *errors) if meaning.statuses(one, place.values(metric, one))), "")


def _model(metric: Exposed, place: _Place) -> str:
    found = [one for one in place.labels(metric) if meaning.words(one) & {"model", "llm", "engine"}]
    return min(found, key=lambda one: ("model" not in one, "response" in one, len(one), one), default="")


def _tool(metric: Exposed, place: _Place) -> str:
    labels = place.labels(metric)
    found = [
        one
        for one in labels
        if meaning.words(one) & {"tool", "function"} and not meaning.words(one) & {"type", "kind"}
    ]
    default = "name" if "name" in labels and metric.words & meaning.TOOLS else ""
    return min(found, key=lambda one: ("name" not in one, len(one), one), default=default)


def _release(metric: Exposed, place: _Place) -> str:
    return next((one for one in _RELEASES if one in place.labels(metric)), "")


def _token_label(metric: Exposed, place: _Place) -> str:
    labels = sorted(place.labels(metric), key=lambda one: ("type" not in one, one))
    return next((one for one in labels if any(map(meaning.token_type, place.values(metric, one)))), "")


def _error_class(metric: Exposed, place: _Place) -> str:
    labels = sorted(place.labels(metric))
    by_name = [one for one in labels if meaning.words(one) & (meaning.FAILED | {"exception"})]
    others = [one for one in labels if meaning.words(one) & {"class", "reason", "code", "kind"}]
    return next((one for one in (*by_name, *others) if any(place.values(metric, one))), "")


def _stop_reason(metric: Exposed, place: _Place) -> str:
    labels = sorted(one for one in place.labels(metric) if "reason" in meaning.words(one))
    known = (
        one
        for one in labels
        if {meaning.stop_reason(value) for value in place.values(metric, one)} - {_OTHER}
    )
    return next(known, "")


_FINDERS: Mapping[str, Callable[[Exposed, _Place], str]] = {
    "status": _status,
    "model": _model,
    "tool": _tool,
    "release": _release,
    "token_type": _token_label,
    "error_class": _error_class,
    "stop_reason": _stop_reason,
}


class _Writer:
    """Writes the lines of a profile; ``unclear`` collects values without a certain meaning, by their labels."""

    def __init__(self, place: _Place, feeds: Sequence[Feed]) -> None:
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
        if feed.parts[0].metric.type == _HISTOGRAM and not feed.parts[0].value:
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


def _hints(
    metrics: Iterable[Exposed], feeds: Sequence[Feed], unclear: Mapping[str, Iterable[str]]
) -> Iterator[str]:
    """Name the values and metrics of agents that the profile does not read."""
    run = next(feed for feed in feeds if feed.stream == "run")
    if "status" not in run.labels and not any(part.constants for part in run.parts):
        yield f"no label of {run.parts[0].metric.name} says whether it failed, so there is no success rate"
    for label, values in unclear.items():
        yield f"unclear: which value is {label} {', '.join(sorted(values))}?"
    used = {part.metric.name for feed in feeds for part in feed.parts}
    used |= {part.minus for feed in feeds for part in feed.parts}
    left = sorted(one.name for one in metrics if one.words & _TELLING and one.name not in used)
    yield from (f"not used: {name}" for name in left)
