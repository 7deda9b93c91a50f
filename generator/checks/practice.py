"""The common mistakes of agent metrics, each a check that is named after its code, such as ``practice/averages-only``.

So are streams that nothing reads: ``stream/unread``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from math import ceil
from operator import itemgetter
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.diagnostics import Diagnostic, Note, Severity, error, warning
from generator.model import names
from generator.model.alerts import Alert, Change, Regression, Reported, Threshold
from generator.model.rules import AlertingRule, RecordingRule
from generator.model.signals import Better, Cost, Count, Distribution, Level, Quantile, Share, Signal, divisor
from generator.model.streams import SPENT, STATUS
from generator.model.units import MINUTE, duration, human, parse_duration
from generator.notation.patterns import overlap
from generator.promql.syntax import reach
from generator.signals.registry import module_of, windows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from generator.checks.facts import ServiceFacts
    from generator.checks.world import KnownRule, SharedPart
    from generator.model.metrics import Metric
    from generator.model.service import Service
    from generator.model.streams import Stream

AVERAGES_ONLY = "practice/averages-only"
#: Exposed units of time.
_TIMES = {"ms", "s"}
_MEDIAN = 0.5
_TAIL = 0.95
_SUCCESSES_ONLY = "practice/successes-only"
_OK = "ok"
NO_STOP_REASON = "practice/no-stop-reason"
STOP_REASONS = "stop_reason_distribution"
NO_ALERTS = "practice/no-alerts"
_INSTANCE = "practice/instance-selector"
_OF_INSTANCES = {"instance", "pod", "pod_name", "container_id", "host", "hostname", "ip", "pid"}
_OF_VERSIONS = {
    "version",
    "service_version",
    "app_version",
    "image",
    "image_tag",
    "commit",
    "pod_template_hash",
}
_LIKE_PATTERN = "practice/selector-pattern"
_NO_FLOOR = "practice/no-floor"
_IMPLIED = "practice/implied-objective"
_LISTED_PATTERN = "practice/value-pattern"
#: Of comparisons, of regular expressions and of globs; brackets with a colon are an address, a backslash before
#: a word is a domain's.
_PATTERN = re.compile(r"^(?:[=!~]|<>)|[*|^]|\.[+?]|\\(?:\.|[dw](?![A-Za-z]))|\[(?![0-9A-Fa-f.]*:)[^\]]+\]")
#: Of Helm, shells and manuals; the quotes that word processors set; blanks that look like a space and are none.
_TEMPLATE = re.compile(r"\{\{|\$[{(]|^<[^<>]+>$")
_CURLY = re.compile(
    "^[\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb]|[\u2018\u201c\u201d\u201e\u00ab\u00bb]$"
)
_ODD_BLANK = re.compile("[\u00a0\u2000-\u200a\u202f\u205f\u3000]")
_BLANK_AT_END = re.compile(r"^\s|\s$")
_UNLIKE = (
    (_TEMPLATE, "looks like a template that nothing fills in"),
    (_CURLY, "has the quotes of a word processor in it"),
    (_ODD_BLANK, "has a blank in it that is no plain space"),
    (_PATTERN, "looks like a pattern"),
    (_BLANK_AT_END, "begins or ends with a blank"),
)
#: Models of a gateway that stand for all models of a provider: it exposes them as they are.
_WILDCARD = re.compile(r"^[\w.-]+/\*$")
_RETENTION = "practice/retention"
_UNREAD = "stream/unread"
_DURATION = re.compile(r"(?:\[|offset )([0-9a-z]+)")


def averages_only(facts: ServiceFacts) -> Iterator[Diagnostic]:
    """Warn of every metric of times without a signal for its median and its tail."""
    service = facts.service
    for name, missing in averages(service).items():
        yield warning(
            AVERAGES_ONLY,
            f"{name} is not seen by its {' and '.join(missing)}: an average hides the slow runs",
            service.where(f"metrics.{name}"),
            _with_quantiles(service.metrics[name], missing, service),
        )


def averages(service: Service) -> dict[str, list[str]]:
    """Find the metrics of times, by name, that lack ``p50`` or ``p95``."""
    times = (metric for metric in service.metrics.values() if metric.unit in _TIMES and not metric.is_gauge)
    lacking = {metric.name: _missing_quantiles(metric, service) for metric in times}
    return {name: missing for name, missing in lacking.items() if missing}


def unread_streams(facts: ServiceFacts) -> Iterator[Diagnostic]:
    """Warn of streams of the library that metrics feed, and that no signal of the service reads."""
    service = facts.service
    for stream in _unread(service):
        yield warning(
            _UNREAD,
            f"no signal of {service.name} reads the stream {stream.name}, so that no panel and no alert shows it",
            service.where(f"metrics.{next(iter(stream.sources)).names[0]}"),
            _with_signal(stream),
        )


def _unread(service: Service) -> tuple[Stream, ...]:
    """Find the shared streams that no signal of a service reads; the cost of tokens includes what the source says."""
    signals = service.signals.values()
    read = {stream.name for one in signals for stream in (one.of, *module_of(one.kind).reads(one, one.kind))}
    if any(isinstance(one.kind, Cost) for one in signals):
        read.add(SPENT)
    return tuple(one for one in service.streams.values() if one.shared and one.name not in read)


def _with_signal(stream: Stream) -> str:
    """Write a signal that reads a stream."""
    example = (
        f"cost_per_run: {{cost: {{of: {stream.name}, per: run}}"
        if stream.counts_usd
        else f"{stream.name}_p95: {{quantile: {{of: {stream.name}, q: 0.95}}"
        if stream.is_histogram
        else f"{stream.name}_count: {{count: {{of: {stream.name}}}"
    )
    return f"add a signal to the profile, under signals: {example}, title: ..., description: ...}}"


def _missing_quantiles(metric: Metric, service: Service) -> list[str]:
    seen = {
        signal.kind.q
        for signal in service.signals.values()
        if signal.of.is_fed_by(metric.name) and isinstance(signal.kind, Quantile)
    }
    missing = [] if _MEDIAN in seen else ["p50"]
    return missing if any(q >= _TAIL for q in seen) else [*missing, "p95"]


def _with_quantiles(metric: Metric, missing: list[str], service: Service) -> str:
    """Write signals of the missing quantiles, on the stream that a metric feeds."""
    if not metric.is_histogram:
        return "expose the times as a histogram; a sum of times only gives averages"
    stream = next(stream.name for stream in service.streams.values() if stream.is_fed_by(metric.name))
    quantiles = {"p50": _MEDIAN, "p95": _TAIL}
    wanted = " and ".join(f"quantile: {{of: {stream}, q: {quantiles[name]}}}" for name in missing)
    return f"add signals with {wanted}"


def successes_only(facts: ServiceFacts) -> Iterator[Diagnostic]:
    """Warn of objectives on quantiles of times that leave the failures out.

    The default of a shipped profile is its author's decision, and in its description.
    """
    service = facts.service
    for name in service.objectives:
        signal, place = service.signals[name], service.where(f"objectives.{name}")
        if (
            isinstance(signal.kind, Quantile)
            and signal.of.unit == "s"
            and only_successes(signal.of, service)
            and not (place and place.is_shipped)
        ):
            yield warning(
                _SUCCESSES_ONLY,
                f"{name} of {service.name} is promised for all {service.run}s, but {signal.of.metric} measures only "
                "the successful ones",
                place,
                "read the times of failures too, which users wait for as well; or leave the objective out",
            )


def only_successes(stream: Stream, service: Service) -> bool:
    """Whether all sources of a stream are limited to status values that mean success."""
    if all(dict(source.constants).get(STATUS) == _OK for source in stream.sources):
        return True
    label = service.labels.get(STATUS)
    exposed = {one for source in service.runs.sources for name, one in source.labels if name == STATUS}
    if label is None or not exposed:
        return False
    bad = [pattern for value, patterns in label.patterns.items() if value != _OK for pattern in patterns]
    kept = [
        [pattern for name, patterns in source.where if name in exposed for pattern in patterns]
        for source in stream.sources
    ]
    return bool(bad) and all(
        some and not any(overlap(one, other) for one in some for other in bad) for some in kept
    )


def no_stop_reason(facts: ServiceFacts) -> Iterator[Diagnostic]:
    """Warn of a service that has no distribution of its stop reasons."""
    service = facts.service
    if not shows_stop_reasons(service) and service.measures(STOP_REASONS):
        yield warning(
            NO_STOP_REASON,
            f"{service.name} does not show why its runs end: limits and failing tools stay hidden",
            service.where(""),
            f"count finished runs by stop_reason, and add a signal {STOP_REASONS}: "
            "{distribution: {of: run, label: stop_reason}, ...}",
        )


def shows_stop_reasons(service: Service) -> bool:
    """Whether a signal distinguishes the stop reasons."""
    signal = service.signals.get(STOP_REASONS)
    return signal is not None and isinstance(signal.kind, Distribution)


class Anomaly(Struct, frozen=True):
    """An anomaly that must not go unnoticed.

    Attributes:
        name: For people.
        signals: An alert on any of them detects it; the best first.
        usual: The profiles' alerts for it, the best first.
        example: An alert on the best signal, as written in a spec.
        sudden: Whether only a change, a regression or a burn rate detects it, not a fixed threshold.
    """

    name: str
    signals: tuple[str, ...]
    usual: tuple[str, ...]
    example: str
    sudden: bool = False


ANOMALIES = (
    Anomaly(
        "tool spam",
        ("tool_calls_per_run",),
        ("AgentToolCallsPerRunHigh",),
        "threshold: {signal: tool_calls_per_run}, warning: 25",
    ),
    Anomaly(
        "a drop of the success rate",
        ("success_rate",),
        ("AgentSuccessRateDrop", "AgentSuccessRateRegression", "AgentErrorBudgetBurn"),
        "change: {signal: success_rate, over: 1h}, warning: 5pp",
        sudden=True,
    ),
    Anomaly(
        "growing latency",
        ("latency_p95", "latency_p50", "latency_p99"),
        ("AgentLatencyP95High", "AgentLatencyP95Rising", "AgentLatencyP95Regression"),
        "change: {signal: latency_p95, over: 30m}, warning: 30%",
    ),
    Anomaly(
        "growing cost",
        ("token_usage_per_run", "cost_per_run", "cost_rate", "spend"),
        (
            "AgentTokensPerRunRegression",
            "AgentCostPerRunRegression",
            "AgentCostBudgetExceeded",
            "AgentCostForecastExceeded",
        ),
        "change: {signal: token_usage_per_run, over: 1h}, warning: 20%",
    ),
)


def no_alerts(facts: ServiceFacts) -> Iterator[Diagnostic]:
    """Warn of a service that leaves key anomalies without an alert."""
    service = facts.service
    if missed := uncovered(service):
        yield warning(
            NO_ALERTS,
            f"no alert of {service.name} watches {', '.join(anomaly.name for anomaly in missed)}",
            service.where(""),
            "; ".join(f"for {anomaly.name} {advice(anomaly, service)}" for anomaly in missed),
            *(note for anomaly in missed for note in _turned_off(anomaly, service)),
        )


def uncovered(service: Service) -> tuple[Anomaly, ...]:
    """Find the anomalies that a service measures and no alert of it detects."""
    return tuple(
        anomaly
        for anomaly in ANOMALIES
        if is_measured(anomaly, service) and not any(_covers(alert, anomaly) for alert in service.alerts)
    )


def is_measured(anomaly: Anomaly, service: Service) -> bool:
    """Whether a service can have a signal that shows an anomaly."""
    return any(map(service.measures, anomaly.signals))


def _covers(alert: Alert, anomaly: Anomaly) -> bool:
    if alert.signal not in anomaly.signals or alert.kind.reports is not Reported.VALUE:
        return False
    return not (anomaly.sudden and isinstance(alert.kind, Threshold))


def advice(anomaly: Anomaly, service: Service) -> str:
    """Propose an alert for an anomaly: one that is declared already, or a new one."""
    declared = _declared(anomaly, service)
    if declared:
        return f"turn on {declared}"
    signal = _best(anomaly, service)
    return f"add an alert on {signal}" + ("" if signal in service.signals else ", once there is that signal")


def recipe(anomaly: Anomaly, service: Service) -> str:
    """Propose the same as ``advice``, with the text of such an alert."""
    advised = advice(anomaly, service)
    if _declared(anomaly, service):
        return advised
    example = anomaly.example.replace(anomaly.signals[0], _best(anomaly, service))
    return f"{advised}, such as under alerts: <Name>: {{{example}, summary: <a sentence>}}"


def _best(anomaly: Anomaly, service: Service) -> str:
    return next((signal for signal in anomaly.signals if signal in service.signals), anomaly.signals[0])


def _declared(anomaly: Anomaly, service: Service) -> str | None:
    return next((name for name in anomaly.usual if f"alerts.{name}" in service.origins), None)


def _turned_off(anomaly: Anomaly, service: Service) -> Iterator[Note]:
    """Point at the declared alerts that would detect it, but are disabled or out of reach."""
    for name in anomaly.usual:
        span = service.origins.get(f"alerts.{name}")
        if span is not None and not any(alert.name == name for alert in service.alerts):
            yield Note(f"{name} is off", span)


def no_floor(facts: ServiceFacts) -> Iterator[Diagnostic]:
    """Report the author's own alerts that a single event can set off, as on a quiet night."""
    for alert in facts.service.alerts:
        place = facts.service.where(f"alerts.{alert.name}")
        if place is None or place.is_shipped or not _may_fire_by_one(alert, facts.service):
            continue
        yield Diagnostic(
            _NO_FLOOR,
            Severity.INFO,
            f"{alert.name} has no floor of events: a single one may be enough for it to fire, as on a quiet night",
            place,
            f"write how many it takes, such as {_floor_of(alert, facts.service)}; or min_events: 1 if one is enough",
        )


def _may_fire_by_one(alert: Alert, service: Service) -> bool:
    """Whether one event may fire an alert of the service's own: it compares a value of events, without a floor."""
    if alert.shared or alert.min_events or alert.min_bad_events:
        return False
    is_of_value = isinstance(alert.kind, Threshold | Change | Regression)
    return is_of_value and _is_of_events(service.signals[alert.signal])


def _is_of_events(signal: Signal) -> bool:
    """Whether few events make a value uncertain. A count, a gauge and a sum of money are always certain."""
    is_money = isinstance(signal.kind, Cost) and divisor(signal) is None
    return not is_money and not isinstance(signal.kind, Count | Level)


def _floor_of(alert: Alert, service: Service) -> str:
    """Write a floor that the alert takes."""
    has_bad = isinstance(service.signals[alert.signal].kind, Share) and isinstance(alert.kind, Threshold)
    return "min_bad_events: 5" if has_bad else "min_events: 20"


def implied_objective(facts: ServiceFacts) -> Iterator[Diagnostic]:
    """Warn of a promise that another one keeps: a lower quantile is never above a higher one."""
    service = facts.service
    promised = [(service.signals[name], promise.bound) for name, promise in service.objectives.items()]
    for low, bound in promised:
        place = service.where(f"objectives.{low.name}")
        stricter = [(other, high) for high, other in promised if other <= bound and _is_below(low, high)]
        if place is None or place.is_shipped or not stricter:
            continue
        other, high = min(stricter, key=itemgetter(0))
        message = (
            f"{low.name} is promised to be at most {human(bound, low.unit)}, and {high.name} at most "
            f"{human(other, high.unit)}, which says more: {low.name} is never above {high.name}"
        )
        yield warning(_IMPLIED, message, place, "exchange the two, or write a smaller bound here")


def _is_below(low: Signal, high: Signal) -> bool:
    """Whether two signals are quantiles of one histogram, the first one lower, and smaller values are better."""
    if not (isinstance(low.kind, Quantile) and isinstance(high.kind, Quantile)):
        return False
    small = low.better is Better.LOWER and high.better is Better.LOWER
    return small and low.of == high.of and low.kind.q < high.kind.q


def instance_selector(facts: ServiceFacts) -> Iterator[Diagnostic]:
    """Warn of selectors that match nothing after the next deployment."""
    for name in facts.service.selector:
        if name in _OF_INSTANCES | _OF_VERSIONS or _is_renewed(name, facts.service):
            yield warning(
                _INSTANCE,
                f'the selector picks by "{name}": after the next deployment it picks nothing',
                facts.service.where(f"selector.{name}"),
                "pick by job, or by a label that all instances of the service share",
            )


def _is_renewed(label: str, service: Service) -> bool:
    """Whether a label gets new values that replace old ones, as a release does."""
    known = service.labels.get(label)
    return known is not None and known.new_per_week > 0


def selector_pattern(facts: ServiceFacts) -> Iterator[Diagnostic]:
    """Warn of selectors that match only a value that no series has, such as a pattern."""
    for name, value in facts.service.selector.items():
        if unlike := _unlike_a_value(value):
            yield warning(
                _LIKE_PATTERN,
                f'the selector compares exactly: it picks no {name} but "{value}", which {unlike}',
                facts.service.where(f"selector.{name}"),
                "write the value as the series have it, or pick by a label that they all have in common",
            )


def value_pattern(facts: ServiceFacts) -> Iterator[Diagnostic]:
    """Warn of listed values that no series has, such as a pattern: what was meant counts as other."""
    written = ((label.name, value) for label in facts.service.labels.values() for value in label.values)
    for name, value in written:
        if not _WILDCARD.search(value) and (unlike := _unlike_a_value(value)):
            yield warning(
                _LISTED_PATTERN,
                f'values are compared exactly: "{value}" of {name} {unlike}',
                facts.service.where(f"labels.{name}"),
                f"list each value as the series have it, or bound their number: {name}: {{max_live: 20}}",
            )


def _unlike_a_value(text: str) -> str:
    """Explain why a text is hardly the value of a label; return an empty text for any other."""
    return next((why for pattern, why in _UNLIKE if pattern.search(text)), "")


def retention(facts: ServiceFacts) -> Iterator[Diagnostic]:
    """Refuse a retention shorter than the windows of a service's rules: they would see only a part."""
    service, kept = facts.service, facts.site.retention
    reaches = [(reach(rule.expr, {}, 0), rule) for rule in _suspects(facts)]
    # Of an alert and a record with the same input, people know the alert.
    longest, rule = max(reaches, key=lambda one: (one[0], _is_alert(one[1])), default=(0, None))
    if rule is None or longest <= kept:
        return
    name, place = _known_as(rule, service)
    where = service.where(place)
    # A window over records is written one second shorter than its meaning.
    needed = duration(ceil(longest / MINUTE) * MINUTE)
    yield error(
        _RETENTION,
        f"{name} of {service.name} reads the last {needed}, but Prometheus keeps only {duration(kept)}",
        where,
        f"keep samples longer and set retention: {needed} in site.yaml"
        + ("" if where and where.is_shipped else f", or have {name} look back less"),
    )


def _known_as(rule: RecordingRule | AlertingRule, service: Service) -> tuple[str, str]:
    """Return the known name of a rule and its path: on the status board all signals share a record."""
    if isinstance(rule, AlertingRule):
        return rule.alert, f"alerts.{rule.alert}"
    signal = rule.labels.get(names.SIGNAL) or _summing(rule.record, service)
    return (signal, f"signals.{signal}.window") if signal else (rule.record, "")


def _summing(record: str, service: Service) -> str:
    """Name the signal that sums a stream over its window in this record; empty where none does."""
    for signal in service.signals.values():
        read = windows((signal,))
        if record in {names.increase(stream, stream.kept, window) for stream, window in read}:
            return signal.name
    return ""


def _suspects(facts: ServiceFacts) -> Iterator[RecordingRule | AlertingRule]:
    """List the rules whose durations, summed without parsing, exceed the retention; parsing takes long."""
    yield from _longer(facts.world.own, facts.site.retention)
    yield from _shared_suspects(facts.world.shared, facts.site.retention)


@lru_cache(maxsize=32)
def _shared_suspects(shared: SharedPart, retention: int) -> tuple[RecordingRule | AlertingRule, ...]:
    return tuple(_longer((known for known in shared.rules if not known.shape.nothing), retention))


def _longer(rules: Iterable[KnownRule], retention: int) -> Iterator[RecordingRule | AlertingRule]:
    for known in rules:
        if sum(map(_seconds, _DURATION.findall(known.rule.expr))) > retention:
            yield known.rule


@lru_cache(maxsize=1024)
def _seconds(text: str) -> float:
    """Read one of the few durations in rules."""
    return parse_duration(text) or 0


def _is_alert(rule: RecordingRule | AlertingRule) -> bool:
    return isinstance(rule, AlertingRule)
