"""The one table of streams and their events: complete, and the same for all its readers."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING

import pytest
import yaml

from generator.cli import main
from generator.instrumentation.events import blocks_of
from generator.simulate.history import simulate
from generator.simulate.scenario import ordinary
from generator.streams.roles import ROLES, Event, streams_fed_by
from tests.models import model_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from generator.model.service import Model

_SPECS = Path(__file__).parents[2] / "specs"
_BEGIN, _HOUR = 1_700_000_000, 3600
#: The events that no simulated agent has.
_NEVER_SIMULATED = {Event.UNREAD, Event.INNER_RUN}


@pytest.fixture(scope="module")
def model_without(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Model]:
    """Resolve the project's own specs, with fewer signals, and alerts, in the library."""

    def resolved(*left_out: str) -> Model:
        directory = copytree(_SPECS, tmp_path_factory.mktemp("specs") / "specs")
        path = directory / "signals.yaml"
        library = yaml.safe_load(path.read_text())
        for area in ("signals", "alerts"):
            library[area] = {name: value for name, value in library[area].items() if name not in left_out}
        path.write_text(yaml.safe_dump(library, sort_keys=False))
        for service in (directory / "services").glob("*.yaml"):
            spec = yaml.safe_load(service.read_text())
            alerts = {name: value for name, value in spec.get("alerts", {}).items() if name not in left_out}
            service.write_text(yaml.safe_dump(spec | {"alerts": alerts}, sort_keys=False))
        return model_of(directory)

    return resolved


def test_every_stream_of_the_library_has_a_role(model_without: Callable[..., Model]) -> None:
    assert ROLES.keys() == model_without().library.streams.keys()


def test_a_stream_without_labels_is_a_level_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its windows, summed with all its labels, have the name of a count of the service."""
    directory = copytree(_SPECS, tmp_path / "specs")
    library = directory / "signals.yaml"
    streams, _, rest = library.read_text("utf-8").partition("\nsignals:\n")
    stream = "  handoff: {type: counter, help: Handovers., labels: []}\n"
    signal = "  handoffs: {title: Handoffs, description: Handovers., layer: run, count: {of: handoff}, better: lower}\n"
    library.write_text(f"{streams}\n{stream}\nsignals:\n{signal}{rest}", "utf-8")
    assert main(["check", str(directory)]) == 0, capsys.readouterr().out


def _counted(model: Model) -> Counter[str]:
    """Sum the counts of each series at the end of an hour of research-agent."""
    service = next(one for one in model.services if one.name == "research-agent")
    found: Counter[str] = Counter()
    for series in simulate(service, model.site, ordinary(service, _BEGIN, _BEGIN + _HOUR)).series:
        values = [value for value in series.values if value == value]  # noqa: PLR0124 - markers are no numbers
        found[series.labels["__name__"]] += round(values[-1])
    return found


def test_every_stream_of_the_profile_is_simulated(model_without: Callable[..., Model]) -> None:
    model = model_without()
    service = next(one for one in model.services if one.name == "research-agent")
    fed = {stream.metric for stream in streams_fed_by(service, *(set(Event) - _NEVER_SIMULATED))}
    counted = _counted(model)
    assert len(fed) > len(Event) - len(_NEVER_SIMULATED)
    assert {name for name in fed if not counted[name] and not counted[f"{name}_count"]} == set()


def test_a_latency_belongs_to_the_event_of_its_stream_for_any_signals(
    model_without: Callable[..., Model],
) -> None:
    counted = _counted(model_without("tool_latency_p95"))
    assert counted["agent_tool_latency_ms_count"] == counted["agent_tool_call_total"] > 0
    assert (
        counted["agent_run_latency_ms_count"]
        == counted["agent_run_total"]
        != counted["agent_tool_call_total"]
    )


def test_calls_of_models_are_no_errors_whatever_signals_there_are(
    model_without: Callable[..., Model],
) -> None:
    whole = _counted(model_without())
    assert _counted(model_without("llm_errors_per_run", "AgentLLMErrorRateHigh", "llm_error_count")) == whole
    assert 0 < whole["agent_llm_error_total"] < whole["agent_run_total"] / 10


def test_a_module_measures_the_same_whatever_signals_there_are(model_without: Callable[..., Model]) -> None:
    whole = [blocks_of(service) for service in model_without().services]
    fewer = model_without(
        "llm_errors_per_run", "AgentLLMErrorRateHigh", "tool_latency_p95", "tool_error_count"
    )
    assert [blocks_of(service) for service in fewer.services] == whole
