"""Proof that a first spec works: the panels that have data over the history, and the firings of its alerts.

The history is in a Prometheus of our own: a server's last days, or an exposition that grows.
"""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.demo.boards import dashboard_files
from generator.demo.pages import Pages
from generator.demo.panels import Window
from generator.discover.places import InExposition, OnServer
from generator.grafana.panels import NO_DATA
from generator.live.evaluate import evaluate
from generator.live.plan import records_read
from generator.live.remote_write import TimeSeries, write
from generator.live.server import prometheus_server
from generator.model import names
from generator.model.names import SCRAPED_SAMPLES
from generator.model.rules import RuleGroup, records_of
from generator.model.signals import SPEND
from generator.model.units import HOUR, MINUTE
from generator.replay.jobs import WorkerPool
from generator.replay.scratch import RawSource, check_copied, check_scratch, server_with_raw
from generator.replay.subject import closure, raw_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from generator.demo.panels import Json
    from generator.live.api import PrometheusApi
    from generator.live.evaluate import Progress
    from generator.model.service import Service, Site
    from generator.prometheus.rule_set import RuleSet

#: The limit of a replay for samples to read.
_MOST_SAMPLES = 50_000_000
#: The counts of an exposition are assumed to recur in every minute of this time.
GROWING, _AGAIN = 2 * HOUR, MINUTE
_STAY = frozenset({"gauge", "info", "stateset"})
_POINTS = 300
_STEP = 15.0
_NOT_DRAWN = frozenset({"row", "text"})


class Remembered(Struct, frozen=True):
    """Our own server with the raw series of a span (Unix seconds), and their records.

    ``first`` are the names of the records for objectives: the streams, and the money spent.
    """

    api: PrometheusApi
    start: int
    end: int
    first: frozenset[str] = frozenset()

    @property
    def seconds(self) -> int:
        """The length of the span."""
        return self.end - self.start

    def evaluate(self, rules: RuleSet, progress: Progress) -> None:
        """Evaluate all remaining rules, alerts included; the services may have objectives by now.

        Raises:
            LiveError: the server fails.
        """
        rest = tuple(_only(rules.groups, lambda record: record not in self.first))
        evaluate(self.api, rest, self.start, self.end, progress=_titled("recording its signals", progress))


@contextmanager
def remembered(
    place: OnServer | InExposition,
    services: tuple[Service, ...],
    rules: RuleSet,
    site: Site,
    progress: Progress,
) -> Iterator[Remembered]:
    """Start a server, fill it with the series of services from a place, and record their streams.

    Raises:
        LiveError: there is no Prometheus on this machine, or one of the servers fails.
    """
    check_scratch()
    records = records_of(rules.groups)
    wanted = {names.rate(stream) for service in services for stream in service.streams.values()}
    wanted |= {names.value(service.signals[SPEND]) for service in services if SPEND in service.signals}
    first = closure(wanted & records, rules.groups, records)
    with _filled(place, services, rules, site, progress) as found:
        groups = tuple(_only(rules.groups, first.__contains__))
        evaluate(found.api, groups, found.start, found.end, progress=_titled("reading its streams", progress))
        yield replace(found, first=first)


@contextmanager
def _filled(
    place: OnServer | InExposition,
    services: tuple[Service, ...],
    rules: RuleSet,
    site: Site,
    progress: Progress,
) -> Iterator[Remembered]:
    if isinstance(place, InExposition):
        end = int(time.time())
        with prometheus_server() as server:
            for service in services:
                write(server.api, _grown(place, service, end, site.scrape_interval))
            yield Remembered(server.api, end - GROWING, end)
        return
    own = [group for one in rules.own for group in one.recording]
    check_copied(own)
    raw = raw_of(own, records_of(rules.groups))
    end = int(place.at)
    crew = WorkerPool((place.api,), progress)
    with server_with_raw(RawSource(crew, (end - place.seconds, end), site, _MOST_SAMPLES), raw) as (
        api,
        span,
    ):
        yield Remembered(api, *span)


def _only(groups: Iterable[RuleGroup], wanted: Callable[[str], bool]) -> Iterator[RuleGroup]:
    """Keep the rules whose records are wanted; an alert has none."""
    for group in groups:
        kept = tuple(rule for rule in group.rules if wanted(getattr(rule, "record", "")))
        if kept:
            yield replace(group, rules=kept)


def _titled(title: str, progress: Progress) -> Progress:
    return lambda _, done, whole: progress(title, done, whole)


def _grown(place: InExposition, service: Service, end: int, step: int) -> Iterator[TimeSeries]:
    """Write counters that grow evenly, by the exposition's values in each minute; all other series stay constant.

    The lines of other services, as a collector has them, are left out.
    """
    times = list(range(end - GROWING, end + 1, step))
    target = {**service.selector, "instance": "exposition"}
    own = service.selector.items()
    lines = [line for line in place.exposition.lines if all(line.labels.get(k, v) == v for k, v in own)]
    for line in lines:
        stays = line.name == names.TARGET_INFO or _kinds(line.name, place) & _STAY
        values = [line.value if stays else line.value * (t - times[0]) / _AGAIN for t in times]
        yield TimeSeries({**line.labels, "__name__": line.name, **target}, [t * 1000 for t in times], values)
    for name, value in (("up", 1.0), (SCRAPED_SAMPLES, float(len(lines)))):
        yield TimeSeries({"__name__": name, **target}, [t * 1000 for t in times], [value] * len(times))


def _kinds(name: str, place: InExposition) -> frozenset[str]:
    described = place.exposition.described.get(name)
    return described.types if described else frozenset()


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
        return cls(rules, records_of(rules.groups))

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
        if not history.api.query(expr, history.end):
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
    for moment in times:
        if stretch and moment > stretch[-1] + 1.5 * step:
            yield stretch[0], stretch[-1]
            stretch = []
        stretch.append(moment)
    if stretch:
        yield stretch[0], stretch[-1]
