"""Signals and alerts that fit their metrics."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from msgspec import Struct

from tests.whole import words

Section = dict[str, Any]

_KINDS = ("share", "count", "ratio", "quantile", "distribution", "level")
_AMOUNTS = {
    "share": ("1%", "5%", "50%", "99.5%"),
    "money": ("$0.01", "$200"),
    "time": ("100ms", "2s"),
    "number": (0.5, 3, "20"),
}


class Metrics(Struct, frozen=True):
    """Names of a profile's metrics by role, and the labels of each with their values; none for an open label."""

    runs: str
    times: str
    calls: str
    queue: str
    labels: dict[str, tuple[str, ...]]
    of: dict[str, tuple[str, ...]]

    def broken_down(self, metric: str) -> st.SearchStrategy[list[str]]:
        """Some of a metric's labels."""
        return (
            st.lists(st.sampled_from(self.of[metric]), unique=True, max_size=3)
            if self.of[metric]
            else st.just([])
        )


_BETTER = ("higher", "lower", "neither")


@st.composite
def signals(draw: st.DrawFn, metrics: Metrics) -> Section:
    """A signal of some kind; most of them compile."""
    kind = draw(st.sampled_from(_KINDS))
    special = {"quantile": metrics.times, "level": metrics.queue}
    of = special.get(kind) or draw(st.sampled_from((metrics.runs, metrics.calls)))
    listed = [label for label in metrics.of[of] if metrics.labels[label]]
    if kind in {"share", "distribution"} and not listed:
        kind = "count"
    signal: Section = {
        "title": draw(words.texts),
        "description": draw(words.texts),
        "layer": draw(st.sampled_from(("run", "tools", "cost", "stop_reasons"))),
        kind: draw(_source(kind, of, listed, metrics)),
        "by": draw(metrics.broken_down(of)),
        "better": draw(st.sampled_from(("lower", "neither") if kind == "distribution" else _BETTER)),
    }
    if draw(st.booleans()) and signal.get("level", {}).get("take") != "now":
        signal["window"] = draw(words.durations)
    if kind != "distribution" and draw(st.booleans()):
        signal["trend"] = {"over": draw(words.durations)}
        if signal["by"] and draw(st.booleans()):
            signal["worst_by"] = signal["by"][0]
    return signal


def _source(kind: str, of: str, listed: list[str], metrics: Metrics) -> st.SearchStrategy[Section]:
    base = st.just({"of": of})
    match kind:
        case "share":
            where = st.sampled_from(listed).flatmap(
                lambda label: st.sampled_from(metrics.labels[label]).map(lambda value: {label: value})
            )
            return where.map(lambda where: {"of": of, "where": where})
        case "ratio":
            return st.just({"of": of, "per": metrics.runs})
        case "quantile":
            return st.sampled_from((0.5, 0.95, 0.999)).map(lambda q: {"of": of, "q": q})
        case "level":
            return st.sampled_from(("now", "max", "min", "avg")).map(lambda take: {"of": of, "take": take})
        case "distribution":
            return st.sampled_from(listed).map(lambda label: {"of": of, "label": label})
        case _:
            return base


def written_as(signal: Section) -> str:
    """The form of a signal's amounts."""
    if "share" in signal or "distribution" in signal:
        return "share"
    return "time" if "quantile" in signal or "level" in signal else "number"


@st.composite
def objectives(draw: st.DrawFn, known: Section) -> Section:
    """Promises of some signals."""
    promised: Section = {}
    for name, signal in known.items():
        if "count" in signal or not draw(st.booleans()):
            continue
        side = "min" if signal.get("better") == "higher" else "max"
        promised[name] = {side: draw(st.sampled_from(_AMOUNTS[written_as(signal)]))}
        if "share" in signal and draw(st.booleans()):
            promised[name]["window"] = "30d"
    return promised


@st.composite
def alerts(draw: st.DrawFn, known: Section) -> Section:
    """An alert on one of the signals; most of them can fire."""
    name = draw(st.sampled_from(sorted(known)))
    signal = known[name]
    kind = draw(st.sampled_from(_alert_kinds(signal)))
    body: Section = {"signal": name}
    if kind in {"threshold", "change"} and (signal["by"] or "distribution" in signal):
        body["by"] = signal["distribution"]["label"] if "distribution" in signal else signal["by"][0]
    if kind == "change":
        body["over"] = draw(words.durations)
    if kind == "threshold" and "ratio" in signal:
        body["unfinished"] = draw(st.booleans())
    alert: Section = {
        kind: body,
        draw(st.sampled_from(("warning", "critical"))): draw(_bounds(kind, signal)),
        "for": draw(words.durations),
        "keep_firing_for": draw(st.sampled_from(("2m", "15m", "1h"))),
        "summary": draw(words.sentences),
        "means": draw(words.texts),
    }
    more: Section = draw(
        st.sampled_from((*_floors(kind, signal), {"disabled": 'It is "too" loud: {{ $x }}'}))
    )
    if kind == "threshold" and "min_bad_events" in more and ("share" in signal or "distribution" in signal):
        body["also_over"] = "1d"
    return alert | more


def _floors(kind: str, signal: Section) -> tuple[Section, ...]:
    """Floors of events that an alert may have; of bad ones a ratio has only those of a sparse metric."""
    if "count" in signal or "level" in signal:
        return ({},)
    if kind in {"burn_rate", "overflow"}:
        return {}, {"min_bad_events": 5}
    few: Section = {"min_events": 10}
    if kind == "change" and "quantile" in signal:
        return {}, few
    return {}, few, {"min_bad_events": 5} | few


def _alert_kinds(signal: Section) -> list[str]:
    return (
        ["threshold", "change"]
        + (["burn_rate"] if "share" in signal else [])
        + (["overflow"] if "quantile" in signal else [])
    )


def _bounds(kind: str, signal: Section) -> st.SearchStrategy[str | float]:
    match kind:
        case "burn_rate":
            return st.sampled_from(("2x in 1h and 5m", "1.5x in 6h and 30m, 1x in 3d and 6h"))
        case "overflow":
            return st.just("5%")
        case "change":
            return st.sampled_from(("5pp", "10pp") if written_as(signal) == "share" else ("5%", "30%"))
        case _:
            amounts = _AMOUNTS[written_as(signal)]
            return st.sampled_from((*amounts, "objective", "2x objective"))


#: Changes that any alert of a profile takes.
changes = st.sampled_from(
    (
        {"for": "10m"},
        {"keep_firing_for": "15m"},
        {"disabled": 'The provider\'s "own" page, 100%: {{ $labels.service }}'},
        {"summary": 'It\'s broken: "really" # $1 %s.'},
        {"means": "Look at {{ $value }}\nand at `$labels`."},
    )
)
