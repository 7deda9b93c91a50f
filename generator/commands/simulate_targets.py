"""Where a simulated history goes: a Prometheus, or a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from generator.commands.call_error import CallError
from generator.commands.replacing import replacing
from generator.promql.expr import aggregate, series
from generator.simulate.history import simulate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from generator.commands.progress import ProgressLine
    from generator.live.api import PrometheusApi
    from generator.live.remote_write import TimeSeries
    from generator.model.service import Service, Site
    from generator.simulate.scenario import Scenario
    from generator.simulate.truth import Truth


# A look every five minutes misses no series; more looks than this would burden a server.
_LOOKBACK, _PROBES = 300, 500


class Job(Struct, frozen=True):
    """What is to be simulated, and the line that says how far it is."""

    service: Service
    site: Site
    scenario: Scenario
    line: ProgressLine


class _Count(Struct):
    """Counts series and samples on their way."""

    series: int = 0
    samples: int = 0
    instances: set[str] = field(default_factory=set)

    def watch(self, series: Iterable[TimeSeries], truth: Truth, line: ProgressLine) -> Iterator[TimeSeries]:
        """Let series pass; those of an instance come together."""
        expected = len({life.instance for life in truth.lives})
        for one in series:
            self.instances.add(one.labels["instance"])
            line.show("simulating", len(self.instances) - 1, expected)
            self.series += 1
            self.samples += len(one.values)
            yield one

    def __str__(self) -> str:
        return f"{self.samples} samples of {self.series} series"


def to_file(job: Job, path: Path) -> tuple[str, Truth]:
    """Write OpenMetrics text; return what to say of it, and what really happened.

    Raises:
        CallError: the file cannot be written; what was there stays.
    """
    from generator.simulate.openmetrics import lines  # noqa: PLC0415 - not for servers

    count, history = _Count(), simulate(job.service, job.site, job.scenario)
    with replacing(path) as new:
        watched = count.watch(history.series, history.truth, job.line)
        new.write(f"{text}\n" for text in lines(watched, job.service))
    return f"{path}: {count}", history.truth


def to_server(job: Job, api: PrometheusApi, *, record: bool, add: bool) -> tuple[str, Truth]:
    """Write into a Prometheus, with what its recording rules would have recorded if ``record``.

    ``add`` writes beside what the server has of the service in the span already.

    Raises:
        LiveError: it cannot be reached, or refuses; what it took before stays there.
        CallError: it has such series already.
    """
    from generator.live.remote_write import write  # noqa: PLC0415 - not for files

    if not add:
        _check_free(job, api)
    count, history = _Count(), simulate(job.service, job.site, job.scenario)
    write(api, count.watch(history.series, history.truth, job.line))
    said = f"{api.url}: {count}"
    return (f"{said}, {_record(job, api)}" if record else said), history.truth


def _check_free(job: Job, api: PrometheusApi) -> None:
    """What is invented must not mix with what is true: nothing could tell them apart afterwards."""
    start, end = job.scenario.start, job.scenario.end
    expr = aggregate("count", series("", job.service.selector).now())
    if api.query_range(expr.text, start, end, max(_LOOKBACK, (end - start) / _PROBES)).series:
        raise CallError(
            f"{api.url} has series of {job.service.name} within the span already",
            "choose another span or server; --add writes all the same",
        )


def _record(job: Job, api: PrometheusApi) -> str:
    from generator.live.evaluate import evaluate  # noqa: PLC0415 - for --record only
    from generator.prometheus.compiled import compile_rules  # noqa: PLC0415

    groups = compile_rules(job.service, job.site).recording
    start, end = job.scenario.start, job.scenario.end
    done = evaluate(
        api,
        groups,
        start,
        end,
        progress=lambda _record, part, whole: job.line.show("recording", part, whole),
    )
    return f"{done.samples} samples of {len(done.records)} recorded signals"
