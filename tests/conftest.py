"""A real Prometheus for every test that needs one, and fake servers."""

from __future__ import annotations

import gc
import os
import signal
import socket
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

from generator.live.server import find_prometheus, prometheus_server
from tests.http_servers import Handler, served
from tests.models import SPECS, model_of
from tests.programs import needed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from xdist.remote import Producer

    from generator.live.api import PrometheusApi
    from generator.live.server import PrometheusServer
    from generator.model.service import Model, Service

# A busy machine is no fault of the code.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

_GRAFANA = "tests/grafana/"
_FIXTURES = {"prometheus", "fresh_prometheus"}

# Prometheus is short-lived here: a garbage collector that runs less often leaves more time for the tests. So does a
# server on one processor, since others need the rest: its threads spend a seventh of its work on looking for some.
os.environ.setdefault("GOGC", "400")
os.environ.setdefault("GOMAXPROCS", "1")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts background processes with SIGINT ignored, and so would be all processes that tests start.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)  # before -m reads the markers
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that use the fixtures below, even indirectly; run the longest ones first, or all wait for them."""
    for item in items:
        if _FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("prometheus")
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_collection_finish() -> None:
    """Leave what was imported and collected out of the garbage collector's searches: they are a tenth of all work."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(2_000_000, 5, 5)


@pytest.hookimpl(trylast=True)  # after pytest itself has searched for what was left open
def pytest_unconfigure() -> None:
    """Leave all that the tests made to the end of the process: Python would search it three times more."""
    gc.freeze()


def pytest_xdist_auto_num_workers() -> int:
    """Use more processes than processors, for work while others wait."""
    return (os.cpu_count() or 1) + 3


class _Scheduling(LoadFileScheduling):
    """The tests of a file run in one process, and all of ``tests/grafana``: a simulated day takes a minute to make."""

    def _split_scope(self, nodeid: str) -> str:
        path = super()._split_scope(nodeid)
        return _GRAFANA if path.startswith(_GRAFANA) else path


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    """Share the tests out among processes."""
    return _Scheduling(config, log)


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Do not touch the user's cache."""
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def prometheus() -> Iterator[PrometheusApi]:
    """A server that all tests share: distinguish your series from the others' by ``unique``."""
    with _started() as server:
        yield server.api


@pytest.fixture
def fresh_prometheus() -> Iterator[PrometheusServer]:
    """An empty server for one test, for reading all series or loading rules."""
    with _started() as server:
        yield server


@pytest.fixture(scope="session")
def model() -> Model:
    """The project's own specs, resolved."""
    return model_of(SPECS)


@pytest.fixture(scope="session")
def support(model: Model) -> Service:
    """A service that bounds all its labels, promises traffic and has a budget."""
    return next(service for service in model.services if service.name == "support-agent")


@pytest.fixture(scope="session")
def research(model: Model) -> Service:
    """A service that accepts its profile's defaults."""
    return next(service for service in model.services if service.name == "research-agent")


@pytest.fixture
def answering_never() -> Iterator[str]:
    """A server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def unique() -> str:
    """A word that no other test has; it can be a label value or a part of a metric's name."""
    return f"t{uuid4().hex[:12]}"


@pytest.fixture
def answering() -> Iterator[Callable[..., str]]:
    """Start a server with the same answer to every request: ``(status, body)`` to its address.

    ``promised`` is the length that it announces, where that is not the body's; ``headers`` are sent besides.
    """
    with ExitStack() as stack:

        def start(
            status: int, body: bytes, promised: int | None = None, headers: Mapping[str, str] | None = None
        ) -> str:
            sent = {"Content-Length": str(promised or len(body)), **(headers or {})}

            class SameAnswer(Handler):
                def handle_body(self, _: bytes) -> None:
                    self.answer(status, body, sent)

            return stack.enter_context(served(SameAnswer))

        yield start


@contextmanager
def _started() -> Iterator[PrometheusServer]:
    needed(find_prometheus)
    with prometheus_server() as server:
        yield server
