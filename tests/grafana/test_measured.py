"""Panels exist where some profile measures their signals, and explain why they are empty where another does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.grafana.colours import GREY
from tests.grafana.documents import documents, panels
from tests.models import model_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.grafana.documents import Json

#: The panels of signals that a profile may measure.
_OF_MODELS = ("LLM calls", "LLM latency p95", "Time to first token p95")


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Json]:
    """The dashboards of a service whose source measures model calls, but neither steps nor stop reasons."""
    specs: Path = tmp_path_factory.mktemp("foreign")
    (specs / "services").mkdir()
    (specs / "services/genai.yaml").write_text(
        "service: genai\nprofile: otel-genai\ndescription: Answers.\nowner: team\nselector: {job: genai}\n"
        "labels: {model: [gpt-4o], tool: [search]}\n"
    )
    return documents(model_of(specs))


def test_calls_of_models_are_drawn_where_they_are_measured(
    boards: dict[str, Json], foreign: dict[str, Json]
) -> None:
    assert set(_OF_MODELS) <= _titles(foreign["agent-tools"])
    assert not set(_OF_MODELS) & _titles(boards["agent-tools"])


def test_what_is_not_measured_is_not_drawn(boards: dict[str, Json], foreign: dict[str, Json]) -> None:
    assert "Steps per run" in _titles(boards["agent-runs"])
    assert "Steps per run" not in _titles(foreign["agent-runs"])


def test_every_panel_says_why_it_is_empty(boards: dict[str, Json], foreign: dict[str, Json]) -> None:
    for board in (*boards.values(), *foreign.values()):
        for panel in panels(board):
            if panel.type != "text":
                assert panel.json["fieldConfig"]["defaults"]["noValue"], panel.where


def test_no_value_is_never_red(boards: dict[str, Json], foreign: dict[str, Json]) -> None:
    """Grafana would write it in the colour of the first step."""
    for board in (*boards.values(), *foreign.values()):
        for panel in panels(board):
            if panel.type == "stat":
                defaults = panel.json["fieldConfig"]["defaults"]
                (empty,) = (one["options"] for one in defaults["mappings"] if one["type"] == "special")
                assert empty["match"] == "null", panel.where
                assert empty["result"]["text"] == defaults["noValue"], panel.where
                assert empty["result"]["color"] == GREY, panel.where


def _titles(board: Json) -> set[str]:
    return {panel.json["title"] for panel in panels(board)}
