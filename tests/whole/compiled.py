"""A directory of specs, compiled."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from hypothesis import HealthCheck, Phase, settings
from msgspec import Struct

from generator.compiler import check
from generator.diagnostics import Severity
from generator.diagnostics.text import render_text
from generator.emit import emit_dashboards, emit_fleet, emit_module, emit_service, entry_of
from generator.grafana.records import recording, records_of
from generator.spec.sources import read_sources
from tests.whole.writing import write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from random import Random

    from generator.artifact import Artifact
    from generator.checks.facts import ServiceFacts
    from generator.model.service import Model, Service
    from tests.whole.specs import Directory

unhurried = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
"""How long an example takes depends on the machine, and no test on that; shrinking whole specs takes minutes."""


class Compilation(Struct, frozen=True):
    """What the compiler said and made: ``codes`` of errors, and files by path, none where a spec is at fault."""

    told: str
    codes: tuple[str, ...]
    model: Model | None
    files: dict[str, str]

    @property
    def services(self) -> tuple[Service, ...]:
        """What was meant, none where a spec is at fault."""
        return self.model.services if self.model else ()


def compile_specs(files: Directory, order: Random | None = None) -> Compilation:
    """Write ``files`` into a directory and compile it."""
    with tempfile.TemporaryDirectory() as name:
        checked = check(read_sources(write(files, Path(name), order)))
    codes = tuple(found.code for found in checked.diagnostics if found.severity is Severity.ERROR)
    told = render_text(checked.diagnostics, checked.texts)
    if checked.failed or checked.model is None:
        return Compilation(told, codes, None, {})
    artifacts = _emitted(checked.model, checked.facts)
    return Compilation(told, codes, checked.model, {artifact.path: artifact.text for artifact in artifacts})


def _emitted(model: Model, facts: Sequence[ServiceFacts]) -> list[Artifact]:
    """Everything that ``output/`` will hold."""
    site = model.site
    each = [artifact for one in facts for artifact in emit_service(one, site)]
    each += [artifact for one in facts for artifact in emit_module(one.service, site)]
    boards = emit_dashboards(records_of(map(recording, model.services), site), site)
    return [*each, *boards, *emit_fleet([entry_of(one, site) for one in facts], site)]


def rules(files: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Every rule of the rule files, as Prometheus reads it."""
    for path, text in files.items():
        if path.endswith((".rules.yml", ".alerts.yml")):
            for group in yaml.load(text, yaml.CSafeLoader)["groups"]:
                yield from group["rules"]
