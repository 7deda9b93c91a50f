"""The groups of a service's recording rules, each chain in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.model.alerts import OUTSIDE_WINDOW, Forecast
from generator.model.outside import watched
from generator.model.signals import Cost, Tokens
from generator.prometheus.grouping import split
from generator.prometheus.recording import board, burn, forecast, prices, releases, streams
from generator.prometheus.recording.signals import signal_rules
from generator.promql.expr import call, number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from generator.model.metrics import Metric
    from generator.model.service import Service, Site
    from generator.prometheus.alerting.conditions import Judgement
    from generator.prometheus.recording.streams import Stream
    from generator.prometheus.rules import RecordingRule, RuleGroup

Rules = tuple["RecordingRule", ...]
#: The windows over which streams are summed.
Wanted = dict["Stream", tuple[int, ...]]

#: The groups that are not about one metric.
_GROUPS = {"prices", "counters", "releases", "error_budget", "forecast", "objectives", "status"}


def recording_groups(service: Service, site: Site, judged: tuple[Judgement, ...]) -> tuple[RuleGroup, ...]:
    """Build the recording rules of a service.

    The counters and their windows share a group, so that both sides of a ratio per run stem from the same instant.
    Histograms, which no ratio mixes with others, have a group each, with their signals.
    """
    interval = site.rule_interval
    counters = [metric for metric in service.metrics.values() if not metric.is_histogram]
    histograms = [metric for metric in service.metrics.values() if metric.is_histogram]
    wanted = streams.windows(service)
    chains = [
        _streams(counters, service, site),
        _windows(counters, wanted, service, site),
        _outside(service, site),
    ]
    groups = [*split("prices", [(rule,) for rule in prices.constants(service)], interval)]
    groups += split("counters", chains, interval)
    for metric in counters:
        groups += split(_own_group(metric), [_signals(metric, service)], interval)
    for metric in histograms:
        own = (metric,)
        chain = (
            *_streams(own, service, site),
            *_windows(own, wanted, service, site),
            *_signals(metric, service),
        )
        groups += split(_own_group(metric), [chain], interval)
    return (*groups, *_later_groups(service, site, judged))


def _later_groups(service: Service, site: Site, judged: tuple[Judgement, ...]) -> tuple[RuleGroup, ...]:
    """Build what compares and judges signals: releases, budgets, objectives, the status board."""
    interval, compared = site.rule_interval, releases.compared(service)
    groups: list[RuleGroup] = []
    if compared:
        comparisons = [
            releases.rates(signal, metric, service) + releases.comparison(signal, service, site)
            for signal, metric in compared
        ]
        groups += split("releases", [releases.order(service), *comparisons], interval)
    for name, windows in burn.burning(service).items():
        signal = service.signals[name]
        burns = [burn.over(signal, window, service, site) for window in windows]
        groups += split("error_budget", [burn.sides(signal, service), *burns], interval)
    forecasts = {alert.signal for alert in service.alerts if isinstance(alert.kind, Forecast)}
    chains = [forecast.forecast(service.signals[name], service, site) for name in sorted(forecasts)]
    groups += split("forecast", chains, interval)
    groups += split("objectives", [(rule,) for rule in _objectives(service)], interval)
    rows = [board.row(signal, service, judged) for signal in service.signals.values()]
    groups += split("status", rows, interval)
    return tuple(groups)


def _own_group(metric: Metric) -> str:
    """Name a metric's group after it; a name with a dash is no other metric's."""
    return f"metric-{metric.name}" if metric.name in _GROUPS else metric.name


def _streams(metrics: Iterable[Metric], service: Service, site: Site) -> Rules:
    """Read the raw series, then derive what is billed and what it costs."""
    rules: list[RecordingRule] = []
    for metric in metrics:
        rules.append(streams.raw_pass(metric, service, site))
        kinds = [signal.kind for signal in service.signals.values() if signal.of.name == metric.name]
        if any(isinstance(kind, Tokens | Cost) for kind in kinds):
            rules.append(prices.billed_tokens(metric, service))
            rules.append(prices.costs(metric, service))
    return tuple(rules)


def _windows(metrics: Iterable[Metric], wanted: Wanted, service: Service, site: Site) -> Rules:
    """Sum the streams over the windows that signals read."""
    return tuple(
        streams.summed(stream, window, service, site)
        for metric in metrics
        for stream in _own_streams(metric, service)
        for window in wanted.get(stream, ())
    )


def _outside(service: Service, site: Site) -> Rules:
    """Count the values that generated instrumentation did not expose, where an alert asks."""
    kind = watched(service)
    if kind is None:
        return ()
    stream = streams.of_metric(kind.metric)
    return (
        streams.raw_pass(kind.metric, service, site),
        streams.summed(stream, OUTSIDE_WINDOW, service, site),
    )


def _signals(metric: Metric, service: Service) -> Rules:
    signals = [signal for signal in service.signals.values() if signal.of.name == metric.name]
    return tuple(rule for signal in signals for rule in signal_rules(signal, service))


def _own_streams(metric: Metric, service: Service) -> Iterator[Stream]:
    yield streams.of_metric(metric)
    yield streams.billed(metric)
    yield streams.cost(metric, service)


def _objectives(service: Service) -> Iterator[RecordingRule]:
    """Record what is promised as constants, so that panels can draw it."""
    for objective in service.objectives.values():
        signal = service.signals[objective.signal]
        name = names.part(signal, "objective")
        yield streams.record(name, call("vector", number(objective.bound)), service)
