"""Jsonnet as a peer: its Python packages in a separate environment, and a typical mixin."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from string import Template

from tests.bench.process import CACHE

#: The packages by the modules that they install.
_PEERS = {"rjsonnet": "rjsonnet==0.5.6", "_gojsonnet": "gojsonnet==0.22.0"}
_ENVIRONMENT = CACHE / "peers"
_PYTHON = _ENVIRONMENT / "bin" / "python"
_MIXIN = Path(__file__).with_name("mixin.jsonnet")


def installed() -> tuple[str, ...]:
    """Name the available peers, after installing them where that is possible."""
    if not _PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", str(_ENVIRONMENT)], check=True)
    return tuple(name for name, package in _PEERS.items() if _imports(name) or _install(package))


def missing(peers: tuple[str, ...]) -> tuple[str, ...]:
    """Name the missing comparisons."""
    return tuple(
        f"{name.strip('_')} could not be installed: left out" for name in _PEERS if name not in peers
    )


def command(name: str, mixin: Path) -> tuple[str, ...]:
    """Compile ``mixin`` by a program that does nothing else."""
    program = f"import {name}, sys; sys.stdout.write({name}.evaluate_file(sys.argv[1]))"
    return str(_PYTHON), "-c", program, str(mixin)


def write(path: Path, rules: int, panels: int) -> Path:
    """Write a mixin with as many rules and panels as ours."""
    text = Template(_MIXIN.read_text(encoding="utf-8"))
    path.write_text(text.substitute(rules=rules, panels=panels), encoding="utf-8")
    return path


def _imports(name: str) -> bool:
    return not subprocess.run(
        [str(_PYTHON), "-c", f"import {name}"], capture_output=True, check=False
    ).returncode


def _install(package: str) -> bool:
    """Install a wheel; building one would need compilers."""
    pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:", package)
    return not subprocess.run([str(_PYTHON), *pip], capture_output=True, check=False).returncode
