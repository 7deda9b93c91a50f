"""A command imports only what it needs: quick answers, and no packages for servers where none is used."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from generator.cli import COMMANDS
from tests.commands.calls import ROOT, environment

if TYPE_CHECKING:
    from pathlib import Path

    from tests.commands.calls import CommandCalls

HEAVY = ("grafanalib", "jinja2", "google.protobuf", "urllib3", "cramjam")
LIVE = {"cramjam", "google", "prometheus_client", "urllib3"}
_SERVER = ("--prometheus", "http://127.0.0.1:1")

_IMPORTS = """
import contextlib, io, json, sys
from generator.__main__ import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main(sys.argv[1:])
print(json.dumps(sorted(sys.modules)))
"""

_SEARCHES = """
import contextlib, gc, io, sys
from generator.__main__ import run
sys.argv[:1] = ["agent-metrics"]
with contextlib.redirect_stdout(io.StringIO()):
    run()
print(gc.isenabled())
"""

_WITHOUT = """
import sys
from generator.cli import main

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
        return None

sys.meta_path.insert(0, Absent())
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("arguments", "more"),
    [
        (("--help",), ("yaml", "jsonschema", "promql_parser", "generator.spec", "generator.compiler")),
        (("--version",), ("yaml", "jsonschema", "promql_parser", "generator.spec", "generator.compiler")),
        (("generate", "--help"), ("yaml", "jsonschema", "promql_parser", "generator.compiler")),
        (("explain", "yaml/tab"), ("jsonschema",)),
        (("schema", "service"), ("jsonschema",)),
        (("check",), ("generator.grafana", "generator.runbooks", "generator.output", "generator.live")),
        (("check", "--format", "sarif"), ("generator.grafana", "generator.live")),
        (("cardinality",), ("generator.grafana", "generator.live")),
    ],
)
def test_a_command_imports_only_what_it_needs(arguments: tuple[str, ...], more: tuple[str, ...]) -> None:
    imported = _run(_IMPORTS, *arguments).stdout
    assert not {*HEAVY, *more}.intersection(json.loads(imported))


@pytest.mark.parametrize(("arguments", "searches"), [(("check",), False), (("explain", "yaml/tab"), True)])
def test_only_short_commands_do_not_search_for_garbage(arguments: tuple[str, ...], searches: bool) -> None:  # noqa: FBT001
    assert _run(_SEARCHES, *arguments).stdout.split()[-1].decode() == str(searches)


def test_where_nothing_has_changed_the_compiler_is_not_imported(place: Path, call: CommandCalls) -> None:
    time.sleep(0.05)  # a spec saved this recently may be saved again without another time
    assert call("generate").code == 0
    imported = json.loads(_run(_IMPORTS, "generate", directory=place).stdout)
    assert not {"argparse", "hashlib", "msgspec", "generator.cli"}.intersection(imported)


def test_generating_imports_nothing_that_talks_to_a_server() -> None:
    imported = json.loads(_run(_IMPORTS, "generate", "--check").stdout)
    assert "grafanalib" in imported
    assert not {"google.protobuf", "urllib3", "cramjam", "generator.live"}.intersection(imported)


@pytest.mark.parametrize("arguments", [("check",), ("cardinality",), ("generate", "--check"), ("explain",)])
def test_compiling_works_where_the_extras_for_servers_are_not_installed(arguments: tuple[str, ...]) -> None:
    ended = _run(_WITHOUT.format(names=LIVE), *arguments)
    assert b"Traceback" not in ended.stderr, ended.stderr
    # The output may be out of date while it is worked on; that it was compared is the point.
    assert ended.returncode in {0, 1}
    assert ended.stdout


@pytest.mark.parametrize("more", [(), ("--profile", "litellm")])
def test_a_first_spec_is_written_where_the_extras_for_servers_are_not_installed(
    more: tuple[str, ...], tmp_path: Path
) -> None:
    ended = _run(_WITHOUT.format(names=LIVE), "init", "specs", *more, directory=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.parametrize(
    "arguments",
    [
        ("apply", *_SERVER),
        ("audit", "--exposition", "x", "--service", "support-agent"),
        ("audit", *_SERVER),
        ("replay", "--last", "1h", *_SERVER),
        ("simulate", "--service", "support-agent", "--last", "1h", *_SERVER),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_a_missing_extra_is_named_in_one_line(arguments: tuple[str, ...]) -> None:
    ended = _run(_WITHOUT.format(names=LIVE), *arguments)
    assert ended.returncode == 2
    said = " ".join(ended.stderr.decode().split())
    assert said.startswith("error: the package ")
    assert "pip install 'agent-metrics[live]'" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("command", ["apply", "audit", "replay", "simulate", "demo"])
def test_help_answers_also_where_the_extra_is_missing(command: str) -> None:
    ended = _run(_WITHOUT.format(names=LIVE), command, "--help")
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert ended.stdout.startswith(f"usage: agent-metrics {command} ".encode())


def test_another_missing_package_is_no_matter_of_extras() -> None:
    ended = _run(_WITHOUT.format(names={"yaml"}), "check")
    assert b"agent-metrics[live]" not in ended.stderr
    assert b"No module named 'yaml'" in ended.stderr


def _run(program: str, *arguments: str, directory: Path = ROOT) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=directory,
        env=environment(),
        capture_output=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_describes_itself_and_the_top_lists_it(command: str, call: CommandCalls) -> None:
    answer = call(command, "--help")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith(f"usage: agent-metrics {command} ")
    assert "show this help message" in answer.out
    assert command in call("--help").out.split()


def test_a_module_that_has_arguments_is_a_command() -> None:
    modules = (ROOT / "generator/commands").glob("*.py")
    assert {path.stem for path in modules if "\ndef arguments(" in path.read_text("utf-8")} == set(COMMANDS)
