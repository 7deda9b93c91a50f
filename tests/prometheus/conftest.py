"""The project's own specs as a model, and chains of the whole rule set against a real Prometheus."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

import pytest

from generator.live.server import prometheus_server
from tests.prometheus.chain import Chain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.service import Model, Service


class NewChain(Protocol):
    """Makes a chain for a service."""

    def __call__(self, service: Service | None = None) -> Chain:
        """The project's support-agent is the default."""


@pytest.fixture(scope="module")
def chain(prometheus: object, model: Model, support: Service) -> Iterator[NewChain]:  # noqa: ARG001
    """A way to get a separate chain, on its own server."""
    with ExitStack() as servers:

        def new(service: Service | None = None) -> Chain:
            server = servers.enter_context(prometheus_server())
            return Chain(server.api, service or support, model.library, model.site)

        yield new
