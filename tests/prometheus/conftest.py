"""The project's own specs as a model, and chains of the whole rule set against a real Prometheus."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

import pytest

from generator.resolve.model import resolve
from generator.spec.load import load
from tests.prometheus.chain import Chain, renamed

if TYPE_CHECKING:
    from generator.live.api import PrometheusApi
    from generator.model.service import Model, Service

_SPECS = Path(__file__).parents[2] / "specs"


class NewChain(Protocol):
    """Makes a chain for a service under a name that nobody else has."""

    def __call__(self, service: Service | None = None) -> Chain:
        """The project's support-agent is the default."""


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
    """The service that the article's examples are about."""
    return next(service for service in model.services if service.name == "support-agent")


@pytest.fixture(scope="session")
def chain(prometheus: PrometheusApi, model: Model, support: Service) -> NewChain:
    """A way to get a chain of one's own."""
    word, numbers = uuid4().hex[:8], count(1)

    def new(service: Service | None = None) -> Chain:
        return Chain(prometheus, renamed(service or support, f"s{word}-{next(numbers)}"), model.site)

    return new
