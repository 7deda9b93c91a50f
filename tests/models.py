"""Whole directories of specs as models, without the compiler's memory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.diagnostics import Result, has_errors
from generator.model.service import Model
from generator.resolve.model import check_between, resolve_common, resolve_one
from generator.spec.load import load

if TYPE_CHECKING:
    from generator.model.service import Service
    from generator.spec.types import Specs

#: The project's own specs.
SPECS = Path(__file__).resolve().parents[1] / "specs"


def model_of(directory: Path) -> Model:
    """Resolve specs without errors."""
    loaded = load(directory)
    assert loaded.specs is not None, loaded.diagnostics
    assert not has_errors(loaded.diagnostics), loaded.diagnostics
    resolved = resolve(loaded.specs)
    assert resolved.value is not None, resolved.diagnostics
    return resolved.value


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
