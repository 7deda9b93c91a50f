"""The command: arguments, exit codes, and the streams of its output."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from generator.cli import main
from tests.apply.grafana import TOKEN, GrafanaFault

if TYPE_CHECKING:
    from tests.apply.conftest import Applying
    from tests.apply.grafana import Grafana

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENT_METRICS_GRAFANA_TOKEN", TOKEN)


def apply(applying: Applying, *arguments: str) -> int:
    return main(["apply", "-o", str(applying.output), "--grafana", applying.grafana.url, *arguments])


def test_applying_shows_each_step_and_ends_with_0(
    applying: Applying, grafana: Grafana, capsys: pytest.CaptureFixture[str]
) -> None:
    assert apply(applying) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[:2] == [
        f"Grafana {grafana.url}, folder agent-metrics",
        '  created     agent-a "Agent-A"',
    ]
    assert err == ""


def test_a_dry_run_ends_with_0_and_writes_nothing(
    applying: Applying, grafana: Grafana, capsys: pytest.CaptureFixture[str]
) -> None:
    assert apply(applying, "--dry-run") == 0
    assert "dry run, nothing is written" in capsys.readouterr().out
    assert grafana.writes() == []


def test_a_failure_ends_with_2_and_a_way_out(
    applying: Applying, grafana: Grafana, capsys: pytest.CaptureFixture[str]
) -> None:
    grafana.faults.append(GrafanaFault(lambda one: one.path == "/api/dashboards/db", status=403))
    assert apply(applying) == 2
    out, err = capsys.readouterr()
    assert out.endswith("  not applied agent-a, agent-b, agent-c\n")
    assert err.startswith('error: Grafana does not save "agent-a": HTTP 403: oops\n  help: its account needs')


def test_a_list_in_an_error_is_a_line_each(
    applying: Applying, grafana: Grafana, capsys: pytest.CaptureFixture[str]
) -> None:
    for uid in ("agent-a", "agent-b"):
        grafana.put({"uid": uid, "title": "Sales\nof May", "tags": []}, "agent-metrics")
    assert apply(applying) == 2
    first, *lines = capsys.readouterr().err.splitlines()
    assert first.endswith("are in the way; nothing was written")
    assert [line.split(" ", 3)[2] for line in lines] == ["agent-a", "agent-b"]
    assert all(r"Sales\nof May" in line for line in lines)


def test_one_server_that_fails_does_not_keep_the_other_from_its_share(
    applying: Applying, grafana: Grafana, capsys: pytest.CaptureFixture[str]
) -> None:
    assert apply(applying, "--prometheus", grafana.url) == 2
    assert "AGENT_METRICS_PROMETHEUS_TOKEN" in capsys.readouterr().err
    assert set(grafana.dashboards) == {"agent-a", "agent-b", "agent-c"}


def test_servers_that_are_not_there_are_each_named_with_what_became_of_them(
    applying: Applying, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = "http://127.0.0.1:1"
    servers = ("--grafana", nowhere, "--prometheus", nowhere)
    assert main(["apply", "-o", str(applying.output), *servers]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        f"error: Grafana at {nowhere} does not answer: Connection refused\n"
        "  help: check the address, and that Grafana runs; then run again; nothing was written\n"
        f"error: Prometheus at {nowhere} does not answer: Connection refused\n"
        "  help: check the address, and that Prometheus runs; it was not reloaded\n"
    )


def test_what_was_applied_stays_is_said_only_where_something_was(
    applying: Applying, grafana: Grafana, capsys: pytest.CaptureFixture[str]
) -> None:
    grafana.faults.append(GrafanaFault(lambda one: one.path == "/api/dashboards/db", status=500))
    assert apply(applying) == 2
    assert "stays" not in capsys.readouterr().err
    grafana.faults[:] = [
        GrafanaFault(
            lambda one: one.path == "/api/dashboards/db" and one.body["dashboard"]["uid"] == "agent-b"
        )
    ]
    assert apply(applying) == 2
    out, err = capsys.readouterr()
    assert "created     agent-a" in out
    assert err.endswith("try again later; what was applied stays\n")


def test_an_edited_output_reaches_no_server(
    applying: Applying, grafana: Grafana, capsys: pytest.CaptureFixture[str]
) -> None:
    (applying.output / "grafana/dashboards/agent-a.json").write_text("{}", encoding="utf-8")
    assert apply(applying) == 2
    assert "edited: grafana/dashboards/agent-a.json" in capsys.readouterr().err
    assert grafana.log == []


def test_without_a_server_there_is_nothing_to_do(
    applying: Applying, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["apply", "-o", str(applying.output)]) == 2
    assert "--grafana URL, --prometheus URL or --ruler URL" in capsys.readouterr().err


def test_a_reader_that_goes_away_stops_nothing_half_way(applying: Applying, grafana: Grafana) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [
        sys.executable,
        "-m",
        "generator",
        "apply",
        "-o",
        str(applying.output),
        "--grafana",
        grafana.url,
    ]
    with os.fdopen(writing, "wb") as out:
        ended = subprocess.run(command, cwd=ROOT, stdout=out, stderr=subprocess.PIPE, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert set(grafana.dashboards) == {"agent-a", "agent-b", "agent-c"}


def test_the_committed_output_is_applied_and_then_unchanged(
    applying: Applying, grafana: Grafana, capsys: pytest.CaptureFixture[str]
) -> None:
    applying.output = ROOT / "output"
    assert apply(applying) == 0
    versions = grafana.versions()
    assert apply(applying) == 0
    assert f"unchanged   {len(versions)} dashboards" in capsys.readouterr().out
    assert grafana.versions() == versions
    assert set(versions) == {path.stem for path in (ROOT / "output/grafana/dashboards").iterdir()}


@pytest.mark.parametrize("seconds", ["nan", "inf", "-1", "1e9", "x", "2d"])
def test_a_wait_that_has_no_end_is_refused_before_anything_is_sent(
    seconds: str, applying: Applying, grafana: Grafana, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        apply(applying, f"--wait={seconds}")
    assert left.value.code == 2
    said = f'argument --wait: "{seconds}" is no time to wait: give one from 0s to a day, as in --wait 90s\n'
    assert capsys.readouterr().err.endswith(said)
    assert grafana.log == []
