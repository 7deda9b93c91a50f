"""Generated modules, imported as a service imports them."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from prometheus_client import CollectorRegistry

from generator.commands.compiling import checked as compiled_specs
from generator.instrumentation.modules import adapters, instrumentation

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from generator.model.service import Model, Service, Site

_Function = TypeVar("_Function", bound="Callable[..., object]")

ROOT = Path(__file__).parent.parent.parent
OUTPUT = ROOT / "output" / "instrumentation"


def compiled(specs: Path) -> Model:
    """The model of valid specs."""
    checked = compiled_specs(specs)
    assert checked.model is not None, checked.diagnostics
    return checked.model


@cache
def shipped() -> Model:
    """The model of our own specs."""
    return compiled(ROOT / "specs")


def service(name: str) -> Service:
    """One of our own services."""
    return next(one for one in shipped().services if one.name == name)


def assert_laid_out(path: Path) -> None:
    """Check a generated file by the project's linter and its layout."""
    for command in (["check", "--ignore", "INP001"], ["format", "--check"]):
        ruff = [
            sys.executable,
            "-m",
            "ruff",
            *command,
            "--config",
            str(ROOT / "pyproject.toml"),
            "--no-cache",
        ]
        done = subprocess.run([*ruff, str(path)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def imported(path: Path) -> ModuleType:
    """Import a file as a new module."""
    name = f"generated_{path.stem}_{len(sys.modules)}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def with_adapters(one: Service, site: Site, directory: Path) -> Path:
    """Write the module of a service and its adapters."""
    for artifact in (instrumentation(one, site), *adapters(one, site)):
        (directory / Path(artifact.path).name).write_text(artifact.text)
    return directory


def generated(model: Model, directory: Path) -> ModuleType:
    """Write and import the module of a model's only service."""
    artifact = instrumentation(model.services[0], model.site)
    path = directory / Path(artifact.path).name
    path.write_text(artifact.text)
    return imported(path)


@cache
def support() -> Any:  # noqa: ANN401 - a generated module has no type here
    """The module of support-agent, as it is shipped."""
    return imported(OUTPUT / "support_agent_metrics.py")


def fresh(**values: str) -> tuple[Any, CollectorRegistry]:
    """The metrics of support-agent in a registry of their own."""
    registry = CollectorRegistry()
    return support().SupportAgentMetrics(**{"release": "r1", **values}, registry=registry), registry


def value(registry: CollectorRegistry, name: str, **labels: str) -> float:
    """The value of one sample of release r1; -1 where it does not exist."""
    found = registry.get_sample_value(name, {"release": "r1", **labels})
    return -1 if found is None else found


def measured(block: Any) -> Callable[[_Function], _Function]:  # noqa: ANN401 - generated
    """Use a block as a decorator."""
    return cast("Callable[[_Function], _Function]", block)
