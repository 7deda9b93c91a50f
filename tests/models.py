"""Whole directories of specs, as files and as models, without the compiler's memory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.diagnostics import Result, has_errors
from generator.model.service import Model
from generator.resolve.model import check_between, resolve_common, resolve_one
from generator.spec.load import load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.model.service import Service
    from generator.spec.types import Specs

#: The project's own specs.
SPECS = Path(__file__).resolve().parents[1] / "specs"


def written(directory: Path, files: Mapping[str, str]) -> Path:
    """Write files by their paths below ``directory``."""
    for path, text in files.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text, encoding="utf-8")
    return directory


def model_of(directory: Path) -> Model:
    """Resolve specs without errors."""
    loaded = load(directory)
    assert loaded.specs is not None, loaded.diagnostics
    assert not has_errors(loaded.diagnostics), loaded.diagnostics
    resolved = resolve(loaded.specs)
    assert resolved.value is not None, resolved.diagnostics
    return resolved.value


def model_with(directory: Path, profile: str, more: str, name: str = "mine") -> Model:
    """Resolve the spec of a service with a shipped profile, of which ``more`` is the rest."""
    text = f"service: {name}\nprofile: {profile}\nowner: team\nselector: {{job: {name}}}\n{more}\n"
    return model_of(written(directory, {f"services/{name}.yaml": text}))


def resolve(specs: Specs) -> Result[Model]:
    """Resolve everything; each service's findings are complete even when others have errors."""
    common, found = resolve_common(specs.shared)
    services = sorted(specs.services, key=lambda spec: spec.service.value)
    resolved = [resolve_one(spec, common) for spec in services]
    findings = tuple(one for each in resolved for one in each.diagnostics)
    between = check_between((spec.claims for spec in specs.services), common)
    model = Model(
        common.site, common.base.library, tuple(each.value for each in resolved if each.value is not None)
    )
    return Result.of(model, (*found, *between, *findings))


def renamed(service: Service, name: str) -> Service:
    """Rename a service, and the job of its raw series."""
    return replace(service, name=name, selector={"job": name})
