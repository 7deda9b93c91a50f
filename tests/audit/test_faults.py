"""Servers that are down, slow, broken or closed, and invalid expositions: exit code 2, one reason, no secret."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from generator.audit import source
from generator.cli import main
from generator.live import transport
from tests.models import SPECS, written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECRET = "hunter2hunter2"  # noqa: S105 - to be looked for
CASES = Path(__file__).parent / "cases"
RIGHT = (CASES / "as-declared/exposition.txt").read_bytes()
OPEN_METRICS = (CASES / "openmetrics/exposition.txt").read_bytes()


class Refused:
    """Calls that must fail: exit code 2, nothing on standard output, no traceback."""

    def __init__(self, capsys: pytest.CaptureFixture[str], directory: Path) -> None:
        self.capsys, self.directory = capsys, directory

    def __call__(self, *arguments: str) -> str:
        """Return the message."""
        assert main(["audit", *arguments]) == 2
        told = self.capsys.readouterr()
        assert not told.out
        assert told.err.startswith("error: ")
        assert SECRET not in told.err
        return told.err

    def file(self, content: bytes) -> str:
        """Pass a file to the call."""
        path = self.directory / "exposition"
        path.write_bytes(content)
        return self("--exposition", str(path))


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Refused:
    monkeypatch.chdir(Path(__file__).parent)
    return Refused(capsys, tmp_path)


@pytest.fixture
def closed() -> str:
    """An address without a server."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.parametrize("option", ["--prometheus", "--exposition"])
def test_nobody_listens(option: str, closed: str, refused: Refused) -> None:
    told = refused(option, closed)
    assert f"{closed} does not answer: Connection refused" in told
    assert "help: check the address" in told


@pytest.mark.parametrize("option", ["--prometheus", "--exposition"])
def test_a_silent_server_is_given_up(option: str, answering_never: str, refused: Refused) -> None:
    assert "does not answer" in refused(option, answering_never, "--timeout", "1s")


@contextmanager
def _dripping() -> Iterator[str]:
    """A server that sends a letter for every one that the client has taken, for ever."""
    stop = threading.Event()

    def serve(listening: socket.socket) -> None:
        with listening.accept()[0] as taken:
            taken.recv(4096)
            taken.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
            while not stop.wait(0.02):
                try:
                    taken.sendall(b"#")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/metrics"
        finally:
            stop.set()
            thread.join()


def test_an_exposition_that_never_ends_is_given_up_in_time(refused: Refused) -> None:
    with _dripping() as url:
        assert f"error: {url} does not answer within 1s" in refused("--exposition", url, "--timeout", "1s")


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (200, b"<html>Welcome</html>", "is this a Prometheus?"),
        (200, b"", "is this a Prometheus?"),
        (200, b'{"status":"success","data":{"resultType":"matrix","result":[]}}', "where a vector is needed"),
        (200, b'{"status":"success","data":null}', "is this a Prometheus?"),
        (503, b"busy", "HTTP 503: busy\n  help: the server has too much to do"),
        (
            404,
            b"no such page",
            "HTTP 404: no such page\n  help: is this a Prometheus? the address ends where",
        ),
        (
            422,
            b'{"status":"error","errorType":"execution","error":"query processing would load too many samples"}',
            "too many samples\n  help: the server refuses the question",
        ),
    ],
)
def test_an_answer_that_no_prometheus_gives_is_reported(
    status: int, body: bytes, words: str, answering: Callable[..., str], refused: Refused
) -> None:
    assert words in refused("--prometheus", answering(status, body))


def test_an_answer_cut_short_is_reported(answering: Callable[..., str], refused: Refused) -> None:
    url = answering(200, b'{"status":"success","data":', promised=5000)
    assert f"{url} does not answer" in refused("--prometheus", url)
    url = answering(200, RIGHT[:300], promised=len(RIGHT))
    assert f"{url} does not answer" in refused("--exposition", url)


@pytest.mark.parametrize("kind", ["PROMETHEUS", "EXPOSITION"])
def test_a_secret_that_the_server_repeats_is_not_shown(
    kind: str, answering: Callable[..., str], refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"AGENT_METRICS_{kind}_TOKEN", SECRET)
    told = refused(f"--{kind.lower()}", answering(401, f"bad token {SECRET}".encode()))
    assert "HTTP 401" in told
    assert f"AGENT_METRICS_{kind}_TOKEN" in told
    told = refused(f"--{kind.lower()}", answering(200, f"x{{Bearer {SECRET}".encode() * 3))
    assert SECRET not in told


@pytest.mark.parametrize("kind", ["PROMETHEUS", "EXPOSITION"])
def test_a_user_without_a_password_is_reported_before_any_request(
    kind: str, closed: str, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"AGENT_METRICS_{kind}_USER", "me")
    assert f"AGENT_METRICS_{kind}_PASSWORD go together" in refused(f"--{kind.lower()}", closed)


@pytest.mark.parametrize("option", ["--prometheus", "--exposition"])
def test_credentials_in_the_address_are_refused_and_not_repeated(option: str, refused: Refused) -> None:
    assert "_TOKEN" in refused(option, f"http://me:{SECRET}@127.0.0.1:1/metrics")


def test_the_query_of_an_address_is_sent_and_not_repeated(closed: str, refused: Refused) -> None:
    assert f"error: {closed}/metrics does not answer" in refused(
        "--exposition", f"{closed}/metrics?key={SECRET}"
    )


@contextmanager
def _recording(sent: list[bytes]) -> Iterator[str]:
    """A server that records one request and answers 404."""

    def serve(listening: socket.socket) -> None:
        with listening.accept()[0] as taken:
            sent.append(taken.recv(65536))
            taken.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,))
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread.join()


@pytest.mark.parametrize("option", ["--prometheus", "--exposition"])
@pytest.mark.parametrize("kind", ["PROMETHEUS", "EXPOSITION"])
def test_a_token_goes_where_it_belongs_and_nowhere_else(
    option: str, kind: str, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"AGENT_METRICS_{kind}_TOKEN", SECRET)
    sent: list[bytes] = []
    with _recording(sent) as url:
        refused(option, url)
    assert (f"Authorization: Bearer {SECRET}".encode() in sent[0]) == (option == f"--{kind.lower()}")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"# HELP demo_runs_total Runs.\n# TYPE demo_runs_total counter\n", "holds no samples"),
        (b"# EOF\n", "holds no samples"),
        (RIGHT[:-4], "is cut short: its last line has no end"),
        (OPEN_METRICS.removesuffix(b"# EOF\n"), "is cut short: OpenMetrics ends with # EOF"),
        (OPEN_METRICS[: len(OPEN_METRICS) // 2], "is cut short"),
        (b"<html>\n<body>Welcome</body>\n</html>\n", "is no exposition: it is a page of the web"),
        (b"<html><body>Sign in</body></html>", "is no exposition: it is a page of the web"),
        (b'{"status":"success"}\n', "is no exposition: it is JSON"),
        (b'{"status":"success"}', "is no exposition: it is JSON"),
        (b"[1, 2]", "is no exposition: it is JSON"),
        (b'demo_runs_total{status="ok} 1\n', "is no exposition"),
        (b"demo_runs_total one\n", "is no exposition"),
        (b"\xff\xfe\x00", "is not text in UTF-8"),
    ],
)
def test_a_file_that_is_no_exposition_is_reported(content: bytes, words: str, refused: Refused) -> None:
    assert words in refused.file(content)


def test_an_openmetrics_response_must_have_its_end(answering: Callable[..., str], refused: Refused) -> None:
    headers = {"Content-Type": "application/openmetrics-text; version=1.0.0"}
    assert "ends with # EOF" in refused("--exposition", answering(200, RIGHT, headers=headers))


def test_a_redirection_is_reported(answering: Callable[..., str], refused: Refused) -> None:
    url = answering(307, b"", headers={"Location": "/metrics/"})
    assert "HTTP 307: a redirection to /metrics/\n  help: redirections are not followed" in refused(
        "--exposition", url
    )


def test_more_than_one_target_exposes_is_not_read(
    answering: Callable[..., str], refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "MOST_BYTES", 100)
    assert "is larger than" in refused.file(RIGHT)
    monkeypatch.setattr(transport, "MOST_BYTES", 100)
    assert "answers with more than" in refused("--exposition", answering(200, RIGHT))


def test_a_missing_file_is_reported(refused: Refused, tmp_path: Path) -> None:
    assert f"error: there is no file {tmp_path}/none\n" in refused("--exposition", str(tmp_path / "none"))
    assert f"error: {tmp_path} cannot be read: is a directory\n" in refused("--exposition", str(tmp_path))


def test_a_call_must_name_the_service_of_an_exposition(
    refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(SPECS.parent)
    assert "help: --service research-agent or support-agent" in refused("--exposition", "x")
    assert 'did you mean "support-agent"?' in refused("--exposition", "x", "--service", "suport-agent")


def test_invalid_specs_are_reported_first(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, closed: str
) -> None:
    written(tmp_path, {"services/x.yaml": "service: x\n"})
    assert main(["audit", str(tmp_path), "--prometheus", closed]) == 1
    assert "schema/missing-key" in capsys.readouterr().err


def test_an_exposition_is_read_over_http_with_its_query_and_its_slash(
    answering: Callable[..., str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(__file__).parent)
    url = answering(200, RIGHT, headers={"Content-Type": "text/plain; version=0.0.4"})
    assert main(["audit", "--exposition", f"{url}/metrics/?name[]=demo_runs_total"]) == 0
    assert f"demo-agent at {url}/metrics/ (1 instance)" in capsys.readouterr().out
