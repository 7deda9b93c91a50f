"""The services that the demo can show, and the reason why others cannot be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from generator.commands.demo import unfit
from generator.demo.work import demo_incidents
from generator.simulate.incidents import effects
from tests.commands.calls import process
from tests.instrumentation.loading import shipped

if TYPE_CHECKING:
    from pathlib import Path

    from generator.model.service import Service

_PROFILE = """\
profile: mini
labels:
  status: {values: [ok, error], closed: true}
metrics:
  jobs_total: {type: counter, help: Jobs., labels: [status]}
signals:
  run_count: {title: Jobs, description: Jobs., count: {of: jobs_total}, better: neither}
"""
_SERVICE = "service: mini-agent\nprofile: mini\nowner: me\nselector: {job: mini}\n"


@pytest.fixture(scope="module")
def services() -> tuple[Service, ...]:
    return shipped().services


def test_the_services_of_the_specs_can_be_shown(services: tuple[Service, ...]) -> None:
    assert [unfit(service) for service in services] == ["", ""]


def test_incidents_of_restarts_are_not_offered(services: tuple[Service, ...]) -> None:
    offered, every = set(demo_incidents(services[0])), {effect.name for effect in effects(services[0])}
    assert every - offered == {"rolling-restart"}


@pytest.mark.parametrize(
    ("without", "why"),
    [
        ("run", "it measures no runs"),
        ("tool", "it measures no tool calls"),
        ("llm token", "it measures no LLM steps"),
        ("token", "it counts no tokens"),
    ],
)
def test_a_service_that_the_demo_cannot_show_is_refused_with_the_reason(
    services: tuple[Service, ...], without: str, why: str
) -> None:
    service = services[0]
    lacking = tuple(without.split())
    kept = {name: stream for name, stream in service.streams.items() if not name.startswith(lacking)}
    assert unfit(replace(service, streams=kept)) == why


def test_a_service_whose_runs_do_not_say_why_they_end_is_not_shown(services: tuple[Service, ...]) -> None:
    service = services[0]
    runs = replace(service.metrics[service.runs.metric], labels=("status", "release"))
    streams = {**service.streams, "run": replace(service.runs, labels=runs.labels)}
    silent = replace(service, streams=streams, metrics={**service.metrics, runs.name: runs})
    assert unfit(silent) == "its runs do not say why they ended"


def test_a_service_that_cannot_be_shown_ends_the_call(tmp_path: Path) -> None:
    for folder, name, text in (("profiles", "mini", _PROFILE), ("services", "mini-agent", _SERVICE)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{name}.yaml").write_text(text)
    done = process("demo", str(tmp_path))
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == (
        "error: the demo cannot show mini-agent: it measures no runs\n"
        "  help: it shows services with the metrics of the profile agent, and those that others measure\n"
    )
