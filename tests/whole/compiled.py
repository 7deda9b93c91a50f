"""A directory of specs, compiled."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from hypothesis import HealthCheck, Phase, settings
from msgspec import Struct

from generator.artifact import Artifact
from generator.compiler import check, generate
from generator.diagnostics import Severity
from generator.diagnostics.formats import render_text
from generator.model import names
from generator.spec.sources import read_sources
from tests.whole.writing import write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from generator.model.service import Model, Service
    from tests.whole.specs import Directory

unhurried = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
"""The time of an example depends on the machine, so no test depends on it; shrinking whole specs takes minutes."""


class CompilerOutput(Struct, frozen=True):
    """The compiler's output: ``codes`` of errors, and files by path, none where a spec has errors."""

    told: str
    codes: tuple[str, ...]
    model: Model | None
    files: dict[str, str]

    @property
    def services(self) -> tuple[Service, ...]:
        """The resolved services, none where a spec has errors."""
        return self.model.services if self.model else ()


def compile_specs(files: Directory, order: Random | None = None) -> CompilerOutput:
    """Write ``files`` into a directory and compile it."""
    with tempfile.TemporaryDirectory() as name:
        sources = read_sources(write(files, Path(name), order))
        checked = check(sources)
    codes = tuple(found.code for found in checked.diagnostics if found.severity is Severity.ERROR)
    told = render_text(checked.diagnostics, checked.texts)
    if checked.failed or checked.model is None:
        return CompilerOutput(told, codes, None, {})
    made = {file.path: file.text for file in generate(sources).files if isinstance(file, Artifact)}
    return CompilerOutput(told, codes, checked.model, made)


def written_twice(compilation: CompilerOutput) -> set[str]:
    """Find the records that shared rules and a service's own rules both write.

    Each of those of error budgets and of the status board is about one signal; those about the order of releases are
    about other runs.
    """
    own = {names.rules_path(service.name) for service in compilation.services}
    folder = names.rules_path("").rpartition("/")[0]
    found: dict[bool, set[str]] = {True: set(), False: set()}
    for path, text in compilation.files.items():
        if path.startswith(folder):
            found[path in own].update(rule["record"] for rule in rules({path: text}))
    return (found[True] & found[False]) - names.BY_SIGNAL - names.OF_RELEASES


def rules(files: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Every rule of the rule files, as Prometheus reads it."""
    for path, text in files.items():
        if path.endswith((".rules.yml", ".alerts.yml")):
            for group in yaml.load(text, yaml.CSafeLoader)["groups"]:
                yield from group["rules"]
