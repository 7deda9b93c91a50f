"""The project's own specs and the dashboards that they compile to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from generator.live.server import prometheus_server
from generator.resolve.model import resolve
from generator.spec.load import load
from tests.grafana.day import live_through
from tests.grafana.documents import Json, documents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.live.api import PrometheusApi
    from generator.model.service import Model

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
def boards(model: Model) -> dict[str, Json]:
    """The dashboards by uid; a test that changes one must make a copy."""
    return documents(model)


@pytest.fixture(scope="session")
def day(prometheus: PrometheusApi, model: Model) -> Iterator[PrometheusApi]:  # noqa: ARG001  (skips without one)
    """A simulated day on its own server, since some dashboards show all services; tests only read it."""
    with prometheus_server() as server:
        live_through(server.api, model)
        yield server.api
