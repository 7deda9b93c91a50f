"""A simulated history with one incident, from the command line to the report."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING, Any

import pytest

from generator.cli import main

if TYPE_CHECKING:
    from generator.live.server import PrometheusServer

SPECS = str(Path(__file__).parents[2] / "specs")
START, SEEN, END = "2026-03-20T07:00Z", "2026-03-20T08:30Z", "2026-03-20T11:00Z"
INCIDENT = "tool-outage@2026-03-20T10:00Z+40m"
ALERTS = (
    "--service=support-agent",
    "--alert=AgentToolErrorRateHigh",
    "--alert=AgentLatencyP95High",
    "--alert=AgentSeriesBudgetExceeded",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the truth and the reports."""
    return tmp_path_factory.mktemp("replay")


@pytest.fixture
def simulated(fresh_prometheus: PrometheusServer, folder: Path) -> str:
    """A server with four hours of history and the records of its rules."""
    url = fresh_prometheus.api.url
    call = [
        "simulate",
        SPECS,
        "--service=support-agent",
        "--from",
        START,
        "--to",
        END,
        "--incident",
        INCIDENT,
    ]
    assert main([*call, "--prometheus", url, "--record", "--truth", str(folder / "truth.json")]) == 0
    return url


def replayed(url: str, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    """Replay all but the first hours, which rules look back at."""
    capsys.readouterr()
    span = ("--from", SEEN, "--to", END)
    assert main(["replay", SPECS, "--prometheus", url, *span, *ALERTS, "--format", "json", *options]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def test_a_simulated_incident_is_found_and_nothing_else(
    simulated: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page, state = folder / "report.html", folder / "state"
    judged = ("--truth", str(folder / "truth.json"))
    read = replayed(simulated, capsys, *judged, "--html", str(page), "--resume", str(state), "--points", "50")
    (outage,) = read["incidents"]
    assert outage["verdict"] == "detected"
    assert {found["alert"] for found in outage["detected_by"]} == {"AgentToolErrorRateHigh"}
    assert 300 <= outage["detected_by"][0]["after_seconds"] <= 900
    assert read["false_alarms"] == 0
    fired = {one["alert"] for one in read["alerts"] if one["firings"]}
    assert fired == {"AgentToolErrorRateHigh"}
    assert (read["records"], read["notes"]) == ("read", [])

    assert "AgentToolErrorRateHigh" in page.read_text(encoding="utf-8")
    assert sorted(path.name for path in folder.iterdir()) == ["report.html", "truth.json"]

    # Raw series alone give the same result: through our own server that computes the records.
    computed = replayed(simulated, capsys, *judged, "--records", "inlined")
    assert computed["records"] == "inlined"
    assert computed["alerts"] == read["alerts"]
    assert computed["incidents"] == read["incidents"]

    # The other service of the specs has no series: its silence is no result.
    span = ("--from", SEEN, "--to", END)
    call = ["replay", SPECS, "--prometheus", simulated, *span, ALERTS[1], "--records", "inlined"]
    assert main(call) == 0
    assert "There are no series of research-agent in the span" in capsys.readouterr().out
    assert main([*call, "--service", "research-agent"]) == 2
    assert "has no data in the span" in capsys.readouterr().err

    # Another size of requests, and more of them at once, change nothing.
    again = replayed(simulated, capsys, *judged, "--points", "7", "--concurrency", "4")
    assert again == read

    # With earlier specs that waited longer, the same firing began later.
    old = folder / "old"
    copytree(SPECS, old)
    library = old / "signals.yaml"
    rules = library.read_text(encoding="utf-8").partition("  AgentToolErrorRateHigh:")
    library.write_text(rules[0] + rules[1] + rules[2].replace("for: 5m", "for: 12m", 1), encoding="utf-8")
    compared = replayed(simulated, capsys, *judged, "--compare", str(old))
    assert compared["after"]["alerts"] == read["alerts"]
    assert {moved["severity"] for moved in compared["differences"]} == {"warning", "critical"}
    for moved in compared["differences"]:
        assert (moved["change"], moved["alert"]) == ("moved", "AgentToolErrorRateHigh")
        (before,), (after,) = moved["before"], moved["after"]
        assert before["active_at"] == after["active_at"]
        waited = datetime.fromisoformat(before["fired_at"]) - datetime.fromisoformat(after["fired_at"])
        assert waited == timedelta(minutes=7)
