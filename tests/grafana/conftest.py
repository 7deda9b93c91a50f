"""The project's own specs and the dashboards that they compile to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.live.server import prometheus_server
from tests.grafana.day import live_through
from tests.grafana.documents import Json, documents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.live.api import PrometheusApi
    from generator.model.service import Model


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


@pytest.fixture(scope="session")
def server(prometheus: PrometheusApi) -> Iterator[PrometheusApi]:  # noqa: ARG001  (skips without one)
    """A server for services that are written by hand."""
    with prometheus_server() as found:
        yield found.api
