"""When alerts would have fired over a span of recorded history, by their own ``for`` and ``keep_firing_for``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model.rules import AlertingRule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from generator.live.api import PrometheusApi
    from generator.model.rules import RuleGroup


class Firing(Struct, frozen=True):
    """An alert that fires from ``start`` to ``end`` (Unix seconds, the first and the last evaluation)."""

    alert: str
    severity: str
    labels: Mapping[str, str]
    start: float
    end: float


def firings(api: PrometheusApi, groups: Iterable[RuleGroup], start: int, end: int) -> tuple[Firing, ...]:
    """Evaluate alerting rules from ``start`` to ``end`` and list what fires, in order of time."""
    found = (
        one
        for group in groups
        for rule in group.rules
        if isinstance(rule, AlertingRule)
        for series in api.query_range(rule.expr, start, end, group.interval).series
        for one in _of_series(rule, series.labels, series.timestamps, group.interval)
    )
    return tuple(sorted(found, key=lambda one: one.start))


def _of_series(
    rule: AlertingRule, labels: Mapping[str, str], true_at: Sequence[float], interval: int
) -> Iterator[Firing]:
    firing: list[float] = []
    for stretch in _stretches(true_at, interval):
        # An alert that is kept firing does not wait again.
        kept = firing and stretch[0] - firing[-1] <= rule.keep_firing_for
        held = [time for time in stretch if kept or time - stretch[0] >= rule.for_]
        if firing and held and not kept:
            yield _firing(rule, labels, firing)
            firing = []
        firing += held
    if firing:
        yield _firing(rule, labels, firing)


def _stretches(true_at: Sequence[float], interval: int) -> Iterator[list[float]]:
    """Cut where the expression was false in between."""
    stretch: list[float] = []
    for time in true_at:
        if stretch and time - stretch[-1] > interval:
            yield stretch
            stretch = []
        stretch.append(time)
    if stretch:
        yield stretch


def _firing(rule: AlertingRule, labels: Mapping[str, str], times: Sequence[float]) -> Firing:
    own = {name: value for name, value in labels.items() if name != "service"}
    return Firing(rule.alert, rule.labels["severity"], own, times[0], times[-1])
