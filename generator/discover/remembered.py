"""The history behind a first spec, in a Prometheus of our own: a server's last days, or an exposition that grows."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.discover.places import InExposition, OnServer
from generator.live.evaluate import evaluate
from generator.live.remote_write import TimeSeries, write
from generator.live.server import prometheus_server
from generator.model import names
from generator.model.rules import RecordingRule, RuleGroup
from generator.replay.jobs import NoAnswers, WorkerPool
from generator.replay.needs import closure, raw_of
from generator.replay.scratch import RawSource, check_copied, check_scratch, server_with_raw
from generator.streams.raw import SCRAPED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from generator.live.api import PrometheusApi
    from generator.model.service import Service, Site
    from generator.prometheus.rule_set import RuleSet
    from generator.replay.jobs import Progress

#: The limit of a replay for samples to read.
_MOST_SAMPLES = 50_000_000
#: The counts of an exposition are assumed to recur in every minute of this time.
GROWING, _AGAIN = 2 * 3600, 60
#: The signal for the cost of a day.
SPEND = "spend"
_STAY = frozenset({"gauge", "info", "stateset"})


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
    records = _records(rules)
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
    raw = raw_of(own, _records(rules))
    end = int(place.at)
    crew = WorkerPool((place.api,), NoAnswers(), progress)
    with server_with_raw(RawSource(crew, (end - place.seconds, end), site, _MOST_SAMPLES), raw) as (
        api,
        span,
    ):
        yield Remembered(api, *span)


def _records(rules: RuleSet) -> frozenset[str]:
    every = (rule for group in rules.groups for rule in group.rules)
    return frozenset(rule.record for rule in every if isinstance(rule, RecordingRule))


def _only(groups: Iterable[RuleGroup], wanted: Callable[[str], bool]) -> Iterator[RuleGroup]:
    """Keep the rules whose records are wanted; an alert has none."""
    for group in groups:
        kept = tuple(rule for rule in group.rules if wanted(getattr(rule, "record", "")))
        if kept:
            yield replace(group, rules=kept)


def _titled(title: str, progress: Progress) -> Progress:
    return lambda _, done, whole: progress(title, done, whole)


def _grown(place: InExposition, service: Service, end: int, step: int) -> Iterator[TimeSeries]:
    """Write counters that grow evenly, by the exposition's values in each minute; all other series stay constant."""
    times = list(range(end - GROWING, end + 1, step))
    target = {**service.selector, "instance": "exposition"}
    lines = place.exposition.lines
    for line in lines:
        stays = line.name == "target_info" or _kinds(line.name, place) & _STAY
        values = [line.value if stays else line.value * (t - times[0]) / _AGAIN for t in times]
        yield TimeSeries({**line.labels, "__name__": line.name, **target}, [t * 1000 for t in times], values)
    for name, value in (("up", 1.0), (SCRAPED, float(len(lines)))):
        yield TimeSeries({"__name__": name, **target}, [t * 1000 for t in times], [value] * len(times))


def _kinds(name: str, place: InExposition) -> frozenset[str]:
    described = place.exposition.described.get(name)
    return described.types if described else frozenset()
