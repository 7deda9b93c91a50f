"""The numbers of series in the reports, as values: one row a metric, a rule group, a service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from generator.checks.cardinality.account import Load, SharedAccount, Total, together
from generator.checks.cardinality.savings import Saving, of_metric, ranked, summed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from generator.checks.cardinality.raw import MetricSeries
    from generator.checks.cardinality.recorded import RecordSeries
    from generator.checks.facts import ServiceFacts
    from generator.model.service import SeriesBudget, Site

_THOUSAND = 1000


class MetricRow(Struct, frozen=True):
    """A metric's series, their part of the budget at once, and the possible savings, the largest first."""

    series: MetricSeries
    used: float
    savings: tuple[Saving, ...]

    @property
    def saving(self) -> Saving | None:
        """The largest saving."""
        return next(iter(self.savings), None)


class GroupRow(Struct, frozen=True):
    """The recorded series of a group of rules, at once and over the retention; ``shared`` by all services or not."""

    name: str
    rules: int
    live: int
    retained: int
    shared: bool


class ServiceRow(Struct, frozen=True):
    """A service: its metrics, its rules, the sums, and the parts of the budgets that they take at once."""

    name: str
    replicas: int
    metrics: tuple[MetricRow, ...]
    groups: tuple[GroupRow, ...]
    raw: Total
    raw_used: float
    recorded: Total
    recorded_used: float
    savings: tuple[Saving, ...]
    load: Load
    budget: SeriesBudget

    @property
    def live(self) -> int:
        """Raw and recorded series at once."""
        return self.raw.live + self.recorded.live

    @property
    def saving(self) -> Saving | None:
        """The largest saving in raw series."""
        return next(iter(self.savings), None)


class Fleet(Struct, frozen=True):
    """A number of ``services``, each like the mean of the declared ones: series at once, and their cost.

    The shared rules exist once, for any number of services.
    """

    services: int
    raw: float
    recorded: float
    load: Load


class Costly(Protocol):
    """A summand: raw and recorded series, and their cost."""

    @property
    def raw(self) -> Total:
        """The exposed series."""
        ...

    @property
    def recorded(self) -> Total:
        """The recorded series."""
        ...

    @property
    def load(self) -> Load:
        """Prometheus's work for both."""
        ...


class Named(Costly, Protocol):
    """The same, of a service."""

    @property
    def name(self) -> str:
        """The service."""
        ...


class Overview(Struct, frozen=True):
    """The sums over a number of ``services``, and over the parts that all of them share."""

    services: int
    raw: Total
    each_recorded: Total
    shared: SharedAccount
    used: float
    each_load: Load

    @property
    def recorded(self) -> Total:
        """All recorded series."""
        once, each = self.shared.recorded, self.each_recorded
        return Total(each.live + once.live, each.retained + once.retained)

    @property
    def load(self) -> Load:
        """The cost of all of it."""
        return together((self.each_load, self.shared.load))

    @property
    def thousand(self) -> Fleet:
        """A fleet of a thousand such services."""
        factor = _THOUSAND / self.services
        recorded = self.each_recorded.live * factor + self.shared.recorded.live
        load = together((self.each_load.times(factor), self.shared.load))
        return Fleet(_THOUSAND, self.raw.live * factor, recorded, load)

    @property
    def live(self) -> int:
        """Raw and recorded series at once."""
        return self.raw.live + self.recorded.live

    @property
    def retained(self) -> int:
        """Raw and recorded series over the retention."""
        return self.raw.retained + self.recorded.retained


def shards(services: Sequence[Named], shared: SharedAccount, site: Site) -> dict[str, Overview]:
    """Sum over the services of each server, which has all the shared rules."""
    by_name = {row.name: row for row in services}
    by_shard = {
        shard.name: [by_name[name] for name in shard.services if name in by_name] for shard in site.shards
    }
    return {shard: overview(rows, shared, site) for shard, rows in by_shard.items() if rows}


def overview(services: Sequence[Costly], shared: SharedAccount, site: Site) -> Overview:
    """Sum over all services, and the parts that they share."""
    raw, recorded = _sum(row.raw for row in services), _sum(row.recorded for row in services)
    return Overview(
        len(services),
        raw,
        recorded,
        shared,
        (raw.live + recorded.live + shared.recorded.live) / site.budget.total,
        together(row.load for row in services),
    )


def _sum(totals: Iterable[Total]) -> Total:
    every = tuple(totals)
    return Total(sum(total.live for total in every), sum(total.retained for total in every))


def service_row(each: ServiceFacts, site: Site) -> ServiceRow:
    """Collect the numbers of one service."""
    account = each.account
    savings = [of_metric(series.metric, each.service, site) for series in account.metrics]
    most = site.budget_of(each.service).metric
    return ServiceRow(
        name=account.service,
        replicas=account.replicas,
        metrics=tuple(
            MetricRow(series, series.live / most, ranked(one))
            for series, one in zip(account.metrics, savings, strict=True)
        ),
        groups=groups(account.records),
        raw=account.raw,
        raw_used=account.raw.live / site.budget_of(each.service).service,
        recorded=account.recorded,
        recorded_used=account.recorded.live / site.budget_of(each.service).recorded,
        savings=ranked(summed(savings)),
        load=account.load,
        budget=site.budget_of(each.service),
    )


def groups(records: Iterable[RecordSeries]) -> tuple[GroupRow, ...]:
    """Sum by rule group; the parts of a split one (``status``, ``status-2``) are taken together."""
    rows: dict[str, GroupRow] = {}
    for record in records:
        stem, _, part = record.group.rpartition("-")
        name = stem if stem and part.isdigit() else record.group
        row = rows.get(name, GroupRow(name, 0, 0, 0, record.shared))
        rows[name] = GroupRow(
            name,
            row.rules + record.rules,
            row.live + record.live,
            row.retained + record.retained,
            record.shared,
        )
    return tuple(rows.values())
