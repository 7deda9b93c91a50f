"""``simulate``: an invented history of a service, into a Prometheus or a file, and a list of its incidents."""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from msgspec import Struct, field

from generator.commands import options
from generator.commands.call import OK, CallError
from generator.commands.compiling import check_known, on_specs, service_named
from generator.commands.replacing import check_no_spec, replacing
from generator.commands.terminal import ProgressLine
from generator.commands.values import TimeSpan, instant, iso_time, length, prometheus, span
from generator.diagnostics.wording import printable
from generator.model.units import DAY, duration, parse_duration
from generator.promql.expr import aggregate, series
from generator.simulate.history import Truth, simulate
from generator.simulate.incidents import SimulatedIncident, effects, incident_names
from generator.simulate.scenario import RequestedIncident, Scenario, scenario_with
from generator.streams.raw import as_classic

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from generator.compiler import Compilation
    from generator.live.api import PrometheusApi
    from generator.live.remote_write import TimeSeries
    from generator.model.service import Model, Service


#: The longest span in seconds: three months, so that an error budget of 30 days has a past.
_LONGEST = 93 * DAY


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.description = "Invent the history of a service's fleet, and write it into a Prometheus or a file."
    parser.epilog = f"{options.CREDENTIALS}."
    options.add_specs(parser)
    parser.add_argument("--service", metavar="NAME", help="the service; needed where the specs have several")
    options.add_span(parser)
    parser.add_argument(
        "--incident",
        action="append",
        default=[],
        metavar="NAME[@START[+DURATION]]",
        help="what goes wrong, from when and for how long: tool-outage@2h+30m is 2h after the start, or "
        "@2026-03-21T09:00Z; may be repeated. "
        f"Names: {', '.join(incident_names())}",
    )
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="the same seed gives the same bytes; default: 1"
    )
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--prometheus", metavar="URL", help="write into this server, by remote write")
    target.add_argument(
        "--openmetrics", type=options.path, metavar="FILE", help="write OpenMetrics text into this file"
    )
    parser.add_argument(
        "--record", action="store_true", help="evaluate all rules and alerts over the history as well"
    )
    parser.add_argument(
        "--add", action="store_true", help="write even where the server has series of the service already"
    )
    parser.add_argument(
        "--truth",
        type=options.path,
        metavar="FILE",
        help="write what happened, and when, into this file, as JSON",
    )
    options.add_timeout(parser, "1m")


def run(arguments: argparse.Namespace) -> int:
    """Simulate; nothing is written before the whole call is valid."""

    def simulated(model: Model, _found: Compilation) -> int:
        sys.stdout.writelines(_simulate(arguments, model))
        return OK

    return on_specs(arguments.specs, simulated)


def _simulate(arguments: argparse.Namespace, model: Model) -> Iterator[str]:
    if arguments.record and not arguments.prometheus:
        raise CallError("--record writes into a server", "name it: --prometheus http://localhost:9090")
    for path in (arguments.openmetrics, arguments.truth):
        check_no_spec(path, arguments.specs)
    if arguments.openmetrics and arguments.truth and _same(arguments.openmetrics, arguments.truth):
        raise CallError("--openmetrics and --truth name the same file", "name another one")
    own, within = _service(arguments.service, model), span(arguments)
    if within.end - within.start > _LONGEST:
        message = f"a span of {duration(within.end - within.start)} is too long to simulate"
        raise CallError(
            message, f"{duration(_LONGEST)} at most: a day of samples is hundreds of MB, and takes seconds"
        )
    service = as_classic(own)
    incidents = [_parse_incident(text, service, within) for text in arguments.incident]
    scenario = scenario_with(service, within.start, within.end, incidents, seed=arguments.seed)
    with ExitStack() as opened:
        line = opened.enter_context(ProgressLine(sys.stderr))
        # An unwritable place is found before the work.
        key = opened.enter_context(replacing(arguments.truth)) if arguments.truth else None
        job = Simulation(service, model, scenario, line)
        if arguments.openmetrics:
            said, truth = _to_file(job, arguments.openmetrics)
        else:
            api = prometheus(arguments.prometheus, arguments.timeout)
            said, truth = _to_server(job, api, record=arguments.record, add=arguments.add)
        if key:
            key.write([json.dumps(truth.to_json(), indent=2), "\n"])
    yield f"{printable(said)}\n"
    if own != service and not arguments.record:
        yield "  histograms are written as classic buckets: rules for native ones do not read them, --record does\n"
    yield from _summary(truth)


def _same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _service(name: str | None, model: Model) -> Service:
    if name is not None:
        return service_named(name, model)
    if len(model.services) == 1:
        return model.services[0]
    names = " or ".join(service.name for service in model.services)
    raise CallError("name the service to simulate", f"--service {names}")


def _summary(truth: Truth) -> Iterator[str]:
    yield f"{truth.service} from {iso_time(truth.start)} to {iso_time(truth.end)}, seed {truth.seed}\n"
    happened = [(rollout.at, f"release {rollout.release}") for rollout in truth.rollouts]
    happened += [(one.start, _told(one, truth)) for one in truth.incidents]
    yield from (f"  {iso_time(at)}  {what}\n" for at, what in sorted(happened))


def _told(incident: SimulatedIncident, truth: Truth) -> str:
    """Name the alerts that should detect an incident; the service may measure nothing of it, or have them off."""
    meant = incident.effect.alerts
    found_by = ", ".join(alert for alert in meant if alert in truth.alerts)
    if not found_by:
        found_by = f"any alert, as {truth.service} has no {' and no '.join(meant)}" if meant else "no alert"
    return f"{incident.effect.name} until {iso_time(incident.end)}, for {found_by}"


def _parse_incident(text: str, service: Service, within: TimeSpan) -> RequestedIncident:
    """Read an incident; START is a time, or a duration after the start of the span.

    By default it starts in the middle and lasts a quarter of the span; it ends with the span at the latest.

    Raises:
        CallError: an unknown name, an invalid time, or one outside the span.
    """
    name, at, when = text.partition("@")
    known = [effect.name for effect in effects(service)]
    check_known(name, known, "incident")
    whole = within.end - within.start
    begin, lasting = _parts(when)
    start = _start(begin, within) if at else within.start + whole / 2
    if not within.start <= start < within.end:
        raise CallError(
            f"incident {name} starts outside the span, at {iso_time(start)}",
            f"the span is from {iso_time(within.start)} to {iso_time(within.end)}",
        )
    end = start + (length(lasting) if lasting else whole / 4)
    return RequestedIncident(name, start, min(end, within.end))


def _parts(when: str) -> tuple[str, str]:
    """Cut at the last ``+``, unless it belongs to a time (``+01:00``)."""
    begin, plus, lasting = when.rpartition("+")
    return (begin, lasting) if plus and ":" not in lasting else (when, "")


def _start(text: str, within: TimeSpan) -> float:
    after = parse_duration(text)
    return instant(text, within.end) if after is None else within.start + after


# A sample every five minutes misses no series; more of them would burden a server.
_LOOKBACK, _PROBES = 300, 500


class Simulation(Struct, frozen=True):
    """A simulation, and its progress line."""

    service: Service
    model: Model
    scenario: Scenario
    line: ProgressLine


class _Count(Struct):
    """Counts series and samples on their way."""

    series: int = 0
    samples: int = 0
    instances: set[str] = field(default_factory=set)

    def watch(self, series: Iterable[TimeSeries], truth: Truth, line: ProgressLine) -> Iterator[TimeSeries]:
        """Count series as they pass; those of an instance are consecutive."""
        expected = len({life.instance for life in truth.lives})
        for one in series:
            self.instances.add(one.labels["instance"])
            line.show("simulating", len(self.instances) - 1, expected)
            self.series += 1
            self.samples += len(one.values)
            yield one

    def __str__(self) -> str:
        return f"{self.samples} samples of {self.series} series"


def _to_file(job: Simulation, path: Path) -> tuple[str, Truth]:
    """Write OpenMetrics text; return a summary and the true events.

    Raises:
        CallError: the file cannot be written; the old one stays.
    """
    from generator.simulate.openmetrics import openmetrics_lines  # noqa: PLC0415 - not for servers

    count, history = _Count(), simulate(job.service, job.model.site, job.scenario)
    with replacing(path) as new:
        watched = count.watch(history.series, history.truth, job.line)
        new.write(f"{text}\n" for text in openmetrics_lines(watched, job.service))
    return f"{path}: {count}", history.truth


def _to_server(job: Simulation, api: PrometheusApi, *, record: bool, add: bool) -> tuple[str, Truth]:
    """Write into a Prometheus; if ``record``, with the records of its rules, alerts included.

    ``add`` allows existing series of the service in the span.

    Raises:
        LiveError: it cannot be reached, or refuses; the samples written before stay there.
        CallError: it already has such series.
    """
    from generator.live.remote_write import write  # noqa: PLC0415 - not for files

    if not add:
        _check_free(job, api)
    count, history = _Count(), simulate(job.service, job.model.site, job.scenario)
    write(api, count.watch(history.series, history.truth, job.line))
    written = f"{api.url}: {count}"
    return (f"{written}, {_record(job, api)}" if record else written), history.truth


def _check_free(job: Simulation, api: PrometheusApi) -> None:
    """Invented series must not mix with true ones: nothing could separate them afterwards."""
    start, end = job.scenario.start, job.scenario.end
    expr = aggregate("count", series("", job.service.selector).now())
    if api.query_range(expr.text, start, end, max(_LOOKBACK, (end - start) / _PROBES)).series:
        raise CallError(
            f"{api.url} has series of {job.service.name} within the span already",
            "choose another span or server; --add writes all the same",
        )


def _record(job: Simulation, api: PrometheusApi) -> str:
    from generator.live.evaluate import evaluate  # noqa: PLC0415 - for --record only
    from generator.prometheus.rule_set import rule_set  # noqa: PLC0415

    start, end = job.scenario.start, job.scenario.end
    done = evaluate(
        api,
        rule_set([job.service], job.model.library, job.model.site).groups,
        start,
        end,
        service=job.service.name,
        progress=lambda _record, part, whole: job.line.show("recording", part, whole),
    )
    return f"{done.samples} samples of {len(done.records)} records"
