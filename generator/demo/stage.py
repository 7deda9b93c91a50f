"""Everything set up: agents, the Prometheus that watches them, the history behind them, and an Alertmanager."""

from __future__ import annotations

import importlib.util
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from generator.demo.boards import Boards, boards, dashboard_files
from generator.demo.pages import served
from generator.demo.work import Instance, Switches, Working, as_its_source, by_module
from generator.instrumentation.modules import instrumentation
from generator.instrumentation.view import class_name
from generator.live.errors import LiveError
from generator.live.evaluate import evaluate
from generator.live.remote_write import TimeSeries, write
from generator.live.server import (
    PrometheusServer,
    ServerConfig,
    alertmanager_server,
    find_alertmanager,
    prometheus_server,
)
from generator.model.units import duration
from generator.prometheus.alertmanager import alertmanager, routing
from generator.prometheus.files import rule_files, shared_files
from generator.prometheus.rule_set import RuleSet, rule_set
from generator.simulate.agents import agent
from generator.simulate.history import simulate
from generator.simulate.scenario import Life, Scenario, lives, ordinary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from generator.live.api import PrometheusApi
    from generator.model.service import Model, Service, Site

_NONE = Boards("", "none is wanted")


class StageOptions(Struct, frozen=True):
    """The set-up to make.

    Attributes:
        service: the service at work.
        model: the settings of all services.
        seconds: the length of the history.
        port: Prometheus's, 0 for any.
        grafana: whether a Grafana is started.
        timeout: the time limit in seconds for a server's start, and for each answer.
    """

    service: Service
    model: Model
    seconds: float
    port: int = 0
    grafana: bool = True
    timeout: float = 60.0


class Stage(Struct, frozen=True):
    """The running set-up.

    Attributes:
        prometheus: The Prometheus that watches the agents.
        alertmanager: Its address; empty where it is not installed.
        boards: Grafana, or the reason why there is none.
        dashboards: The address of the dashboards: Grafana's, else that of our own pages.
        instances: The addresses of the agents for scrapes.
        switches: The incidents.
    """

    prometheus: PrometheusApi
    alertmanager: str
    boards: Boards
    dashboards: str
    instances: tuple[str, ...]
    switches: Switches


@contextmanager
def open_stage(wanted: StageOptions, progress: Callable[[str, int, int], None]) -> Iterator[Stage]:
    """Set everything up, and take it all down when the block ends, however it does.

    Raises:
        LiveError: there is no Prometheus, or a server does not start.
    """
    service = wanted.service
    site = wanted.model.site.of(service)
    rules = rule_set([service], wanted.model.library, site)
    with ExitStack() as opened:
        directory = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="agent-metrics-demo-")))
        prometheus = opened.enter_context(prometheus_server(port=wanted.port, timeout=wanted.timeout))
        seen = (
            boards(service, rules, site, prometheus.api.url, opened, progress, wanted.timeout)
            if wanted.grafana
            else _NONE
        )
        scenario = before(wanted, time.time())
        switches = Switches(service, survivors(scenario)[0].release)
        instances = _agents(wanted, scenario, switches, directory, opened)
        alertmanager = _alertmanager(wanted, opened)
        config = ServerConfig(
            scrape_configs=(_scraped(service, instances),),
            scrape_interval=duration(site.scrape_interval),
            alertmanagers=(alertmanager.removeprefix("http://"),) if alertmanager else (),
        )
        prometheus.load(config)
        _remember(prometheus, wanted, rules, scenario, progress)
        drawn = (each.text for each in dashboard_files(service, rules, site))
        shown = seen.url or opened.enter_context(served(prometheus.api, service.name, drawn))
        # Alerts link to the dashboards of the demo.
        here = replace(site, grafana_url=shown)
        prometheus.load(_with_rules(config, wanted, here, directory))
        addresses = tuple(one.address for one in instances)
        yield Stage(prometheus.api, alertmanager, seen, shown, addresses, switches)


def _agents(
    wanted: StageOptions, scenario: Scenario, switches: Switches, directory: Path, opened: ExitStack
) -> tuple[Instance, ...]:
    """Start the instances that live at the end of the history, and let them work."""
    service, site = wanted.service, wanted.model.site.of(wanted.service)
    measured = (
        by_module(opened.enter_context(_imported(service, site, directory)))
        if service.emitted_here
        else as_its_source(service)
    )
    instances = tuple(
        opened.enter_context(Instance(life.instance, measured, lambda: switches.now().hidden))
        for life in survivors(scenario)
    )
    opened.enter_context(Working(agent(service, scenario.seed), scenario.traffic, instances, switches))
    return instances


def before(wanted: StageOptions, now: float) -> Scenario:
    """Describe the history up to now.

    No instance crashes in it, or one might be down at its end. Traffic is the same at all hours, so that an alert takes
    equally long at night and by day.
    """
    usual = ordinary(wanted.service, now - wanted.seconds, now)
    return replace(usual, mean_life=None, traffic=replace(usual.traffic, swing=0, weekend=1, hours=None))


def survivors(scenario: Scenario) -> list[Life]:
    """List the instances that live at the end of the history: they go on."""
    return [life for life in lives(scenario) if life.died >= scenario.end]


def _alertmanager(wanted: StageOptions, opened: ExitStack) -> str:
    try:
        find_alertmanager()
    except LiveError:
        return ""
    config = alertmanager([routing(wanted.service)]).text
    return opened.enter_context(alertmanager_server(config, timeout=wanted.timeout)).url


def _scraped(service: Service, instances: Iterable[Instance]) -> dict[str, object]:
    """Scrape with the labels of the history, so that both are the same series."""
    others = {name: value for name, value in service.selector.items() if name != "job"}
    return {
        "job_name": service.selector.get("job", service.name),
        "static_configs": [
            {"targets": [one.address], "labels": {**others, "instance": one.name}} for one in instances
        ],
    }


def _remember(
    server: PrometheusServer,
    wanted: StageOptions,
    rules: RuleSet,
    scenario: Scenario,
    progress: Callable[[str, int, int], None],
) -> None:
    """Write the history and the records of its rules, up to now: that takes a while, in which agents go on."""
    history = simulate(wanted.service, wanted.model.site, scenario)
    write(server.api, _watched(history.series, len(history.truth.lives), progress))
    start, end = scenario.start, time.time()
    evaluate(
        server.api,
        rules.groups,
        start,
        end,
        progress=lambda _, done, whole: progress("recording its signals", done, whole),
    )
    evaluate(server.api, rules.groups, end, time.time())


def _watched(
    series: Iterable[TimeSeries], lived: int, progress: Callable[[str, int, int], None]
) -> Iterator[TimeSeries]:
    seen: set[str] = set()
    for one in series:
        seen.add(one.labels["instance"])
        progress("inventing a history", min(len(seen), lived) - 1, lived)
        yield one


def _with_rules(config: ServerConfig, wanted: StageOptions, site: Site, directory: Path) -> ServerConfig:
    """Make the server read all rules of the service, the shared ones and its own, as files."""
    rules = rule_set([wanted.service], wanted.model.library, site)
    paths = []
    for artifact in (*shared_files(rules.shared, site), *rule_files(wanted.service, rules.own[0], site)):
        paths.append(directory / artifact.path.rpartition("/")[2])
        paths[-1].write_text(artifact.text, encoding="utf-8")
    return replace(config, rule_files=tuple(paths))


@contextmanager
def _imported(service: Service, site: Site, directory: Path) -> Iterator[type[Any]]:
    """Write the module into a directory and yield its class, as long as the block lasts."""
    artifact = instrumentation(service, site)
    path = directory / artifact.path.rpartition("/")[2]
    path.write_text(artifact.text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None  # noqa: S101 - a file that ends in .py has one
    assert spec.loader is not None  # noqa: S101
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
        yield getattr(module, f"{class_name(service.name)}Metrics")
    finally:
        sys.modules.pop(path.stem, None)
