"""The project's own services, to be simulated."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from generator.resolve.model import resolve
from generator.spec.load import load

if TYPE_CHECKING:
    from generator.model.service import Model, Service

_SPECS = Path(__file__).parents[2] / "specs"


@pytest.fixture(scope="session")
def model() -> Model:
    """The project's own specs, resolved."""
    specs = load(_SPECS).specs
    assert specs is not None
    resolved = resolve(specs).value
    assert resolved is not None
    return resolved


@pytest.fixture(scope="session")
def support(model: Model) -> Service:
    """A service that promises traffic and has a budget."""
    return next(service for service in model.services if service.name == "support-agent")


@pytest.fixture(scope="session")
def research(model: Model) -> Service:
    """A service that accepts its profile's defaults."""
    return next(service for service in model.services if service.name == "research-agent")
