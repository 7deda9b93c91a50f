"""The checklist of baseline agent metrics before a release: nine items, each decided from the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.checks import practice
from generator.checks.cardinality.labels import forbidden
from generator.model.names import RELEASE
from generator.model.service import Service, worded
from generator.model.signals import Cost, Count, Distribution, Kind, Quantile, Ratio, Share, Tokens
from generator.model.streams import MODEL, SPENT, TOOL
from generator.notation.names import FORBIDDEN

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping


#: The signals of a first production release.
MINIMUM = (
    "run_count",
    "success_rate",
    "latency_p95",
    "tool_error_rate",
    "token_usage_per_run",
    "stop_reason_distribution",
)
_SEGMENTS = (RELEASE, MODEL, TOOL)

#: The kinds of each baseline signal, the streams that it needs, and its text in a spec.
_BASELINE: dict[str, tuple[tuple[type[Kind], ...], tuple[str, ...], str]] = {
    "run_count": ((Count,), ("run",), "count: {of: run}"),
    "success_rate": ((Share,), ("run",), "share: {of: run, where: {status: ok}}, better: higher"),
    "latency_p50": ((Quantile,), ("run_latency",), "quantile: {of: run_latency, q: 0.5}"),
    "latency_p95": ((Quantile,), ("run_latency",), "quantile: {of: run_latency, q: 0.95}"),
    "step_count": ((Quantile, Ratio), ("run_steps",), "quantile: {of: run_steps, q: 0.95}"),
    "tool_calls_per_run": ((Ratio, Quantile), ("tool_call", "run"), "ratio: {of: tool_call, per: run}"),
    "tool_error_rate": ((Share,), ("tool_call",), "share: {of: tool_call, where: {status: error}}"),
    "token_usage_per_run": (
        (Tokens, Ratio, Quantile),
        ("token_usage", "run"),
        "tokens: {of: token_usage, per: run}",
    ),
    "cost_per_run": ((Cost, Ratio), ("token_usage", "run"), "cost: {of: token_usage, per: run}"),
    "stop_reason_distribution": ((Distribution,), ("run",), "distribution: {of: run, label: stop_reason}"),
}
_QUANTILES = {"latency_p50": 0.5, "latency_p95": 0.95}


class ItemPart(Struct, frozen=True):
    """A part of a point: ``lacks`` is its name if it is missing, and ``how`` adds it, unless nothing measures it."""

    lacks: str = ""
    how: str = ""


_THERE = ItemPart()


class Item(Struct, frozen=True):
    """A point of the checklist: its missing parts, how to add each, and the parts that its profile does not measure."""

    name: str
    measured: bool = True
    missing: tuple[str, ...] = ()
    how_to_add: tuple[str, ...] = ()
    not_measured: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether everything that its profile measures exists, and that is at least one part."""
        return self.measured and not self.missing


class Mistake(Struct, frozen=True):
    """A common mistake, and its places; ``found`` is empty when it was not made.

    ``not_measured`` is what the profile does not measure, so that nobody can make or avoid the mistake; ``decided`` is
    whether there is anything else to look at.
    """

    name: str
    code: str
    found: tuple[str, ...]
    not_measured: tuple[str, ...] = ()
    decided: bool = True


class SelfCheck(Struct, frozen=True):
    """The checklist of a service, its common mistakes, and its part of the minimum first-release set.

    ``off`` are the alerts that its author turned off, with the reasons.
    """

    service: str
    profile: str
    items: tuple[Item, ...]
    mistakes: tuple[Mistake, ...]
    minimum: tuple[str, ...]
    off: Mapping[str, str]

    @property
    def passed(self) -> int:
        """The number of passed items."""
        return sum(item.passed for item in self.items)

    @property
    def progress(self) -> str:
        """The result, such as ``9/9``; for a limited source ``6/6 of what litellm measures; 3 not measured``."""
        measured = sum(item.measured for item in self.items)
        if measured == len(self.items):
            return f"{self.passed}/{measured}"
        lacks = len(self.items) - measured
        return f"{self.passed}/{measured} of what {self.profile} measures; {lacks} not measured"

    @property
    def not_measured(self) -> tuple[str, ...]:
        """The parts of all points that its profile does not measure."""
        return tuple(name for item in self.items for name in item.not_measured)

    @property
    def whole_not_measured(self) -> tuple[str, ...]:
        """The points of which its profile measures nothing: as many as ``progress`` says."""
        return tuple(item.name for item in self.items if not item.measured)

    @property
    def parts_not_measured(self) -> tuple[str, ...]:
        """The parts that its profile does not measure of points that it measures otherwise."""
        return tuple(name for item in self.items if item.measured for name in item.not_measured)

    @property
    def not_measured_of_minimum(self) -> tuple[str, ...]:
        """The parts of the minimum first-release set that its profile does not measure."""
        return tuple(name for name in MINIMUM if name not in self.minimum and name in self.not_measured)

    @property
    def missing_of_minimum(self) -> tuple[str, ...]:
        """The missing parts of the minimum first-release set that the service could have."""
        return tuple(name for name in MINIMUM if name not in (*self.minimum, *self.not_measured))


def self_check(service: Service) -> SelfCheck:
    """Decide every item of the checklist for one service."""
    items = tuple(_item(worded(name, service.run), *decide(service)) for name, decide in ITEMS)
    return SelfCheck(
        service.name,
        service.profile,
        items,
        _mistakes(service),
        tuple(name for name in MINIMUM if _there(name, service)),
        service.deviations.reasons,
    )


Parts = tuple[ItemPart, ...]


def _item(name: str, *parts: ItemPart) -> Item:
    missing = [part for part in parts if part.how]
    not_measured = tuple(part.lacks for part in parts if part.lacks and not part.how)
    return Item(
        name,
        len(not_measured) < len(parts),
        tuple(f"signal {part.lacks}" if part.lacks in _BASELINE else part.lacks for part in missing),
        tuple(part.how for part in missing),
        not_measured,
    )


def _there(name: str, service: Service) -> bool:
    signal = service.signals.get(name)
    if signal is None or not isinstance(signal.kind, _BASELINE[name][0]):
        return False
    return not isinstance(signal.kind, Quantile) or signal.kind.q == _QUANTILES.get(name, signal.kind.q)


def _signals(*names: str) -> Callable[[Service], Parts]:
    """Require signals by name, each of its kind."""

    def decide(service: Service) -> Parts:
        return tuple(
            _THERE if _there(name, service) else ItemPart(name, _how_to_add(name, service)) for name in names
        )

    return decide


def _how_to_add(name: str, service: Service) -> str:
    """Explain how to declare a signal, once the profile measures its streams; empty where it cannot."""
    if not service.measures(name):
        return ""
    _, streams, written = _BASELINE[name]
    unfed = [stream for stream in streams if stream not in service.streams]
    if unfed:
        feeds = ", ".join(f"{stream}: {{of: <its metric>}}" for stream in unfed)
        return f"say in profile {service.profile} what measures it, under streams: {feeds}"
    return f"add to signals.yaml, under signals: {name}: {{{written}, ...}}"


def _tokens_and_cost(service: Service) -> Parts:
    parts = _signals("token_usage_per_run", "cost_per_run")(service)
    cost = service.signals.get("cost_per_run")
    if cost and isinstance(cost.kind, Cost) and not service.prices and SPENT not in service.streams:
        return (*parts, ItemPart("a price of any model", "add the service's models to prices.yaml"))
    return parts


def _segments(service: Service) -> Parts:
    broken_down = {label for signal in service.signals.values() for level in signal.levels for label in level}
    parts = [_THERE if label in broken_down else _breakdown(label, service) for label in _SEGMENTS]
    parts += [
        ItemPart(f'no label without an end: "{name}" {why}', f'remove "{name}"; put it in logs or traces')
        for name, why in forbidden(service).items()
    ]
    return tuple(parts)


def _breakdown(label: str, service: Service) -> ItemPart:
    measured = service.emitted_here or any(label in stream.labels for stream in service.streams.values())
    how = f"give a signal by: [{label}], from a metric with that label" if measured else ""
    return ItemPart(f"a breakdown by {label}", how)


def _alerts(service: Service) -> Parts:
    missed = practice.uncovered(service)
    return tuple(_alert_on(anomaly, service, missed) for anomaly in practice.ANOMALIES)


def _alert_on(anomaly: practice.Anomaly, service: Service, missed: Collection[practice.Anomaly]) -> ItemPart:
    name = f"an alert on {anomaly.name}"
    if anomaly in missed:
        return ItemPart(name, practice.recipe(anomaly, service))
    return _THERE if practice.is_measured(anomaly, service) else ItemPart(name)


ITEMS: tuple[tuple[str, Callable[[Service], Parts]], ...] = (
    ("run_count", _signals("run_count")),
    ("success_rate", _signals("success_rate")),
    ("latency p50 and p95, not averages only", _signals("latency_p50", "latency_p95")),
    ("steps and tool calls per run", _signals("step_count", "tool_calls_per_run")),
    ("tool_error_rate", _signals("tool_error_rate")),
    ("tokens and cost per run", _tokens_and_cost),
    ("stop_reason_distribution", _signals("stop_reason_distribution")),
    ("segmentation by release, model and tool, without unbounded labels", _segments),
    ("alerts on the key anomalies", _alerts),
)


def _mistakes(service: Service) -> tuple[Mistake, ...]:
    return (
        Mistake("Only averages, without p95", practice.AVERAGES_ONLY, tuple(practice.averages(service))),
        Mistake("High-cardinality labels", FORBIDDEN, tuple(forbidden(service))),
        _hidden_stops(service),
        Mistake(
            "No alerts for key anomalies",
            practice.NO_ALERTS,
            tuple(anomaly.name for anomaly in practice.uncovered(service)),
            tuple(one.name for one in practice.ANOMALIES if not practice.is_measured(one, service)),
        ),
    )


def _hidden_stops(service: Service) -> Mistake:
    """Look for stop reasons; where none can be measured, that is said and is no mistake of the author."""
    name, code = "No stop_reason metrics", practice.NO_STOP_REASON
    if practice.shows_stop_reasons(service):
        return Mistake(name, code, ())
    if service.measures(practice.STOP_REASONS):
        return Mistake(name, code, ("no stop_reason_distribution",))
    return Mistake(name, code, (), (practice.STOP_REASONS,), decided=False)
