"""For any answer of a server, a command ends in time with exit status 2, gives the reason, and shows no credential."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

from generator.artifact import Artifact
from generator.live.server import find_prometheus
from generator.output.write import write
from tests.commands.calls import CommandCalls, environment
from tests.hostile.server import MODES, hostile
from tests.programs import needed

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.hostile.server import Hostile

ROOT = Path(__file__).parents[2]
#: With few rules: to compile all that ship, and to ask for all their series, would take most of the time.
SPECS = str(Path(__file__).parent / "specs")
#: In seconds. A command that ignores its deadline never ends, so much grace on a busy machine hides no fault.
TIMEOUT, GRACE = 1.0, 15.0
#: A process that has compiled takes eighty, and the largest answers that are read take fifty.
MOST_MEGABYTES = 150
SPAN = ("--from", "2026-03-20T00:00Z", "--to", "2026-03-20T01:00Z")
#: With characters that have escapes in JSON, in HTML and in an address.
TOKEN = 'eyJhb"<Gci&O/iJI+Uz=I1Ni'  # noqa: S105 - nobody's
SERVERS = ("PROMETHEUS", "GRAFANA", "EXPOSITION", "RULER")


@cache
def generated() -> str:
    """Write an output with a file for every kind of server: a dashboard, what a service records, a ruler's group."""
    folder = tempfile.TemporaryDirectory()  # until the tests end
    group = {"name": "agent-run", "rules": [{"record": "service:agent_run:rate", "expr": "vector(1)"}]}
    text = json.dumps({"namespace": "agent-metrics", "groups": [group]})
    taken = ("grafana/dashboards/agent-runs.json", "prometheus/rules/research-agent.rules.yml")
    artifacts = [Artifact(path, (ROOT / "output" / path).read_text("utf-8")) for path in taken]
    artifacts.append(Artifact("mimir/agent-metrics.yaml", text))
    write(artifacts, Path(folder.name) / "output")
    _FOLDERS.append(folder)
    return str(Path(folder.name) / "output")


_FOLDERS: list[tempfile.TemporaryDirectory[str]] = []

CALLS: dict[str, Callable[[str], tuple[str, ...]]] = {
    "replay": lambda url: ("replay", SPECS, "--prometheus", url, *SPAN),
    "audit a server": lambda url: ("audit", SPECS, "--prometheus", url),
    "audit an exposition": lambda url: ("audit", SPECS, "--exposition", f"{url}/metrics"),
    "apply to Grafana": lambda url: ("apply", "-o", generated(), "--grafana", url),
    "apply to Prometheus": lambda url: ("apply", "-o", generated(), "--prometheus", url),
    "apply to a ruler": lambda url: ("apply", "-o", generated(), "--ruler", url),
    "simulate": lambda url: ("simulate", SPECS, "--prometheus", url, *SPAN),
    "simulate beside": lambda url: ("simulate", SPECS, "--prometheus", url, "--add", "--record", *SPAN),
}
#: A write, a reload or an audit may accept these: they are valid empty answers.
FINE = {
    ("audit a server", "a sample without a name"),
    ("audit a server", "a sample without a value"),
    ("simulate", "a sample without a value"),
    ("simulate beside", "no number in a range"),
    ("simulate beside", "infinite in a range"),
}
#: Answers that could fill the memory.
LARGE = [name for name in MODES if name.startswith(("endless", "gzip", "brackets")) or "without end" in name]


def shown(text: str, mode: str) -> None:
    """Check that no secret and no traceback is shown."""
    assert "Traceback" not in text
    assert TOKEN[:6] not in text
    assert b64encode(TOKEN.encode()).decode()[:12] not in text
    assert "\x1b" not in text, mode


def in_time(server: Hostile) -> bool:
    """Whether no more than the deadline and a grace have passed since the first request."""
    return not server.began or time.monotonic() - server.began < TIMEOUT + GRACE


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> CommandCalls:
    """Call a command that knows a token for every kind of server."""
    for server in SERVERS:
        monkeypatch.setenv(f"AGENT_METRICS_{server}_TOKEN", TOKEN)
    return CommandCalls(capsys)


@pytest.mark.parametrize("mode", [name for name in MODES if name not in LARGE])
@pytest.mark.parametrize("command", CALLS)
def test_every_command_ends_well_whatever_a_server_does(command: str, mode: str, call: CommandCalls) -> None:
    with hostile(MODES[mode]) as server:
        code, out, err = call(*CALLS[command](server.url), "--timeout", f"{TIMEOUT * 1000:.0f}ms")
        # Where the answers are right, a command goes on with its own work.
        assert (command, mode) in FINE or in_time(server), f"{time.monotonic() - server.began:.1f}s"
    shown(out + err, mode)
    assert server.requests
    if (command, mode) not in FINE:
        assert code == 2, out + err
        assert err.startswith("error: ")
        assert "\n  help: " in err


@pytest.mark.prometheus
@pytest.mark.parametrize("mode", ["drips headers", "endless", "repeats it with 200"])
def test_a_demo_does_not_take_a_hostile_server_for_its_own(mode: str, call: CommandCalls) -> None:
    needed(find_prometheus)
    with hostile(MODES[mode]) as server:
        port = server.url.rpartition(":")[2]
        code, out, err = call(
            "demo", str(ROOT / "specs"), "--port", port, "--no-grafana", "--last", "1m", "--timeout", "5s"
        )
    shown(out + err, mode)
    assert (code, out) == (2, "")
    assert "Prometheus does not start: " in err


class Caller:
    """A process that makes one call after another: what it says, and the most memory that each call takes."""

    def __init__(self, said: Path) -> None:
        tokens = {f"AGENT_METRICS_{server}_TOKEN": TOKEN for server in SERVERS}
        self._said = said
        with said.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _CALLS],
                cwd=ROOT,
                env=environment(**tokens),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                text=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._process:
            self._process.kill()

    def call(self, *arguments: str) -> tuple[str, str, float]:
        """Make a call: its exit code, its output, and the most megabytes of the process during it."""
        assert self._process.stdin
        assert self._process.stdout
        proc, begin = Path(f"/proc/{self._process.pid}"), self._said.stat().st_size
        (proc / "clear_refs").write_text("5")  # forgets what was the most before
        self._process.stdin.write(f"{json.dumps(arguments)}\n")
        self._process.stdin.flush()
        code = self._process.stdout.readline().strip()
        most = re.search(r"VmHWM:\s+(\d+) kB", (proc / "status").read_text("utf-8"))
        assert most
        return code, self._said.read_bytes()[begin:].decode(), int(most[1]) / 1024


#: Reads calls from its input, and writes their exit codes; what the calls write is written as errors.
_CALLS = """
import json, sys
from generator.__main__ import main
codes, sys.stdout = sys.stdout, sys.stderr
for line in sys.stdin:
    try:
        code = main(json.loads(line))
    except SystemExit as leaving:
        code = leaving.code
    sys.stderr.flush()
    print(code, file=codes, flush=True)
"""


@pytest.mark.parametrize("command", CALLS)
def test_no_answer_fills_the_memory(command: str, tmp_path: Path) -> None:
    with Caller(tmp_path / "said") as caller:
        for mode in LARGE:
            with hostile(MODES[mode]) as server:
                code, said, most = caller.call(
                    *CALLS[command](server.url), "--timeout", f"{TIMEOUT * 1000:.0f}ms"
                )
                assert in_time(server), f"{mode}: {time.monotonic() - server.began:.1f}s"
            shown(said, mode)
            assert code == "2", f"{mode}: {said}"
            assert most < MOST_MEGABYTES, f"{mode}: {said}"
