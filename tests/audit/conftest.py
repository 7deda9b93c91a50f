"""The project's own specs, and a registry that exposes their metrics."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from generator.resolve.model import resolve
from generator.spec.load import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.service import Model, Service

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def model() -> Model:
    """The project's own specs, resolved."""
    specs = load(ROOT / "specs").specs
    assert specs is not None
    resolved = resolve(specs).value
    assert resolved is not None
    return resolved


@pytest.fixture(scope="session")
def support(model: Model) -> Service:
    """A service that sets bounds for every label that its profile leaves open."""
    return next(service for service in model.services if service.name == "support-agent")


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch) -> Model:
    """The small specs of the cases, with the same paths on every machine."""
    monkeypatch.chdir(Path(__file__).parent)
    specs = load(Path("specs")).specs
    assert specs is not None
    resolved = resolve(specs).value
    assert resolved is not None
    return resolved


@pytest.fixture
def answering_never() -> Iterator[str]:
    """A server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
