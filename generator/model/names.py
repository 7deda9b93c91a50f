"""Every name that the compiler makes up, spelled once.

Recorded series are named ``level:metric:operations``. The level is ``service`` for the whole service, else the labels
that are kept, in alphabetical order. The raw pass records ``stream:agent_<stream>:rate``; signals are named
``agent_<signal>``. Constants of services are ``service:agent_...``, those of profiles ``profile:agent_...``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, assert_never

from generator.model.signals import (
    Cost,
    Count,
    Distribution,
    Level,
    Quantile,
    Ratio,
    Share,
    Signal,
    Tokens,
    divisor,
    numerator_stream,
)
from generator.model.streams import Stream
from generator.model.units import duration

if TYPE_CHECKING:
    from collections.abc import Collection

#: The label that every recorded series and alert carries.
SERVICE = "service"
#: The label that names a signal on the series that all signals share.
SIGNAL = "signal"
#: The label that changes with deployments; releases are compared by it.
RELEASE = "release"
#: The bucket label of histograms.
LE = "le"
#: On the status board, the value of a signal's ``worst_by`` label that speaks for the service.
WORST = "worst"
#: On the status board, the time span of a trend: ``in 1h``, ``after release``.
OVER = "over"
#: On the status board, the unit of a row.
UNIT = "unit"
#: The units of trends besides those of signals.
RELATIVE, POINTS = "relative", "points"
#: On the status board, the title of a signal of the service's own; the dashboards have the titles of all others.
TITLE = "title"

BOARD_CURRENT = "service:agent_signal:current"
BOARD_TREND = "service:agent_signal:trend"
BOARD_STATUS = "service:agent_signal:status"
#: The worst status of a service.
BOARD_WORST = "service:agent_board:status"
#: Unix seconds since which an alert of a signal is true; no series while none is.
BOARD_SINCE = "service:agent_signal:since"
#: The board's row for alerts about data and rules: not a signal, but listed among them.
INSTRUMENTATION = "instrumentation"

#: A name in the form that Prometheus had before version 3.
_CLASSIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_CLASSIC_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
#: The form of the records that rules about all services read.
_SHARED_RECORD = re.compile(r"[a-z0-9_]+:agent_[a-z0-9_]+(:[a-z0-9_]+)?")
#: The longest name of an alert that linters let pass.
LONGEST_ALERT_NAME = 40
#: Prometheus's own series of alerts: the state of each, and the time (Unix seconds) since which it is true.
ALERTS, ALERTS_FOR_STATE = "ALERTS", "ALERTS_FOR_STATE"

#: The counter, and its label, of values that generated instrumentation turned into ``other``.
OUTSIDE = "agent_label_value_outside_total"
OUTSIDE_LABEL = "label"

#: Begins the names of signals in records; before it, of a service's own signal that has the name of a shared one.
#: Before the name of a metric that has the name of a stream or a signal.
_SIGNAL, _OWN, _METRIC = "agent_", "own_", "metric_"

#: Of each target of OpenTelemetry, the attributes of its resource.
TARGET_INFO = "target_info"

#: Error budgets: events by day, over the whole window and while they count; for the whole window, the part that is
#: spent, allowed and left, and the time that the rest lasts. The calendar has the start of each day by its date.
CALENDAR = "day:agent_calendar:start"
CALENDAR_LATEST = "day:agent_calendar:latest"
BUDGET_LATEST = "day:agent_error_budget:latest_events"
BUDGET_DAYS = "day:agent_error_budget:events"
BUDGET_SPENT = "service:agent_error_budget:spent_events"
BUDGET_ALLOWED = "service:agent_error_budget:allowed_events"
BUDGET_LEFT = "service:agent_error_budget:remaining"
BUDGET_SECONDS_LEFT = "service:agent_error_budget:seconds_left"
#: All series of budgets except the calendar.
OF_BUDGETS = frozenset(
    {BUDGET_LATEST, BUDGET_DAYS, BUDGET_SPENT, BUDGET_ALLOWED, BUDGET_LEFT, BUDGET_SECONDS_LEFT}
)
#: The series that all signals share and that the label ``signal`` distinguishes: recorded by shared rules and by a
#: service's own.
BY_SIGNAL = OF_BUDGETS | {BOARD_CURRENT, BOARD_TREND}

FIRST_SEEN = "release:agent_first_seen:seconds"
NEWEST = "release:agent_newest:seconds"
PREVIOUS = "release:agent_previous:seconds"
#: The newest release once it is as old as its runs are long.
SETTLED = "release:agent_settled:seconds"
#: Which part of the runs a release has now, over a day, and which one the next release would take over from.
SHARE = "release:agent_share:ratio"
CARRIED = "release:agent_share:sum1d"
CANDIDATE = "release:agent_candidate:seconds"
PREDECESSOR = "release:agent_predecessor:seconds"
#: Releases without a run within an hour in which others have many, and those without one since.
LEFT = "release:agent_left:runs"
DESERTED = "release:agent_deserted:runs"
#: The recorded series that are about the order of releases.
OF_RELEASES = frozenset(
    {FIRST_SEEN, NEWEST, PREVIOUS, SETTLED, SHARE, CARRIED, CANDIDATE, PREDECESSOR, LEFT, DESERTED}
)
#: The cost of calls as the source reports it, in the raw pass of services with such a source.
REPORTED_COST = "stream:agent_cost:rate"
#: How long a service's runs last.
RUN_LENGTH = "service:agent_run_length:seconds"
#: Series that are named like a signal's records but belong to no signal.
MADE_UP = OF_RELEASES | OF_BUDGETS | {RUN_LENGTH, CALENDAR, CALENDAR_LATEST}

#: Constants of a service: its identity, its promises, and its changes to the defaults.
INFO = "service:agent_info"
#: Its label for the word for a run.
RUN_WORD = "run"
#: The variable of dashboards that has it as a title begins.
RUN_TITLE = "run_title"
OBJECTIVE = "service:agent_objective:value"
OBJECTIVE_WINDOW = "service:agent_objective:window"
TRAFFIC = "service:agent_traffic:min_runs_per_hour"
#: Of a service that promises traffic in certain hours: 1 within them, else 0.
HOURS = "service:agent_traffic:hours"
#: Where these hours are by clocks that change: the seconds that the clocks add to UTC.
CLOCK = "service:agent_traffic:clock"
LABEL_VALUE = "service:agent_label:value"
LABEL_MAX = "service:agent_label:max_live"
OVERRIDE = "service:agent_alert:override"
VARIANT = "service:agent_alert:variant"
LINK = "service:agent_link:info"
#: Constants of profiles: which metric feeds a stream, whose code it is, and which values a label has.
PROFILE_STREAM = "profile:agent_stream:info"
#: Its label, of metrics that other code exposes, and the value.
EMITTED, ELSEWHERE = "emitted", "elsewhere"
PROFILE_LABEL_VALUE = "profile:agent_label:value"
PROFILE_WITHIN = "profile:agent_price:within"
PROFILE_LABEL_MAX = "profile:agent_label:max_live"
#: Shared records that resolve the constants: one series a service, whatever its file contains.
KNOWN = "service:agent_known:info"
#: 1 while hours of a promise have lasted for long enough that runs are missed, else 0; none where it is for any hour.
DUE = "service:agent_traffic:due"
BOUND = "service:agent_alert:bound"
#: The bound of an alert's mildest tier, the base of the test for chance; no part of the others, which it reads.
MILDEST = "service:agent_alert:mildest_bound"
#: List prices, and which token types a price list counts inside others.
PRICE = "model_token_type:agent_price:usd"
PRICE_WITHIN = "model_token_type:agent_price:within"
#: Records that are about no service; all others carry the label ``service``.
OF_NO_SERVICE = frozenset(
    {
        PROFILE_STREAM,
        PROFILE_LABEL_VALUE,
        PROFILE_LABEL_MAX,
        PROFILE_WITHIN,
        PRICE,
        PRICE_WITHIN,
        CALENDAR,
        CALENDAR_LATEST,
    }
)
#: Prometheus's own counts of failed and missed evaluations of rules, and their label.
RULE_FAILURES = "prometheus_rule_evaluation_failures_total"
RULE_MISSES = "prometheus_rule_group_iterations_missed_total"
RULE_GROUP = "rule_group"
#: The number of a target's series, as Prometheus counts them at each scrape.
SCRAPED_SAMPLES = "scrape_samples_post_metric_relabeling"
#: The series that Prometheus itself makes for each target, independent of its metrics.
OF_TARGETS = (
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    SCRAPED_SAMPLES,
    "scrape_series_added",
)
#: Series of a service's targets, as Prometheus counts them at each scrape.
SCRAPED = "service:agent_scraped:series"

ALERT = "alert"
SEVERITY = "severity"
PART = "part"
#: The label for dates; the set of its values has this name as well.
DAY = "day"
VARIANT_LABEL = "variant"
OWNER = "owner"
ENVIRONMENT = "environment"
PROFILE = "profile"
STREAM = "stream"
METRIC = "metric"
LABEL = "label"
WORDS = "words"

DASHBOARDS = {
    "fleet": "agent-fleet",
    "overview": "agent-overview",
    "runs": "agent-runs",
    "tools": "agent-tools",
    "cost": "agent-cost",
    "stop_reasons": "agent-stop-reasons",
    "releases": "agent-releases",
}

#: The tag of generated dashboards.
GRAFANA_TAG = "agent-metrics"
#: The folder of the dashboards, for Grafana and for people.
GRAFANA_FOLDER_UID = "agent-metrics"
GRAFANA_FOLDER = "Agent metrics"

#: Path of the checklist of agent metrics.
SELF_CHECK = "reports/self-check.md"
#: Path of Alertmanager's configuration: with receivers it is complete, without them an example to fill in.
ALERTMANAGER_PATH = "prometheus/alertmanager.yml"

#: The dashboard with more about a signal, by the layer that the profile gives it.
DASHBOARD_OF_LAYER = {
    "run": "agent-runs",
    "tools": "agent-tools",
    "cost": "agent-cost",
    "stop_reasons": "agent-stop-reasons",
}


def dashboard_of(signal: Signal) -> str:
    """Name the dashboard with more about a signal."""
    return DASHBOARD_OF_LAYER[signal.layer]


@lru_cache(maxsize=1024)
def level(labels: tuple[str, ...]) -> str:
    """Name the level that keeps ``labels``."""
    return "_".join(sorted(labels)) or SERVICE


def is_classic(metric: str) -> bool:
    """Whether every Prometheus and every client library knows a metric by this name, without quotes."""
    return _CLASSIC.fullmatch(metric) is not None


def is_classic_label(label: str) -> bool:
    """Whether every Prometheus and every client library knows a label by this name, without quotes."""
    return _CLASSIC_LABEL.fullmatch(label) is not None


def is_shared_record(name: str) -> bool:
    """Whether a series has the name of a record of ours that rules about all services may read."""
    return _SHARED_RECORD.fullmatch(name) is not None


def stem(metric: str) -> str:
    """Name the records of a metric that feeds no shared stream: in plain letters, without the suffix of counters."""
    return re.sub(r"[^a-zA-Z0-9_]", "_", metric).removesuffix("_total")


def free_stem(metric: str, taken: Collection[str]) -> str:
    """Name the records of a metric apart from those of streams, signals and other metrics."""
    found = stem(metric)
    while found in taken:
        found = f"{_METRIC}{found}"
    return found


def stems(signal: str) -> tuple[str, str]:
    """List the names that the records of a signal may have."""
    return f"{_SIGNAL}{signal}", f"{_OWN}{_SIGNAL}{signal}"


def rate(stream: Stream) -> str:
    """Name a stream with all its kept labels: events per second of one rule interval, or a gauge's value."""
    if stream.derived:
        return level_rate(stream, stream.kept)
    return f"{'stream' if stream.shared else 'metric'}:{stream.stem}:{'value' if stream.is_gauge else 'rate'}"


#: The end of records of native histograms.
NATIVE_RATE = ":native_rate"


def native_rate(stream: Stream) -> str:
    """Name the native histograms that the buckets of a stream are made from."""
    return f"{'stream' if stream.shared else 'metric'}:{stream.stem}{NATIVE_RATE}"


def level_rate(stream: Stream, labels: tuple[str, ...] = ()) -> str:
    """Name the events per second of one rule interval, summed to ``labels``."""
    return f"{level(labels)}:{stream.stem}:rate"


def increase(stream: Stream, labels: tuple[str, ...], window: int) -> str:
    """Name the events of a window of ``window`` seconds, summed to ``labels``."""
    return f"{level(labels)}:{stream.stem}:increase{duration(window)}"


def value(signal: Signal, labels: tuple[str, ...] = ()) -> str:
    """Name a signal's value, in base units; a count is the events of its stream."""
    if isinstance(signal.kind, Count):
        return increase(signal.of, labels, signal.window)
    return part(signal, str(signal.unit), labels)


def numerator(signal: Signal, labels: tuple[str, ...] = ()) -> str:
    """Name the numerator of a signal's value, over its window."""
    match signal.kind:
        case Tokens() | Cost() | Distribution():
            return increase(numerator_stream(signal), labels, signal.window)
        case Ratio() if not signal.of.sparse:
            return increase(signal.of, labels, signal.window)
        case Count() | Share() | Ratio() | Quantile() | Level():
            return part(signal, "numerator", labels)
        case _:
            assert_never(signal.kind)


def denominator(signal: Signal, labels: tuple[str, ...] = ()) -> str:
    """Name the number of events behind a signal's value, over its window."""
    if isinstance(signal.kind, Share) and signal.kind.among:
        return part(signal, "denominator", labels)
    return increase(divisor(signal) or signal.of, labels, signal.window)


def events_rate(signal: Signal, labels: tuple[str, ...] = ()) -> str:
    """Name the events per second behind a signal's value."""
    if isinstance(signal.kind, Share) and signal.kind.among:
        return part(signal, "events_rate", labels)
    return level_rate(divisor(signal) or signal.of, labels)


def stray_types(stream: Stream) -> str:
    """Name the token types of a stream that no list names and that have no price."""
    return f"token_type:{stream.stem}:stray"


def upper(stream: Stream) -> str:
    """Name the upper bounds of a histogram's buckets, in base units."""
    return f"{LE}:{stream.stem}:upper"


def part(signal: Signal, operation: str, labels: tuple[str, ...] = ()) -> str:
    """Name any other recorded series of a signal."""
    shared, apart = stems(signal.name)
    return f"{level(labels)}:{apart if signal.apart else shared}:{operation}"


def of_stem(stem: str) -> str:
    """Find the name of the signal, or of the stream, that the second part of a record's name is about."""
    return stem.removeprefix(_OWN).removeprefix(_SIGNAL)


def windowed(signal: Signal, operation: str, window: int) -> str:
    """Name a series of the whole service over a separate window, such as ``error_ratio1h``."""
    return part(signal, f"{operation}{duration(window)}")


#: The directories of recording rules, of alerting rules, and of dashboards.
RULES_FOLDER, ALERTS_FOLDER, DASHBOARDS_FOLDER = (
    "prometheus/rules/",
    "prometheus/alerts/",
    "grafana/dashboards/",
)


def rules_path(service: str) -> str:
    """Path of recording rules: a service's own, or a shared family's."""
    return f"{RULES_FOLDER}{service}.rules.yml"


def alerts_path(service: str) -> str:
    """Path of alerting rules: a service's own, or a shared family's."""
    return f"{ALERTS_FOLDER}{service}.alerts.yml"


#: The families of the files that all services share.
FAMILIES = (
    "services",
    "prices",
    "streams",
    "run",
    "latency",
    "budget",
    "error-budget",
    "tools",
    "cost",
    "releases",
    "status",
)
#: The suffix of a family whose alerts some services have in another form.
VARIANTS = "-variants"
#: The suffix of a unit test with steps of longer than a rule interval, for windows of days.
DAYS = "-days"


def is_shared_name(service: str) -> bool:
    """Whether a shared file has this name."""
    return service.removesuffix(DAYS).removesuffix(VARIANTS) in map(shared_name, FAMILIES)


def shared_name(family: str) -> str:
    """Name the shared files of a family; no service may have this name."""
    return f"agent-{family}"


def shard_path(shard: str) -> str:
    """Path of the list of rule files of one of several servers."""
    return f"prometheus/shards/{shard}.yml"


def tests_path(service: str) -> str:
    """Path of unit tests: of a service, or of the shared alerts of a family."""
    return f"prometheus/tests/{service}.test.yml"


def own_tests_path(service: str, family: str) -> str:
    """Path of unit tests of a service's own alerts; no service and no family has a dot in its name."""
    return tests_path(f"{service}.{family}")


def dashboard_path(uid: str) -> str:
    """Path of a dashboard."""
    return f"{DASHBOARDS_FOLDER}{uid}.json"


def dashboard_v2_path(uid: str) -> str:
    """Path of a dashboard in the format of Grafana 13."""
    return f"grafana/dashboards-v2/{uid}.json"


def instrumentation_path(service: str) -> str:
    """Path of the Python module that a service imports."""
    return f"instrumentation/{service.replace('-', '_')}_metrics.py"


def adapter_path(service: str, framework: str) -> str:
    """Path of the Python file that measures a framework with a service's module."""
    return f"instrumentation/{service.replace('-', '_')}_{framework}.py"


def runbook_path(alert: str) -> str:
    """Path of an alert's runbook."""
    return f"runbooks/{alert}.md"
