"""``simulate`` from the command line: files, a real Prometheus, the truth, and impossible calls."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import time
from shutil import copytree
from typing import TYPE_CHECKING

import pytest

from generator.cli import main
from generator.commands.terminal import ProgressLine
from generator.model import names
from generator.simulate.incidents import effects
from tests.models import SPECS, model_of, written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from generator.live.server import PrometheusServer

FROM, TO = "2023-11-20T08:00Z", "2023-11-20T09:00Z"
START, END = 1_700_467_200, 1_700_470_800
SPAN = ["--from", FROM, "--to", TO]
FOUND_BY = ("AgentToolErrorRateHigh", "AgentToolErrorRateRising")
OF = ["simulate", str(SPECS), "--service", "research-agent", *SPAN]


def _output(capsys: pytest.CaptureFixture[str]) -> str:
    said = capsys.readouterr()
    assert not said.out
    return said.err


def test_an_incident_is_for_the_alerts_that_the_service_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    specs = tmp_path / "specs"
    copytree(SPECS, specs)
    path = specs / "services" / "research-agent.yaml"
    written = path.read_text()
    off = "{disabled: It is seen elsewhere.}"
    call = ["simulate", str(specs), *OF[2:], "--incident", "tool-outage@10m+20m"]
    path.write_text(f"{written}alerts: {{AgentToolErrorRateHigh: {off}}}\n")
    assert main([*call, "--openmetrics", str(tmp_path / "history.txt")]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith(", for AgentToolErrorRateRising")
    path.write_text(f"{written}alerts: {{AgentToolErrorRateHigh: {off}, AgentToolErrorRateRising: {off}}}\n")
    assert main([*call, "--openmetrics", str(tmp_path / "history.txt")]) == 0
    told = f", for any alert, as research-agent has no {' and no '.join(FOUND_BY)}"
    assert capsys.readouterr().out.splitlines()[-1].endswith(told)


@pytest.mark.parametrize("name", ["services/research-agent.yaml", "site.yaml", "../specs/prices.yaml"])
@pytest.mark.parametrize("option", ["--openmetrics", "--truth"])
def test_a_spec_is_never_replaced(
    option: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    specs = tmp_path / "specs"
    copytree(SPECS, specs)
    path = specs / name
    before = path.read_bytes()
    targets = ["--openmetrics", str(tmp_path / "history.txt")] if option == "--truth" else []
    assert main(["simulate", str(specs), *OF[2:], *targets, option, str(path)]) == 2
    assert _output(capsys) == (
        f"error: {path} is a file of the specs, and would be replaced\n  help: name another file\n"
    )
    assert path.read_bytes() == before


def test_a_file_and_its_truth_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, truth = tmp_path / "history.txt", tmp_path / "truth.json"
    call = [*OF, "--incident", "tool-outage@10m+20m", "--openmetrics", str(text), "--truth", str(truth)]
    assert main(call) == 0
    said = capsys.readouterr()
    assert not said.err
    assert said.out.splitlines()[1:] == [
        "research-agent from 2023-11-20T08:00:00Z to 2023-11-20T09:00:00Z, seed 1",
        f"  2023-11-20T08:10:00Z  tool-outage until 2023-11-20T08:30:00Z, for {', '.join(FOUND_BY)}",
    ]
    assert text.read_text().endswith("# EOF\n")
    key = json.loads(truth.read_text())
    assert (key["service"], key["start"], key["end"]) == ("research-agent", START, END)
    (incident,) = key["incidents"]
    assert (incident["name"], incident["start"], incident["end"]) == (
        "tool-outage",
        START + 600,
        START + 1800,
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["history.txt", "truth.json"]


def test_the_same_seed_gives_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    def digest(seed: int, hashing: str) -> str:
        target = tmp_path / f"{seed}-{hashing}.txt"
        subprocess.run(
            [sys.executable, "-m", "generator", *OF, "--seed", str(seed), "--openmetrics", str(target)],
            check=True,
            capture_output=True,
            cwd=SPECS.parent,
            env={**os.environ, "PYTHONHASHSEED": hashing},
        )
        return hashlib.sha256(target.read_bytes()).hexdigest()

    assert digest(1, "1") == digest(1, "2") != digest(2, "1")


def test_the_span_may_be_the_last_hours(tmp_path: Path) -> None:
    truth = tmp_path / "truth.json"
    before = int(time.time())
    call = ["simulate", str(SPECS), "--service", "research-agent", "--last", "15m"]
    assert main([*call, "--openmetrics", str(tmp_path / "text"), "--truth", str(truth)]) == 0
    key = json.loads(truth.read_text())
    assert key["end"] - key["start"] == 900
    assert before <= key["end"] <= time.time()


def test_an_incident_stands_in_the_middle_where_nothing_else_is_said(tmp_path: Path) -> None:
    truth = tmp_path / "truth.json"
    incidents = [
        *("--incident", "night-low"),
        *("--incident", "tool-outage@2023-11-20T08:50+00:00+30m"),
        *("--incident", "limit-reached@2023-11-20T09:20+01:00"),
    ]
    assert main([*OF, *incidents, "--openmetrics", str(tmp_path / "text"), "--truth", str(truth)]) == 0
    found = [(one["start"] - START, one["end"] - START) for one in json.loads(truth.read_text())["incidents"]]
    assert found == [(1800, 2700), (3000, 3600), (1200, 2100)]


def test_a_server_takes_the_history_and_its_records(
    fresh_prometheus: PrometheusServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api, truth = fresh_prometheus.api, tmp_path / "truth.json"
    assert main([*OF, "--prometheus", api.url, "--record", "--truth", str(truth)]) == 0
    assert " records" in capsys.readouterr().out
    runs = api.query('sum(agent_run_total{job="research-agent"})', END)
    assert runs[0].value > 0
    rate = api.query('service:agent_success_rate:ratio{service="research-agent"}', END)
    assert 0.9 < rate[0].value <= 1
    assert json.loads(truth.read_text())["end"] == END


def test_alerts_and_statuses_are_recorded_as_well(fresh_prometheus: PrometheusServer) -> None:
    api = fresh_prometheus.api
    call = [*OF, "--prometheus", api.url, "--record", "--incident", "tool-outage@10m+20m"]
    assert main(call) == 0
    during, after = START + 25 * 60, START + 8 * 60
    firing = api.query('ALERTS{alertstate="firing"}', during)
    assert {one.labels["alertname"] for one in firing} >= set(FOUND_BY)
    assert {(one.labels["service"], one.labels["owner"]) for one in firing} == {
        ("research-agent", "team-research")
    }
    status = 'service:agent_signal:status{service="research-agent",signal="tool_error_rate"}'
    assert [api.query(status, at)[0].value for at in (during, after)] == [2, 0]
    assert not api.query('ALERTS{alertstate="firing"}', after)
    of_none = api.query('{service="",__name__=~".+:.+"}', END)
    # No shipped profile in use declares its own inclusions of token types.
    assert {one.labels["__name__"] for one in of_none} == names.OF_NO_SERVICE - {names.PROFILE_WITHIN}


def test_without_record_nothing_is_recorded(fresh_prometheus: PrometheusServer) -> None:
    assert main([*OF, "--prometheus", fresh_prometheus.api.url]) == 0
    assert not fresh_prometheus.api.query('{service="research-agent"}', END)


def test_a_server_that_has_the_service_is_left_alone_unless_asked(
    fresh_prometheus: PrometheusServer, capsys: pytest.CaptureFixture[str]
) -> None:
    url = fresh_prometheus.api.url
    assert main([*OF, "--prometheus", url]) == 0
    capsys.readouterr()
    assert main([*OF, "--prometheus", url]) == 2
    assert "has series of research-agent within the span already" in _output(capsys)
    assert main([*OF, "--prometheus", url, "--add"]) == 0


def test_an_address_that_is_none_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*OF, "--prometheus", "localhost:9090"]) == 2
    assert "the address of Prometheus is not one of a server" in _output(capsys)


def test_an_unreachable_server_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth = tmp_path / "truth.json"
    assert main([*OF, "--prometheus", "http://127.0.0.1:1", "--truth", str(truth)]) == 2
    told = _output(capsys)
    assert "http://127.0.0.1:1 does not answer: Connection refused" in told
    assert "help: check the address, and that Prometheus runs" in told
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("status", "said", "way"),
    [
        (404, "remote write receiver needs to be enabled", "--web.enable-remote-write-receiver"),
        (400, "out of bounds", "out_of_order_time_window"),
        (400, "too old sample", "out_of_order_time_window"),
        (401, "no", "AGENT_METRICS_PROMETHEUS_TOKEN"),
        (403, "no", "AGENT_METRICS_PROMETHEUS_TOKEN"),
        (500, "disk is on fire", ""),
        (503, "busy", "try again later"),
    ],
)
def test_a_refusal_is_told_with_a_way_out(  # noqa: PLR0913 - fixtures and parameters
    answering: Callable[..., str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    status: int,
    said: str,
    way: str,
) -> None:
    truth = tmp_path / "truth.json"
    url = answering(status, said.encode())
    assert main([*OF, "--add", "--prometheus", url, "--truth", str(truth)]) == 2
    told = _output(capsys)
    assert f"HTTP {status}: {said}" in told
    assert way in told
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["--service", "reserch-agent", *SPAN],
            'error: there is no service "reserch-agent"\n  help: did you mean "research-agent"?',
        ),
        (SPAN, "error: name the service to simulate\n  help: --service research-agent or support-agent"),
        (
            ["--service", "support-agent", "--incident", "tool-outrage", *SPAN],
            'help: did you mean "tool-outage"?',
        ),
        (
            ["--service", "support-agent", "--incident", "zzz", *SPAN],
            "help: incidents: tool-outage, success-drop",
        ),
        (
            ["--service", "support-agent", "--incident", "night-low@2h", *SPAN],
            "starts outside the span, at 2023-11-20T10:00:00Z",
        ),
        (["--service", "support-agent", "--incident", "night-low@soon", *SPAN], 'error: "soon" is no time'),
        (["--service", "support-agent", "--incident", "night-low@1m+x", *SPAN], 'error: "x" is no duration'),
        (["--service", "support-agent", "--incident", "night-low@", *SPAN], 'error: "" is no time'),
        (["--service", "support-agent", "--from", TO, "--to", FROM], "error: the span ends before it starts"),
        (
            ["--service", "support-agent", "--from", FROM, "--to", FROM],
            "error: the span ends before it starts",
        ),
        (
            ["--service", "support-agent", "--from", "9000-01-01"],
            "give --from a time that has passed; one without a zone is in UTC",
        ),
        (["--service", "support-agent", "--from", "0001-01-01"], 'error: "0001-01-01" is no time'),
        (["--service", "support-agent", "--from", "999999999999"], 'error: "999999999999" is no time'),
        (
            ["--service", "support-agent", "--last", "400d"],
            "error: a span of 400d is too long to simulate\n  help: 93d at most",
        ),
        (["--service", "support-agent", "--from", "yesterday"], 'error: "yesterday" is no time'),
        (["--service", "support-agent", "--last", "6 hours"], 'error: "6 hours" is no duration'),
        (["--service", "support-agent"], "error: give either --last or --from"),
        (["--service", "support-agent", "--last", "6h", *SPAN], "error: give either --last or --from"),
        (["--service", "support-agent", "--record", *SPAN], "error: --record writes into a server"),
    ],
)
def test_a_call_that_cannot_be_meant_writes_nothing(
    arguments: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ["--openmetrics", str(tmp_path / "text"), "--truth", str(tmp_path / "truth.json")]
    assert main(["simulate", str(SPECS), *arguments, *files]) == 2
    assert told in _output(capsys)
    assert not list(tmp_path.iterdir())


def test_history_and_truth_do_not_share_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(tmp_path / "file")
    assert main([*OF, "--openmetrics", file, "--truth", f"{tmp_path}/../{tmp_path.name}/file"]) == 2
    assert "--openmetrics and --truth name the same file" in _output(capsys)
    assert not list(tmp_path.iterdir())


def test_a_target_is_needed_and_only_one(capsys: pytest.CaptureFixture[str]) -> None:
    for target in ([], ["--prometheus", "http://localhost", "--openmetrics", "text"]):
        with pytest.raises(SystemExit, match="2"):
            main([*OF, *target])
    assert "--openmetrics" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--openmetrics", "--truth"])
def test_a_file_that_cannot_be_written_is_told_before_the_work(
    option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text").write_text("old")
    for place, reason in (
        (tmp_path / "none" / "file", "no such file or directory"),
        (tmp_path, "it is no file"),
    ):
        targets = {"--openmetrics": str(tmp_path / "text"), option: str(place)}
        assert main([*OF, *(part for target in targets.items() for part in target)]) == 2
        assert f"{place} cannot be written: {reason}" in _output(capsys)
        assert [path.name for path in tmp_path.iterdir()] == ["text"]
        assert (tmp_path / "text").read_text() == "old"


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "text"
    target.write_text("old")
    limited = (
        f"ulimit -f 8; trap '' XFSZ; exec {sys.executable} -m generator {' '.join(OF)} --openmetrics {target}"
    )
    done = subprocess.run(
        ["bash", "-c", limited], capture_output=True, text=True, check=False, cwd=SPECS.parent
    )
    assert done.returncode == 2, done.stderr
    assert "cannot be written: file too large" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["text"]
    assert target.read_text() == "old"


def test_broken_specs_are_shown_and_nothing_is_simulated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path, {"services/a.yaml": "service: a\n"})
    assert main(["simulate", str(tmp_path), *SPAN, "--openmetrics", str(tmp_path / "text")]) == 1
    assert "error[" in _output(capsys)
    assert not (tmp_path / "text").exists()


def test_the_help_names_every_incident(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["simulate", "--help"])
    text = "".join(capsys.readouterr().out.split())
    for effect in effects(model_of(SPECS).services[0]):
        assert effect.name in text, effect.name


def test_progress_elsewhere_is_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([1.0, 15.0, 16.0, 31.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    with ProgressLine(stream := io.StringIO(), shown=0.1) as line:
        for done in (1, 2, 3, 4):
            line.show("simulating", done, 4)
    assert stream.getvalue() == "simulating: 2 of 4\nsimulating: 4 of 4\n"


def test_the_bar_is_for_terminals() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for stream, shown in ((Terminal(), True), (io.StringIO(), False)):
        with ProgressLine(stream) as line:
            line.show("simulating", 1, 4)
            line.show("simulating", 4, 4)
        assert ("simulating [######..................] 1/4" in stream.getvalue()) is shown
        # Cleared with blanks: a terminal without colours has no other way.
        *_, blanks, end = [""] * 2 + stream.getvalue().split("\r")
        assert (set(blanks), end) == ({" "} if shown else set(), "")
        assert "\x1b" not in stream.getvalue()


def test_a_token_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    from generator.commands.values import prometheus  # noqa: PLC0415

    monkeypatch.setenv("AGENT_METRICS_PROMETHEUS_TOKEN", "secret")
    sent = prometheus("http://localhost:9090", "1m").connection.credentials.headers
    assert sent["Authorization"] == "Bearer secret"


def test_a_token_in_the_address_is_refused_and_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*OF, "--prometheus", "http://me:secret@127.0.0.1:1"]) == 2
    told = _output(capsys)
    assert "contains a user name or a password" in told
    assert "secret" not in told
