"""Every shipped profile can be tried: from ``init`` to streams, with no file written by hand."""

from __future__ import annotations

from collections import defaultdict
from random import Random
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from generator.cli import main
from generator.commands.demo import unfit
from generator.demo.work import as_its_source
from generator.live.evaluate import evaluate
from generator.live.remote_write import write
from generator.model import names
from generator.model.metrics import OTHER
from generator.model.units import HOUR
from generator.prometheus.rule_set import compile_rules
from generator.prometheus.shared import shared_rules
from generator.simulate.agents import agent, run, stuck_call
from generator.simulate.history import simulate
from generator.simulate.incidents import ORDINARY
from generator.simulate.scenario import ordinary
from generator.spec.sources import shipped_profiles
from tests.models import model_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from generator.live.api import PrometheusApi
    from generator.model.service import Model, Service

pytestmark = pytest.mark.long

PROFILES = [path.stem for path in shipped_profiles()]
#: A Monday, 08:00 UTC.
_START = 1_700_467_200
#: The streams of events that no simulated agent has.
_NEVER = {"llm_usage_unread", "inner_run"}


@pytest.mark.parametrize("profile", PROFILES)
def test_a_first_service_can_be_generated_checked_and_simulated(profile: str, tmp_path: Path) -> None:
    specs, output, history = (str(tmp_path / name) for name in ("specs", "output", "history.txt"))
    assert main(["init", specs, "--profile", profile, "--service", "mine"]) == 0
    assert main(["generate", specs, "-o", output]) == 0
    assert main(["check", specs]) == 0
    assert main(["simulate", specs, "--last", "30m", "--openmetrics", history]) == 0


@pytest.mark.parametrize("profile", PROFILES)
def test_a_simulated_history_becomes_the_streams_of_its_profile(
    profile: str, prometheus: PrometheusApi, tmp_path: Path, unique: str
) -> None:
    model = _model(profile, tmp_path, unique)
    (service,) = model.services
    # Few runs succeed, so that every kind of failure occurs within an hour.
    scenario = replace(ordinary(service, _START, _START + HOUR), zero_initialised=False)
    write(prometheus, simulate(_failing(service), model.site, scenario).series)
    own = compile_rules(service, model.site, shared_rules(model.library, model.site).records)
    evaluate(prometheus, own.recording, _START, _START + HOUR)
    found = {name: _events(prometheus, stream, service) for name, stream in _recorded(service).items()}
    assert [name for name, events in found.items() if not events] == []
    assert _undeclared(found, service) == []
    # 600 runs of a simulated agent, each with about three calls, which pydantic-ai counts as runs.
    assert 540 < _events_with(found, "run", "") / (3 if profile == "pydantic-ai" else 1) < 760
    if "success_rate" in service.objectives:
        assert 0.6 < _events_with(found, "run", "ok") / _events_with(found, "run", "") < 1
    if "tool_call" in found and "status" in service.streams["tool_call"].labels:
        assert 0 < _events_with(found, "tool_call", "error") < _events_with(found, "tool_call", "") / 2


@pytest.mark.parametrize("profile", [one for one in PROFILES if one != "agent"])
def test_the_demo_exposes_the_simulated_series(profile: str, tmp_path: Path, unique: str) -> None:
    (service,) = _model(profile, tmp_path, unique).services
    assert unfit(service) == ""
    registry = CollectorRegistry()
    measuring = as_its_source(service)(registry)
    ordinary_agent, rng = agent(service, 1), Random(1)  # noqa: S311 - no secret
    first = measuring("r1")
    for _ in range(20):
        first.work(run(rng, ordinary_agent, ORDINARY), lambda _: None)
    first.go_round(stuck_call(rng, ordinary_agent, ORDINARY), lambda _: None)
    shown = _read(registry)
    # A release is a process: it begins at nothing, and the series of the one before are gone.
    second = measuring("r2")
    assert not [name for name in _read(registry) if name.startswith(service.runs.metric)]
    second.work(run(rng, ordinary_agent, ORDINARY), lambda _: None)
    missing = [
        stream.name
        for stream in service.streams.values()
        if not stream.sparse
        and not any(name.startswith(one.names[0]) for one in stream.sources for name in shown)
    ]
    assert missing == []
    assert sum(value for name, value in shown.items() if name.startswith(service.runs.metric)) > 15


def _read(registry: CollectorRegistry) -> dict[str, float]:
    """Read the text that is scraped, as a parser that is not ours reads it: values by name, summed."""
    found: dict[str, float] = defaultdict(float)
    for family in text_string_to_metric_families(generate_latest(registry).decode()):
        for sample in family.samples:
            found[sample.name] += sample.value
    return found


def _failing(service: Service) -> Service:
    """Lower the objective, as a simulated history keeps its objectives."""
    objectives = {
        name: replace(one, bound=0.5) if name == "success_rate" else one
        for name, one in service.objectives.items()
    }
    return replace(service, objectives=objectives)


def _recorded(service: Service) -> Mapping[str, str]:
    return {
        one.name: names.rate(one)
        for one in service.streams.values()
        if one.name not in _NEVER and not one.is_gauge
    }


Events = dict[tuple[tuple[str, str], ...], float]


def _events(api: PrometheusApi, record: str, service: Service) -> Events:
    """Count the events of a stream in the hour, by its labels; of a histogram all observations."""
    asked = f'sum_over_time({record}{{service="{service.name}",le=~"|[+]Inf"}}[1h]) * 60'
    found: Events = defaultdict(float)
    for one in api.query(asked, _START + HOUR):
        labels = {name: value for name, value in one.labels.items() if name not in {"service", "le"}}
        found[tuple(sorted(labels.items()))] += one.value
    return {labels: events for labels, events in found.items() if events}


def _undeclared(found: Mapping[str, Events], service: Service) -> list[tuple[str, str, str]]:
    """List undeclared values of labels; only an error class may be "other"."""
    return [
        (stream, label, value)
        for stream, events in found.items()
        for labels in events
        for label, value in labels
        if (listed := service.labels[label].values)
        and (value not in listed or (value == OTHER and label != "error_class"))
    ]


def _events_with(found: Mapping[str, Events], stream: str, status: str) -> float:
    return sum(
        events
        for labels, events in found[stream].items()
        if dict(labels).get("status", "").startswith(status)
    )


def _model(profile: str, folder: Path, name: str) -> Model:
    assert main(["init", str(folder), "--profile", profile, "--service", name]) == 0
    return model_of(folder)
