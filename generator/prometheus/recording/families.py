"""The groups of a service's recording rules, each chain in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.model.alerts import Forecast
from generator.model.signals import Cost, Tokens
from generator.prometheus.grouping import split
from generator.prometheus.recording import board, burn, forecast, prices, releases, streams
from generator.prometheus.recording.signals import signal_rules
from generator.promql.expr import call, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.metrics import Metric
    from generator.model.service import Service, Site
    from generator.prometheus.recording.streams import Stream
    from generator.prometheus.rules import RecordingRule, RuleGroup

Rules = tuple["RecordingRule", ...]


def recording_groups(service: Service, site: Site) -> tuple[RuleGroup, ...]:
    """Build the recording rules of a service: prices, a group for each metric, releases, objectives, board."""
    compared = releases.compared(service)
    runs_first = sorted(service.metrics.values(), key=lambda metric: metric.name != service.runs.name)
    groups: list[RuleGroup] = []
    groups += split("prices", [(rule,) for rule in prices.constants(service)], site.rule_interval)
    for metric in runs_first:
        groups += split(metric.name, [_chain(metric, service, site)], site.rule_interval)
    if compared:
        comparisons = [
            releases.rates(signal, metric, service) + releases.comparison(signal, service, site)
            for signal, metric in compared
        ]
        groups += split("releases", [releases.order(service), *comparisons], site.rule_interval)
    for name, windows in burn.burning(service).items():
        signal = service.signals[name]
        chains = [
            burn.sides(signal, service),
            *(burn.over(signal, window, service, site) for window in windows),
        ]
        groups += split("error_budget", chains, site.rule_interval)
    forecasts = {alert.signal for alert in service.alerts if isinstance(alert.kind, Forecast)}
    chains = [forecast.forecast(service.signals[name], service, site) for name in sorted(forecasts)]
    groups += split("forecast", chains, site.rule_interval)
    groups += split("objectives", [(rule,) for rule in _objectives(service)], site.rule_interval)
    rows = [board.row(signal, service) for signal in service.signals.values()]
    groups += split("status", rows, site.rule_interval)
    return tuple(groups)


def _chain(metric: Metric, service: Service, site: Site) -> Rules:
    """Order one metric's rules: raw pass, what is derived from it each interval, windows, signals."""
    signals = [signal for signal in service.signals.values() if signal.of.name == metric.name]
    windows = streams.windows(service)
    rules = [streams.raw_pass(metric, service, site)]
    if any(isinstance(signal.kind, Tokens | Cost) for signal in signals):
        rules.append(prices.billed_tokens(metric, service))
        rules.append(prices.costs(metric, service))
    for stream in _own_streams(metric, service):
        rules += [streams.summed(stream, window, service, site) for window in windows.get(stream, ())]
    for signal in signals:
        rules += signal_rules(signal, service)
    return tuple(rules)


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
