"""``replay`` as a command: refused calls, their messages, and the files left behind."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pytest

from generator.cli import main
from tests.replay.reports import END, T

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.replay.scripted import Answer, Script

pytestmark = pytest.mark.long

SPECS = str(Path(__file__).parents[2] / "specs")
SPAN = ("--from", "2026-03-20T00:00Z", "--to", "2026-03-20T06:00Z")
SECRET = "s3cr3t-t0k3n"  # noqa: S105 - no token of anybody's


def replay(url: str, *options: str) -> int:
    """Call it."""
    return main(["replay", SPECS, "--prometheus", url, *(options or SPAN)])


def empty(fields: dict[str, str]) -> Answer:
    """A Prometheus without any data."""
    kind = {"status": "success", "data": {"resultType": "matrix", "result": []}}
    assert fields["query"]
    return 200, json.dumps(kind).encode(), {}


@pytest.mark.parametrize(
    ("status", "body", "message", "help_"),
    [
        (401, b"who are you", "HTTP 401: who are you", "AGENT_METRICS_PROMETHEUS_TOKEN"),
        (403, b"no", "HTTP 403: no", "AGENT_METRICS_PROMETHEUS_USER"),
        (404, b"nginx", "HTTP 404: nginx", "the address ends where"),
        (400, b'{"status":"error","errorType":"bad_data","error":"x"}', "bad_data: x", ""),
        (500, b"oops", "HTTP 500: oops", "try again later"),
        (503, b"busy", "HTTP 503: busy", "try again later"),
        (200, b'{"status":"success","data":{"resultType":"ma', "is this a Prometheus?", "the address ends"),
        (200, b"<html>Sign in</html>", "is this a Prometheus?", "the address ends"),
    ],
)
def test_a_server_that_does_not_answer_well_is_said_with_a_way_on(  # noqa: PLR0913
    answering: Callable[..., str],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    status: int,
    body: bytes,
    message: str,
    help_: str,
) -> None:
    page = tmp_path / "report.html"
    assert replay(answering(status, body), *SPAN, "--html", str(page)) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert help_ in said.err
    assert (said.out, list(tmp_path.iterdir())) == ("", [])


def test_an_answer_cut_short_is_said(
    answering: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert replay(answering(200, b'{"status"', promised=500)) == 2
    assert "does not answer" in capsys.readouterr().err


def test_a_server_that_is_not_there_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert replay("http://127.0.0.1:1") == 2
    assert "does not answer: Connection refused\n  help: check the address" in capsys.readouterr().err


def test_a_slow_server_is_not_waited_for_longer_than_asked(
    script: Script, capsys: pytest.CaptureFixture[str]
) -> None:
    over = Event()
    script.reply = lambda _: (200, b"", {}) if over.wait(60) else (500, b"", {})
    try:
        assert replay(script.api.url, *SPAN, "--timeout", "1s") == 2
    finally:
        over.set()
    assert "does not answer" in capsys.readouterr().err


def test_a_span_without_data_is_said(script: Script, capsys: pytest.CaptureFixture[str]) -> None:
    script.reply = empty
    assert replay(script.api.url) == 2
    said = capsys.readouterr().err
    assert "has no data in the span: neither recorded nor raw series" in said
    assert "check the span, and that the services' selectors match" in said


def test_reading_records_that_are_not_there_is_said(
    script: Script, capsys: pytest.CaptureFixture[str]
) -> None:
    script.reply = empty
    assert replay(script.api.url, *SPAN, "--records", "read") == 2
    assert "has no recorded series of research-agent, support-agent" in capsys.readouterr().err


def test_computing_records_without_a_prometheus_is_said(
    script: Script, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    script.reply = empty
    monkeypatch.setenv("PATH", "/nonexistent")
    assert replay(script.api.url) == 2
    assert "no Prometheus on this machine: apt-get install prometheus" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "give either --last or --from"),
        (("--last", "1x"), '"1x" is no duration'),
        (("--from", "20260322", "--to", "20260321"), "2026-03-22T00:00:00Z to 2026-03-21T00:00:00Z"),
        # Python reads 7923-03-05 with the hour 12 in these Unix seconds.
        (("--from", "79230305812", "--to", "79230305811"), "4480-09-15T10:16:52Z to 4480-09-15T10:16:51Z"),
        ((*SPAN, "--service", "support-agnet"), 'there is no service "support-agnet"'),
        ((*SPAN, "--alert", "AgentNoRun"), 'there is no alert "AgentNoRun"'),
        ((*SPAN, "--points", "0"), "--points is from 1 to 11000, not 0"),
        ((*SPAN, "--concurrency", "99"), "--concurrency is from 1 to 16, not 99"),
        ((*SPAN, "--step", "0s"), '"0s" is no duration'),
        ((*SPAN, "--truth", "/nonexistent/truth.json"), "cannot be read: no such file"),
        ((*SPAN, "--compare", "no-such-revision"), "there is no revision no-such-revision"),
        ((*SPAN, "--compare", f"{SPECS}/../output"), "has the generated files"),
        ((*SPAN, "--compare", SPECS, "--records", "read"), "records are computed here for both"),
        ((*SPAN, "--compare", SPECS, "--service", "support-agnet"), 'there is no service "support-agnet"'),
        ((*SPAN, "--compare", SPECS, "--alert", "AgentNoRun"), 'there is no alert "AgentNoRun"'),
        ((*SPAN, "--html", "/nonexistent/report.html"), "/nonexistent/report.html cannot be written"),
        ((*SPAN, "--html", f"{SPECS}/site.yaml"), "site.yaml is a file of the specs, and would be replaced"),
        ((*SPAN, "--resume", "/nonexistent/state"), "/nonexistent/state cannot be used"),
    ],
)
def test_a_call_that_makes_no_sense_reaches_no_server(
    script: Script, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], message: str
) -> None:
    assert main(["replay", SPECS, "--prometheus", script.api.url, *options]) == 2
    assert message in capsys.readouterr().err
    assert script.asked == []


OUTAGE = {"name": "outage", "start": T + 60, "end": T + 120}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"service": "research-agent"}, "are those of research-agent, and the replay is of support-agent"),
        ({"start": T - 999_999, "end": T - 9}, "are of another time: the list is complete until 2026-03-19"),
        ({"start": END + 9}, "are of another time: the list is complete from 2026-03-20 12:00:09 UTC"),
    ],
)
def test_a_truth_of_something_else_is_refused(
    script: Script,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    changed: dict[str, object],
    message: str,
) -> None:
    path = tmp_path / "truth.json"
    path.write_text(json.dumps({"incidents": [OUTAGE], **changed}), encoding="utf-8")
    assert replay(script.api.url, *SPAN, "--service", "support-agent", "--truth", str(path)) == 2
    assert message in capsys.readouterr().err
    assert script.asked == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "truth.json: error[yaml/empty]"),
        ("{", "truth.json:1:2: error[yaml/"),
        ("[]", "truth.json:1:1: error[yaml/root-type]"),
        ("{}", "truth.json:1:1: error[schema/missing-key]"),
        ("incidents: [1]", "truth.json:1:13: error[schema/type]"),
        ("incidents: [{name: a, start: 1, end: 2, service: none}]", 'service "none" is not declared'),
    ],
)
def test_a_list_of_incidents_at_fault_is_located(
    script: Script, capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "truth.json"
    path.write_text(text, encoding="utf-8")
    assert replay(script.api.url, *SPAN, "--truth", str(path)) == 1
    said = capsys.readouterr().err
    assert message in said
    assert "help: " in said
    assert script.asked == []


def test_specs_at_fault_are_the_only_reason_for_a_1(tmp_path: Path) -> None:
    (tmp_path / "services").mkdir()
    (tmp_path / "services/a.yaml").write_text("service: a\n", encoding="utf-8")
    assert main(["replay", str(tmp_path), "--prometheus", "http://127.0.0.1:1", "--last", "1h"]) == 1


def test_a_report_that_cannot_be_made_leaves_the_old_one(script: Script, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text("the last one", encoding="utf-8")
    script.reply = empty
    assert replay(script.api.url, *SPAN, "--html", str(page)) == 2
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == {
        "report.html": "the last one"
    }


def test_credentials_in_the_address_are_refused_and_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    assert replay(f"http://me:{SECRET}@127.0.0.1:1") == 2
    said = capsys.readouterr().err
    assert "AGENT_METRICS_PROMETHEUS_TOKEN" in said
    assert SECRET not in said


def test_a_server_that_repeats_the_token_does_not_get_it_shown(
    script: Script, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENT_METRICS_PROMETHEUS_TOKEN", SECRET)
    script.reply = lambda _: (500, f"no such token: {SECRET}".encode(), {})
    assert replay(script.api.url) == 2
    said = capsys.readouterr().err
    assert "no such token: ***" in said
    assert SECRET not in said


def test_a_stopped_replay_goes_on_where_it_was_and_its_file_goes_when_it_is_done(
    script: Script, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "state"
    call = (
        *SPAN,
        "--service",
        "support-agent",
        "--resume",
        str(state),
        "--points",
        "100",
        "--concurrency",
        "1",
    )
    script.reply = lambda fields: recorded(fields) if len(alerts(script)) <= 20 else (500, b"oops", {})
    assert replay(script.api.url, *call) == 2
    first = alerts(script)
    assert state.is_file()

    assert replay(script.api.url, *call, "--format", "json") == 2
    assert "belongs to another replay" not in capsys.readouterr().err

    # Another span is another replay.
    assert replay(script.api.url, "--last", "1h", *call[4:]) == 2
    assert "belongs to another replay" in capsys.readouterr().err

    script.asked.clear()
    script.reply = recorded
    assert replay(script.api.url, *call) == 0
    assert set(first[:20]).isdisjoint(alerts(script))
    assert not state.exists()


def alerts(script: Script) -> list[tuple[str, str]]:
    """The queries for alerts: all except the first ones, which inspect the server."""
    asked = [(one["query"], one["start"]) for one in script.asked]
    return [one for one in asked if not one[0].startswith(("vector(1)", "count({__name__"))]


def recorded(fields: dict[str, str]) -> Answer:
    """A Prometheus with records over the whole span, and alerts that are never active."""
    if not fields["query"].startswith("count({__name__"):
        return empty(fields)
    times = range(int(fields["start"]), int(fields["end"]) + 1, int(fields["step"]))
    series = [{"metric": {}, "values": [[time, "1"] for time in times]}]
    body = {"status": "success", "data": {"resultType": "matrix", "result": series}}
    return 200, json.dumps(body).encode(), {}


def test_a_server_that_had_everything_all_along_is_looked_at_once(script: Script) -> None:
    script.reply = recorded
    assert replay(script.api.url, *SPAN, "--service", "support-agent") == 0
    looks = [one for one in script.asked if one["query"].startswith("count({__name__")]
    assert len(looks) == 1


def test_records_that_begin_within_the_span_are_told(
    script: Script, capsys: pytest.CaptureFixture[str]
) -> None:
    def late(fields: dict[str, str]) -> Answer:
        later = str(int(fields["start"]) + 3600)
        return recorded({**fields, "start": later})

    script.reply = late
    assert replay(script.api.url, *SPAN, "--service", "support-agent") == 0
    said = capsys.readouterr().out
    assert (
        "note: The recorded series of support-agent begin about 2026-03-20 01:00 UTC: nothing is known before."
        in said
    )
