"""A spec is data: its compilation runs no code of it, uses no network and starts no process."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from generator.instrumentation import modules
from generator.reports import pages
from tests.commands.calls import ROOT, environment
from tests.whole.compiled import compile_specs, rules
from tests.whole.watched import FORBIDDEN
from tests.whole.writing import write

if TYPE_CHECKING:
    from tests.whole.specs import Directory

PROBE = "{{ ''.__class__ }} {{ 40 + 2 }}0815 {% raise %} {# x #} ${IFS} `id` $(id)"
RAN = ("<class 'str'>", "420815")


def _specs() -> Directory:
    """The probe in every field with free text."""
    alert = {"threshold": {"signal": "own"}, "warning": 3, "summary": "It is.", "means": PROBE}
    signal = {"title": PROBE, "description": PROBE, "count": {"of": "own_total"}}
    service = {
        "service": "s",
        "profile": "p",
        "owner": "team",
        "description": PROBE,
        "selector": {"job": PROBE},
        "labels": {"tool": [PROBE, "other"]},
        "signals": {"of_service": signal},
        "alerts": {"Own": {"disabled": PROBE}},
    }
    profile = {
        "profile": "p",
        "description": PROBE,
        "labels": {"kind": {"values": [PROBE, "b"], "description": PROBE}, "tool": {"description": PROBE}},
        "metrics": {
            "runs_total": {"type": "counter", "help": PROBE, "labels": ["kind"]},
            "own_total": {"type": "counter", "help": PROBE, "labels": ["kind", "tool"]},
        },
        "signals": {"run_count": {**signal, "count": {"of": "runs_total"}}, "own": signal},
        "alerts": {"Own": alert, "Other": alert},
    }
    return {"services/s.yaml": service, "profiles/p.yaml": profile}


def test_text_is_nowhere_a_template_and_nowhere_code(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    compile_ = jinja2.Environment.compile

    def seen(self: jinja2.Environment, source: str, *arguments: object, **more: object) -> object:
        compiled.append(source)
        return compile_(self, source, *arguments, **more)  # type: ignore[call-overload] # whatever it takes

    monkeypatch.setattr(jinja2.Environment, "compile", seen)
    # No template is reused: neither from this process, nor from the directory of compiled ones.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    for environments in (modules._environment, pages._environment):  # noqa: SLF001
        environments.cache_clear()
        environments().bytecode_cache = None
    compilation = compile_specs(_specs())
    assert compilation.files, compilation.told
    everything = "".join(compilation.files.values())
    assert everything.count("0815") > 20
    assert [word for word in RAN if word in everything] == []
    ours = {path.read_text("utf-8").removesuffix("\n") for path in (ROOT / "generator").rglob("*.j2")}
    assert len(compiled) > 10
    assert {source.removesuffix("\n") for source in compiled} <= ours


def test_what_prometheus_would_fill_in_is_escaped_in_annotations() -> None:
    for rule in rules(compile_specs(_specs()).files):
        for text in rule.get("annotations", {}).values():
            assert "{{ ''" not in text
            assert "{{ 40" not in text


@pytest.mark.parametrize(
    "arguments", [("generate", "specs"), ("generate", "specs", "--check"), ("check", "specs")]
)
def test_compiling_asks_no_network_and_starts_no_process(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    write(_specs(), tmp_path / "specs")
    if "--check" in arguments:
        assert _watched(tmp_path, "generate", "specs").returncode == 0
    ended = _watched(tmp_path, *arguments)
    assert ended.returncode == 0, ended.stderr


def test_the_watch_sees_a_network(tmp_path: Path) -> None:
    write(_specs(), tmp_path / "specs")
    ended = _watched(tmp_path, "audit", "specs", "--exposition", "http://127.0.0.1:9/metrics")
    assert ended.returncode == FORBIDDEN
    assert "forbidden: socket." in ended.stderr


def test_the_lock_holds_hashes_and_no_address() -> None:
    lines = Path(ROOT / "requirements.lock").read_text("utf-8").replace("\\\n", " ").splitlines()
    pins = [line for line in lines if line.strip() and not line.startswith("#")]
    assert [line for line in pins if "--hash=sha256:" not in line or "==" not in line] == []
    assert [line for line in pins if "://" in line or " @ " in line] == []


def test_the_first_part_of_the_lock_is_what_the_compiler_needs() -> None:
    """``make generate`` installs no more of it."""
    first, _, rest = Path(ROOT / "requirements.lock").read_text("utf-8").partition("\n# ")
    project = tomllib.loads(Path(ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    waiting = {*project["dependencies"], *project["optional-dependencies"]["live"]}
    needed = set[str]()
    while waiting:
        requirement = Requirement(waiting.pop())
        name = canonicalize_name(requirement.name)
        if name not in needed and (not requirement.marker or requirement.marker.evaluate({"extra": ""})):
            needed.add(name)
            waiting |= set(distribution(name).requires or ())
    assert _pinned(first) == needed
    assert not needed & _pinned(rest)


def _pinned(lock: str) -> set[str]:
    return set(re.findall(r"^([a-z0-9-]+)(?:\[.*\])?==", lock, flags=re.MULTILINE))


def _watched(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.whole.watched", *arguments],
        cwd=directory,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
