"""Behaviour that only a separate process shows: pipes, signals, terminals, encodings."""

from __future__ import annotations

import io
import os
import pty
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, NoReturn

import pytest

from generator.commands import explain
from tests.commands.calls import COMMAND, ROOT, CommandCalls, environment, process

if TYPE_CHECKING:
    import argparse
    from pathlib import Path


@pytest.mark.parametrize(
    "arguments", [("explain",), ("schema", "service"), ("cardinality", "--format", "json")]
)
def test_a_reader_that_goes_away_is_no_error(arguments: tuple[str, ...]) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        ended = subprocess.run(
            [*COMMAND, *arguments],
            cwd=ROOT,
            env=environment(),
            stdout=write,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(write)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_an_output_that_is_full_is_told_without_a_traceback() -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device
        ended = subprocess.run(
            [*COMMAND, "explain"],
            cwd=ROOT,
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert ended.returncode == 2
    assert ended.stderr == b"error: the output cannot be written: no space left on device\n"


def test_an_interrupt_ends_without_a_traceback(tmp_path: Path) -> None:
    # A pipe without a writer keeps the command reading: it is interrupted during its work.
    os.mkfifo(tmp_path / "pipe")
    program = (
        "import sys; from generator.cli import main; from generator.commands import explain\n"
        "def run(_):\n"
        "    print('ready', flush=True)\n"
        f"    open({str(tmp_path / 'pipe')!r}).read()\n"
        "explain.run = run\n"
        "sys.exit(main(['explain']))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n"
        running.send_signal(signal.SIGINT)
        _, told = running.communicate(timeout=60)
    assert told == b"interrupted\n"
    assert running.returncode == 130


_INTERRUPTED_AT_AN_IMPORT = """
import os, runpy, signal, sys

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == {name!r}:
            os.kill(os.getpid(), signal.SIGINT)
        return None

sys.meta_path.insert(0, Interrupting())
sys.argv[:] = ["agent-metrics", "generate", "none"]
runpy.run_module("generator", run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize(
    "name",
    [
        *(
            "generator.unchanged",
            "generator.private",
            "generator.cli",
            "argparse",
            "generator.commands.generate",
        ),
        *("generator.spec.sources", "yaml"),
    ],
)
def test_an_interrupt_of_any_import_ends_without_a_traceback(name: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED_AT_AN_IMPORT.format(name=name)],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert (ended.returncode, ended.stdout) == (130, b"")
    assert ended.stderr in {b"interrupted\n", b"interrupted; nothing was written\n"}


def test_an_interrupt_inside_a_command_has_an_exit_status_of_its_own(
    call: CommandCalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_arguments: argparse.Namespace) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(explain, "run", interrupted)
    answer = call("explain")
    assert (answer.code, answer.err) == (130, "interrupted\n")


@pytest.mark.parametrize("arguments", [(), ("--check",), ("--no-cache",)])
def test_an_interrupt_while_specs_are_compiled_says_that_nothing_was_written(
    call: CommandCalls, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    def interrupted(*_arguments: object, **_named: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr("generator.commands.generate_afresh.generate", interrupted)
    answer = call("generate", "specs", *arguments)
    assert (answer.code, answer.err) == (130, "interrupted; nothing was written\n")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_a_terminal_without_the_character_gets_its_number(faulty: Path, encoding: str) -> None:
    service = faulty / "specs/services/demo-agent.yaml"
    service.write_text(service.read_text("utf-8").replace("ü", "\U0001f916"), "utf-8")
    ended = process("check", directory=faulty, changes={"PYTHONIOENCODING": encoding})
    assert (ended.returncode, ended.stderr) == (1, b"")
    assert ("\U0001f916".encode() if encoding == "utf-8" else b"\\U0001f916") in ended.stdout


def test_colours_are_for_terminals(faulty: Path) -> None:
    assert b"\x1b[1;31merror" in _on_a_terminal(faulty)
    assert b"\x1b" not in process("check", directory=faulty).stdout


@pytest.mark.parametrize("changes", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_may_want_no_colours(faulty: Path, changes: dict[str, str]) -> None:
    told = _on_a_terminal(faulty, changes)
    assert b"error[unit/mismatch]" in told
    assert b"\x1b" not in told


def test_an_empty_no_color_asks_for_nothing(faulty: Path) -> None:
    assert b"\x1b[1;31merror" in _on_a_terminal(faulty, {"NO_COLOR": ""})


def test_streams_that_are_closed_are_survived(faulty: Path) -> None:
    shell = f'"{sys.executable}" -m generator check >&-'
    ended = subprocess.run(
        ["/bin/sh", "-c", shell], cwd=faulty, env=environment(), capture_output=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (1, b"")


def test_without_a_console_a_command_still_writes(
    call: CommandCalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The replacement by redirect_stdout is not a stream of the system.
    taken = io.StringIO()
    monkeypatch.setattr(sys, "stdout", taken)
    assert call("explain", "yaml/tab").code == 0
    assert taken.getvalue().startswith("# yaml/tab: ")


#: Without terminals (a container without /dev/pts), a stream that only claims to be one.
PRETENDED = """
import io, sys
from generator.cli import main
class Terminal(io.TextIOWrapper):
    def isatty(self):
        return True
sys.stdout = Terminal(sys.stdout.buffer)
sys.stderr = Terminal(sys.stderr.buffer)
sys.exit(main(["check"]))
"""


def _on_a_terminal(directory: Path, changes: dict[str, str] | None = None) -> bytes:
    """The output of ``check`` on a terminal."""
    try:
        master, slave = pty.openpty()
    except OSError:
        return _pretended(directory, changes)
    with subprocess.Popen(
        [*COMMAND, "check"], cwd=directory, env=environment(**(changes or {})), stdout=slave, stderr=slave
    ) as running:
        os.close(slave)
        told = _read(master)
    os.close(master)
    assert running.returncode == 1
    return told


def _pretended(directory: Path, changes: dict[str, str] | None = None) -> bytes:
    ended = subprocess.run(
        [sys.executable, "-c", PRETENDED],
        cwd=directory,
        env=environment(**(changes or {})),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert ended.returncode == 1
    return ended.stdout


def _read(master: int) -> bytes:
    """Read until the other side is closed, which Linux reports as an error."""
    told = b""
    try:
        while part := os.read(master, 65536):
            told += part
    except OSError:
        pass
    return told
