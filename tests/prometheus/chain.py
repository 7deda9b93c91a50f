"""The whole chain: raw series into a Prometheus, recording rules over the span, recorded series out of it."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.live.evaluate import evaluate
from generator.live.remote_write import write
from generator.model.rules import AlertingRule
from generator.prometheus.rule_set import rule_set
from tests.prometheus.increments import MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from generator.live.api import PrometheusApi
    from generator.live.remote_write import TimeSeries
    from generator.model.rules import RuleGroup
    from generator.model.service import Library, Service, Site
    from tests.prometheus.expected import Key

#: A Monday morning, and the end of a minute.
T0 = 1_700_467_200


class Chain(Struct, frozen=True, dict=True):
    """A service on its own server; shared rules see only ``others`` besides."""

    api: PrometheusApi
    service: Service
    library: Library
    site: Site
    others: tuple[Service, ...] = ()

    def write(self, series: Iterable[TimeSeries]) -> None:
        """Write raw series, which must carry the service's selector."""
        write(self.api, series)

    def evaluate(self, start: int, end: int, groups: Sequence[RuleGroup] | None = None) -> None:
        """Evaluate recording rules from ``start`` to ``end``: all, or these."""
        evaluate(self.api, self.groups if groups is None else groups, start, end)

    @cached_property
    def groups(self) -> tuple[RuleGroup, ...]:
        """All rules that watch the services."""
        return rule_set([self.service, *self.others], self.library, self.site).groups

    def recorded(self, start: int, end: int, step: int = MINUTE) -> Mapping[int, Mapping[Key, float]]:
        """Read all records of the service at every ``step`` from ``start`` to ``end``."""
        found: defaultdict[int, dict[Key, float]] = defaultdict(dict)
        for series in self.api.query_range(f'{{service="{self.service.name}"}}', start, end, step).series:
            labels = {name: value for name, value in series.labels.items() if name != "service"}
            key = labels.pop("__name__"), frozenset(labels.items())
            for time, value in zip(series.timestamps, series.values, strict=True):
                found[round(time)][key] = value
        return found

    def true(self, at: int, *named: str) -> frozenset[tuple[str, str]]:
        """Evaluate the expression of every alert, or of those ``named``: the names and severities of the true ones."""
        return frozenset(
            (rule.alert, rule.labels["severity"])
            for group in self.groups
            for rule in group.rules
            if isinstance(rule, AlertingRule)
            and (not named or rule.alert in named)
            and any(
                sample.labels.get("service", self.service.name) == self.service.name
                for sample in self.api.query(rule.expr, at)
            )
        )
