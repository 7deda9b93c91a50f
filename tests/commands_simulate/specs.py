"""The project's own specs, resolved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from generator.resolve.model import resolve
from generator.spec.load import load

if TYPE_CHECKING:
    from generator.model.service import Service


def own_service() -> Service:
    """Return the first service of the project."""
    specs = load(Path(__file__).parents[2] / "specs").specs
    assert specs is not None
    model = resolve(specs).value
    assert model is not None
    return model.services[0]
