"""Proof that a first spec works: the panels that have data over the history, and the firings of its alerts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.demo.boards import dashboard_files
from generator.demo.pages import Pages
from generator.demo.panels import Window
from generator.grafana.panels import NO_DATA
from generator.live.plan import records_read
from generator.model import names
from generator.model.rules import RecordingRule
from generator.replay.needs import closure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from generator.demo.panels import Json
    from generator.discover.remembered import Remembered
    from generator.model.service import Service, Site
    from generator.prometheus.rule_set import RuleSet

_POINTS = 300
_STEP = 15.0
_NOT_DRAWN = frozenset({"row", "text"})


class TriedPanel(Struct, frozen=True):
    """A panel, by the titles of its dashboard and its own.

    Attributes:
        dashboard: Its dashboard's title.
        title: Its own.
        has_data: Whether any of its queries has a result.
        why: The reason why it rightly has none: the missing part, or the panel's own text; else empty.
    """

    dashboard: str
    title: str
    has_data: bool
    why: str = ""


class Firing(Struct, frozen=True):
    """An alert as its owner sees it, for any number of label sets: its begin and end, Unix seconds."""

    alert: str
    service: str
    severity: str
    began: float
    ended: float


class Absent(Struct, frozen=True):
    """The missing parts: ``labels`` of streams by their exposed names, and streams without events."""

    labels: Mapping[str, str]
    streams: Mapping[str, str]


def panels(
    service: Service, rules: RuleSet, site: Site, history: Remembered, labels: Mapping[str, str]
) -> tuple[TriedPanel, ...]:
    """Query every panel of the dashboards of a service alone.

    Args:
        service: The service.
        rules: Of this service, evaluated over the history.
        site: The settings of all services.
        history: The server with the history.
        labels: Labels that no series has, and their exposed names.

    Raises:
        LiveError: the server fails.
    """
    window = Window(history.start, history.end, max(_STEP, history.seconds / _POINTS))
    boards = [json.loads(each.text) for each in dashboard_files(service, rules, site)]
    pages = Pages(history.api, service.name, {str(board["uid"]): board for board in boards})
    absent, reasons = Absent(labels, _without_events(service, history)), _Reasons.of(rules)
    tried = []
    for board in boards:
        for panel in pages.panels(board):
            if panel["type"] not in _NOT_DRAWN:
                targets: list[Json] = panel.get("targets", [])
                has_data = any(pages.answer(window, target) for target in targets)
                why = "" if has_data else _empty_text(panel) or reasons.why(targets, absent)
                tried.append(TriedPanel(board["title"], panel.get("title", ""), has_data, why))
    return tuple(tried)


class _Reasons(Struct, frozen=True):
    """The inputs of panels: all records, and the rules that make them."""

    rules: RuleSet
    records: frozenset[str]

    @classmethod
    def of(cls, rules: RuleSet) -> _Reasons:
        every = (rule for group in rules.groups for rule in group.rules)
        return cls(rules, frozenset(rule.record for rule in every if isinstance(rule, RecordingRule)))

    def why(self, targets: Iterable[Json], absent: Absent) -> str:
        """Find the missing part of a panel: a label of the level of its records, or any event."""
        exprs = [target["expr"] for target in targets]
        read = {record for expr in exprs for record in records_read(expr, self.records)}
        for label, exposed in absent.labels.items():
            if any(f"_{label}_" in f"_{record.partition(':')[0]}_" for record in read):
                return f"no series has {exposed}, which says the {label}"
        behind = closure(exprs, self.rules.groups, self.records)
        quiet = sorted(noun for stream, noun in absent.streams.items() if stream in behind)
        return f"no {quiet[0]} yet" if quiet else ""


def _empty_text(panel: Json) -> str:
    """Return a panel's own text for a result that is rightly empty."""
    text = str(panel["fieldConfig"]["defaults"].get("noValue", ""))
    return "" if text == NO_DATA else text


def _without_events(service: Service, history: Remembered) -> dict[str, str]:
    """Find the streams without events, by the names of their records; the values are their own names."""
    reasons = {}
    for stream in service.streams.values():
        record = names.rate(stream)
        expr = f'count(max_over_time({record}{{{names.SERVICE}="{service.name}"}}[{history.seconds}s]) > 0)'
        if not history.api.query(expr, history.end).samples:
            reasons[record] = stream.name
    return reasons


def firings(history: Remembered, step: int) -> tuple[Firing, ...]:
    """List the firings, in order of time, as Alertmanager groups them.

    Raises:
        LiveError: the server fails.
    """
    by = ("alertname", names.SERVICE, names.SEVERITY)
    expr = f'max by ({", ".join(by)}) ({names.ALERTS}{{alertstate="firing"}})'
    results = history.api.query_range(expr, history.start, history.end, step).series
    every = (
        Firing(
            one.labels["alertname"],
            one.labels.get(names.SERVICE, ""),
            one.labels[names.SEVERITY],
            first,
            last,
        )
        for one in results
        for first, last in _episodes(one.timestamps, step)
    )
    return tuple(sorted(every, key=lambda one: (one.began, one.alert)))


def _episodes(times: Sequence[float], step: int) -> Iterator[tuple[float, float]]:
    """Split times into stretches without a gap, and yield the ends of each."""
    stretch: list[float] = []
    for time in times:
        if stretch and time > stretch[-1] + 1.5 * step:
            yield stretch[0], stretch[-1]
            stretch = []
        stretch.append(time)
    if stretch:
        yield stretch[0], stretch[-1]
