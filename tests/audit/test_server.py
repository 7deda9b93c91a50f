"""A real Prometheus: simulated fleets, a scraped process, and queries that stay small on any server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from msgspec import field
from msgspec.structs import replace
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from generator.audit.checks import audit
from generator.audit.report import as_text
from generator.audit.server import ServerSource
from generator.diagnostics import Severity
from generator.live.remote_write import TimeSeries, write
from generator.live.server import ServerConfig
from generator.live.transport import Connection, Response
from generator.model.units import DAY, HOUR, MINUTE
from generator.simulate.history import simulate
from generator.simulate.scenario import RequestedIncident, scenario_with
from tests.audit.exposing import registry
from tests.golden import compare
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from generator.audit.checks import Audit
    from generator.live.api import PrometheusApi
    from generator.live.server import PrometheusServer
    from generator.model.service import Model, Service

C = TypeVar("C", bound=Connection)

NOW = 1_774_080_000  # 2026-03-21, 8 in the morning
GOLDEN = Path(__file__).parent / "on_a_server"


def _called(service: Service, job: str) -> Service:
    """Change a service's selector to one of its own on a shared server."""
    return replace(service, selector={"job": job})


def _messages(found: Audit) -> dict[str, str]:
    """Map the codes of violations and suspicions to their messages."""
    said = (finding.diagnostic for finding in found.findings)
    return {one.code: one.message for one in said if one.severity is not Severity.INFO}


@pytest.mark.parametrize(
    ("incident", "expected"),
    [
        (None, {}),
        ("tool-outage", {}),
        ("rolling-restart", {}),
        (
            "undeclared-label-value",
            {
                "audit/undeclared-value": 'label "tool" has "undeclared_tool", which the spec does not list (in '
                "agent_tool_call_total, agent_tool_error_total, agent_tool_latency_ms)",
                "audit/series-bound": "agent_tool_latency_ms has 330 series, and its spec bounds them by 288",
            },
        ),
        (
            "unpriced-model",
            {
                "audit/undeclared-value": 'label "model" has "experimental-model", which the spec does not list (in '
                "agent_token_usage_total)"
            },
        ),
    ],
)
def test_a_simulated_fleet_fits_its_spec_except_for_the_incident(  # noqa: PLR0913 - three fixtures
    incident: str | None,
    expected: dict[str, str],
    prometheus: PrometheusApi,
    unique: str,
    support: Service,
    model: Model,
) -> None:
    service, start = _called(support, unique), NOW - HOUR
    wanted = [RequestedIncident(incident, start + 20 * MINUTE, NOW)] if incident else []
    write(prometheus, simulate(service, model.site, scenario_with(service, start, NOW, wanted)).series)

    found = audit(ServerSource(prometheus, service, at=NOW), service, model)

    assert _messages(found) == expected
    assert found.seen.instances == service.replicas
    always = {name for name, metric in service.metrics.items() if not metric.sparse}
    assert always <= set(found.seen.metrics)


def test_series_that_ended_are_no_longer_reported(
    prometheus: PrometheusApi, unique: str, support: Service, model: Model
) -> None:
    service, start = _called(support, unique), NOW - HOUR
    wanted = [RequestedIncident("undeclared-label-value", start, start + 10 * MINUTE)]
    wanted.append(RequestedIncident("rolling-restart", start + 20 * MINUTE, start + 30 * MINUTE))
    write(prometheus, simulate(service, model.site, scenario_with(service, start, NOW, wanted)).series)
    assert _messages(audit(ServerSource(prometheus, service, at=NOW), service, model)) == {}


def _line(name: str, job: str, at: Iterable[tuple[float, float]], **labels: str) -> TimeSeries:
    points = list(at)
    return TimeSeries(
        {"__name__": name, "job": job, "instance": "a:1", **labels},
        [round(when * 1000) for when, _ in points],
        [value for _, value in points],
    )


RUN = {"status": "ok", "reason": "done"}


def test_releases_that_come_faster_than_declared_are_reported(
    fresh_prometheus: PrometheusServer, demo: Model
) -> None:
    service = demo.services[0]
    old = [
        _line("demo_runs_total", "demo-agent", [(NOW - day * DAY, 1.0)], release=f"r{day}", **RUN)
        for day in range(1, 13)
    ]
    write(
        fresh_prometheus.api,
        [*old, _line("demo_runs_total", "demo-agent", [(NOW, 5.0)], release="r0", **RUN)],
    )
    found = audit(ServerSource(fresh_prometheus.api, service, at=NOW), service, demo)
    text = "".join(as_text([found], {}))
    compare(GOLDEN, {"expected.txt": text.replace(fresh_prometheus.api.url, "http://prometheus")})
    assert found.seen.metrics["demo_runs_total"].labels["release"].values == 1


def test_a_counter_that_goes_up_and_down_is_suspected(
    prometheus: PrometheusApi, unique: str, demo: Model
) -> None:
    service = _called(demo.services[0], unique)
    up_and_down = [(NOW - 15.0 * step, float(step % 2)) for step in range(40)]
    write(prometheus, [_line("demo_tool_calls_total", unique, sorted(up_and_down), tool="mail")])
    told = _messages(audit(ServerSource(prometheus, service, at=NOW), service, demo))
    assert told["audit/not-a-counter"] == (
        "demo_tool_calls_total is a counter, and 1 series is falling again and again within 10m"
    )


def test_a_counter_that_restarts_is_not_suspected(
    prometheus: PrometheusApi, unique: str, demo: Model
) -> None:
    service = _called(demo.services[0], unique)
    restarted = [(NOW - 600 + 15.0 * step, float(step % 20)) for step in range(40)]
    write(prometheus, [_line("demo_tool_calls_total", unique, restarted, tool="mail")])
    assert "audit/not-a-counter" not in _messages(
        audit(ServerSource(prometheus, service, at=NOW), service, demo)
    )


def test_another_job_that_is_no_service_of_the_specs_is_suggested(
    fresh_prometheus: PrometheusServer, demo: Model
) -> None:
    write(fresh_prometheus.api, [_line("demo_runs_total", "demo", [(NOW, 1.0)], release="r1", **RUN)])
    service = demo.services[0]
    found = audit(ServerSource(fresh_prometheus.api, service, at=NOW), service, demo).findings[0]
    assert found.fix is not None
    assert found.fix.yaml == "selector: {job: demo}\n"
    # Where another service of the specs has this selector, it is not suggested.
    other = replace(service, name="other", selector={"job": "demo"})
    both = replace(demo, services=(service, other))
    assert audit(ServerSource(fresh_prometheus.api, service, at=NOW), service, both).findings[0].fix is None


def _scraped(server: PrometheusServer, target: str, wanted: Callable[[], bool]) -> None:
    """Make the server scrape a target until ``wanted``."""
    server.load(
        ServerConfig(
            scrape_interval="1s",
            scrape_configs=(
                {
                    "job_name": "support-agent",
                    "static_configs": [
                        {"targets": [target.removeprefix("http://")], "labels": {"region": "north"}}
                    ],
                },
            ),
        )
    )
    until(wanted)


def _scrape(
    server: PrometheusServer, answering: Callable[..., str], exposed: CollectorRegistry, service: Service
) -> ServerSource:
    headers = {"Content-Type": "text/plain; version=0.0.4"}
    source = ServerSource(server.api, service)
    _scraped(
        server,
        answering(200, generate_latest(exposed), headers=headers),
        # Metadata may come a moment later than samples.
        lambda: bool(source.exposed() and source.described("agent_run_total").types),
    )
    return source


def test_a_scraped_process_is_clean_and_labels_of_its_target_are_no_fault(
    fresh_prometheus: PrometheusServer, answering: Callable[..., str], support: Service, model: Model
) -> None:
    source = _scrape(fresh_prometheus, answering, registry(support), support)
    often = replace(model, site=replace(model.site, scrape_interval=1))
    found = audit(source, support, often)
    assert _messages(found) == {}
    assert found.seen.metrics["agent_run_total"].described.types == {"counter"}
    # All series of the target, not only the declared ones.
    assert found.seen.exposed == sum(seen.series for seen in found.seen.metrics.values())


def test_types_come_from_the_scraped_process(
    fresh_prometheus: PrometheusServer, answering: Callable[..., str], support: Service, model: Model
) -> None:
    exposed = CollectorRegistry()
    Gauge("agent_run_total", "Runs.", ["status", "release", "region"], registry=exposed).labels(
        "ok", "r1", "south"
    ).set(1)
    Counter("agent_retries_total", "Retries.", registry=exposed).inc()
    told = _messages(audit(_scrape(fresh_prometheus, answering, exposed, support), support, model))
    assert told["audit/type"] == "agent_run_total is declared a counter and exposed as a gauge"
    assert told["audit/missing-label"] == 'agent_run_total has no label "stop_reason"'
    assert told["audit/taken-label"] == (
        'a label of the target is called "region" as well, so that of the code is "exported_region" in agent_run_total'
    )
    assert told["audit/undeclared-metric"].startswith("agent_retries_total is exposed")


class Watching(Connection, frozen=True):
    """A connection that remembers how large its answers were."""

    sizes: list[int] = field(default_factory=list)

    def send(self, method: str, path: str, *rest: Any, **options: Any) -> Response:  # noqa: ANN401 - passed on
        """Send, and remember."""
        answer = super().send(method, path, *rest, **options)
        self.sizes.append(len(answer.body))
        return answer


class WithoutMetadata(Connection, frozen=True):
    """A connection to a server that has only the query part of the API."""

    def send(self, method: str, path: str, *rest: Any, **options: Any) -> Response:  # noqa: ANN401 - passed on
        """Send, except for metadata."""
        if path.startswith("/api/v1/metadata"):
            return Response(404, b"404 page not found")
        return super().send(method, path, *rest, **options)


def _by(kind: type[C], api: PrometheusApi) -> C:
    """Address the server of ``api`` by another kind of connection."""
    known = {name: getattr(api.connection, name) for name in Connection.__struct_fields__}
    return kind(**known)


def test_a_server_without_metadata_is_audited_without_types(
    prometheus: PrometheusApi, unique: str, demo: Model
) -> None:
    service = _called(demo.services[0], unique)
    write(prometheus, [_line("demo_tool_calls_total", unique, [(NOW, 1.0)], tool="mail")])
    api = replace(prometheus, connection=_by(WithoutMetadata, prometheus))
    found = audit(ServerSource(api, service, at=NOW), service, demo)
    assert set(_messages(found)) == {"audit/missing-metric"}


def test_a_flood_of_series_is_counted_by_the_server_and_not_fetched(
    prometheus: PrometheusApi, unique: str, demo: Model
) -> None:
    service = _called(demo.services[0], unique)
    write(
        prometheus,
        (
            _line(
                "demo_tool_calls_total", unique, [(NOW, 1.0)], tool=f"tool-{number:05}", pod=f"p{number % 7}"
            )
            for number in range(5000)
        ),
    )
    watching = _by(Watching, prometheus)
    api = replace(prometheus, connection=watching)
    found = audit(ServerSource(api, service, at=NOW), service, demo)
    told = _messages(found)

    assert "and 190 more" in told["audit/undeclared-value"]
    assert (
        told["audit/series-bound"] == "demo_tool_calls_total has 5,000 series, and its spec bounds them by 12"
    )
    most = found.seen.metrics["demo_tool_calls_total"].most
    assert most is not None
    assert (most.name, most.values, most.saved) == ("tool", 5000, 4993)
    assert len(watching.sizes) < 40
    assert max(watching.sizes) < 20_000


def test_values_that_the_module_did_not_expose_are_counted_over_all_instances(
    fresh_prometheus: PrometheusServer, demo: Model
) -> None:
    service = demo.services[0]
    met = {"tool": (2.0, 3.0), "reason": (0.0, 1.0), "release": (0.0, 0.0)}
    lines = [
        replace(line, labels={**line.labels, "instance": f"{place}:1"})
        for label, counts in met.items()
        for place, count in enumerate(counts)
        for line in [_line("agent_label_value_outside_total", "demo-agent", [(NOW, count)], label=label)]
    ]
    write(
        fresh_prometheus.api,
        [_line("demo_runs_total", "demo-agent", [(NOW, 1.0)], release="r1", **RUN), *lines],
    )
    found = audit(ServerSource(fresh_prometheus.api, service, at=NOW), service, demo)
    assert found.seen.outside == {"tool": 5.0, "reason": 1.0}
    assert "given a value outside the spec 5 times" in " ".join(
        one.diagnostic.message for one in found.findings if one.diagnostic.code == "audit/outside-value"
    )


@pytest.mark.parametrize("interval", [15, 60])
def test_the_scrape_interval_comes_from_the_server(
    interval: int, prometheus: PrometheusApi, unique: str, support: Service
) -> None:
    times = range(NOW - 20 * MINUTE, NOW, interval)
    write(prometheus, [_line("up", unique, [(when + 0.2, 1.0) for when in times])])
    found = ServerSource(prometheus, _called(support, unique), at=NOW).interval()
    assert found == pytest.approx(interval)


def test_of_a_target_that_is_new_the_configured_interval_is_known(
    fresh_prometheus: PrometheusServer, answering: Callable[..., str], support: Service
) -> None:
    target = answering(200, b"agent_run_total 1\n", headers={"Content-Type": "text/plain; version=0.0.4"})
    source = ServerSource(fresh_prometheus.api, replace(support, selector={"job": "support-agent"}))
    at = target.removeprefix("http://")
    scraped = {"job_name": "support-agent", "scrape_interval": "1m30s", "static_configs": [{"targets": [at]}]}
    other = {"job_name": "other", "scrape_interval": "7s", "static_configs": [{"targets": [at]}]}
    fresh_prometheus.load(ServerConfig(scrape_configs=(scraped, other)))
    until(source.interval)
    assert source.interval() == pytest.approx(90)
    # Queries of the past read samples only.
    assert replace(source, at=NOW).interval() is None


def test_without_a_scrape_the_interval_is_unknown(
    prometheus: PrometheusApi, unique: str, support: Service
) -> None:
    assert ServerSource(prometheus, _called(support, unique), at=NOW).interval() is None
