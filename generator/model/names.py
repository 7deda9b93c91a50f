"""Every name that the compiler makes up, spelled once.

Recorded series are named ``level:metric:operations``. The level is ``service`` for the whole service, else the
labels that are kept, in alphabetical order. Raw passes are named after their metric, signals ``agent_<signal>``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from generator.model.units import duration

if TYPE_CHECKING:
    from generator.model.metrics import Metric
    from generator.model.signals import Signal

#: The label that every recorded series and alert carries.
SERVICE = "service"
#: The label that names a signal on the series that all signals share.
SIGNAL = "signal"
#: The label that turns over with deployments, and by which releases are compared.
RELEASE = "release"
#: The bucket label of histograms.
LE = "le"
#: On the status board, the value of a signal's ``worst_by`` label that speaks for the service.
WORST = "worst"
#: On the status board, over what a trend is taken: ``in 1h``, ``after release``.
OVER = "over"
#: On the status board, the unit of a row.
UNIT = "unit"

BOARD_CURRENT = "service:agent_signal:current"
BOARD_TREND = "service:agent_signal:trend"
BOARD_STATUS = "service:agent_signal:status"

#: The counter, and its label, of values that generated instrumentation turned into ``other``.
OUTSIDE = "agent_label_value_outside_total"
OUTSIDE_LABEL = "label"

#: The counter of LLM steps whose tokens are missing or not understood, where a profile declares it.
UNREAD = "agent_llm_usage_unread_total"

FIRST_SEEN = "release:agent_first_seen:seconds"
NEWEST = "release:agent_newest:seconds"
PREVIOUS = "release:agent_previous:seconds"

DASHBOARDS = {
    "fleet": "agent-fleet",
    "overview": "agent-overview",
    "runs": "agent-runs",
    "tools": "agent-tools",
    "cost": "agent-cost",
    "stop_reasons": "agent-stop-reasons",
    "releases": "agent-releases",
}

#: The tag by which generated dashboards are told from others.
GRAFANA_TAG = "agent-metrics"
#: The folder of the dashboards, for Grafana and for people.
GRAFANA_FOLDER_UID = "agent-metrics"
GRAFANA_FOLDER = "Agent metrics"

#: Path of the example for Alertmanager.
ALERTMANAGER_PATH = "prometheus/alertmanager.yml"

#: Which dashboard tells more about a signal, by the layer that the profile puts it in.
DASHBOARD_OF_LAYER = {
    "run": "agent-runs",
    "tools": "agent-tools",
    "cost": "agent-cost",
    "stop_reasons": "agent-stop-reasons",
}


def dashboard_of(signal: Signal) -> str:
    """Name the dashboard that tells more about a signal."""
    return DASHBOARD_OF_LAYER[signal.layer]


@lru_cache(maxsize=1024)
def level(labels: tuple[str, ...]) -> str:
    """Name the level that keeps ``labels``."""
    return "_".join(sorted(labels)) or SERVICE


def base(metric: Metric) -> str:
    """Name a metric inside a recorded name, where ``_total`` would promise a counter."""
    return metric.name.removesuffix("_total")


def rate(labels: tuple[str, ...], stem: str) -> str:
    """Name the raw pass of a metric: events per second of one rule interval."""
    return f"{level(labels)}:{stem}:rate"


def increase(labels: tuple[str, ...], stem: str, window: int) -> str:
    """Name the events of a window of ``window`` seconds."""
    return f"{level(labels)}:{stem}:increase{duration(window)}"


def price(model: str, token_type: str) -> str:
    """Name the price constants."""
    return f"{level((model, token_type))}:agent_price:usd"


def value(signal: Signal, labels: tuple[str, ...] = ()) -> str:
    """Name a signal's value, in base units."""
    return part(signal, str(signal.unit), labels)


def numerator(signal: Signal, labels: tuple[str, ...] = ()) -> str:
    """Name what a signal's value divides, over its window."""
    return part(signal, "numerator", labels)


def denominator(signal: Signal, labels: tuple[str, ...] = ()) -> str:
    """Name what a signal's value divides by, over its window."""
    return part(signal, "denominator", labels)


def part(signal: Signal, operation: str, labels: tuple[str, ...] = ()) -> str:
    """Name any other recorded series of a signal."""
    return f"{level(labels)}:agent_{signal.name}:{operation}"


def windowed(signal: Signal, operation: str, window: int) -> str:
    """Name a series of the whole service over a window of its own, such as ``error_ratio1h``."""
    return part(signal, f"{operation}{duration(window)}")


def rules_path(service: str) -> str:
    """Path of a service's recording rules."""
    return f"prometheus/rules/{service}.rules.yml"


def alerts_path(service: str) -> str:
    """Path of a service's alerting rules."""
    return f"prometheus/alerts/{service}.alerts.yml"


def tests_path(service: str) -> str:
    """Path of the unit tests of a service's alerts."""
    return f"prometheus/tests/{service}.test.yml"


def dashboard_path(uid: str) -> str:
    """Path of a dashboard."""
    return f"grafana/dashboards/{uid}.json"


def instrumentation_path(service: str) -> str:
    """Path of the Python module that a service imports."""
    return f"instrumentation/{service.replace('-', '_')}_metrics.py"


def adapter_path(service: str, framework: str) -> str:
    """Path of the Python file that measures a framework with a service's module."""
    return f"instrumentation/{service.replace('-', '_')}_{framework}.py"


def runbook_path(alert: str) -> str:
    """Path of an alert's runbook."""
    return f"runbooks/{alert}.md"
