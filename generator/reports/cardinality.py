"""The number of series that the specs allow: in rows, as JSON for machines, and as text for a terminal.

There is a row for each metric, each group of rules, and each service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from generator.checks.cardinality.account import ServerLoad, SharedAccount, Total, together
from generator.checks.cardinality.savings import Saving, added_savings, of_metric, of_records, ranked
from generator.diagnostics.wording import counted
from generator.json_text import json_member, json_with_members
from generator.model.units import duration, human_number, percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from generator.checks.cardinality.bounds import LabelBound, MetricSeries, RecordSeries
    from generator.checks.facts import ServiceFacts
    from generator.model.service import SeriesBudget, Service, Site

#: Raised when a key changes its meaning or goes away.
_VERSION = 1
#: The columns of numbers in the table.
_NUMBERS = range(2, 6)
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
    load: ServerLoad
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
    load: ServerLoad


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
    def load(self) -> ServerLoad:
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
    each_load: ServerLoad

    @property
    def recorded(self) -> Total:
        """All recorded series."""
        once, each = self.shared.recorded, self.each_recorded
        return Total(each.live + once.live, each.retained + once.retained)

    @property
    def load(self) -> ServerLoad:
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
        savings=ranked(added_savings(savings)),
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


def cardinality_json(
    total: Overview, shards: Mapping[str, Overview], services: Iterable[tuple[str, str]], site: Site
) -> str:
    """Write the numbers as JSON.

    Args:
        total: The sums over all services.
        shards: The sums over the services of each server, by its name; empty with one server.
        services: Their names, and the ``service_numbers`` of each.
        site: Its intervals and budgets.

    The keys, at any place:

    - ``live``, ``retained``: series at once; over the retention.
    - ``raw``, ``recorded``: those that services expose; those that recording rules add.
    - ``samples_per_second``, ``rule_evaluations_per_second``: Prometheus's work for them, in ``rule_groups``; of
      the samples some are ``scraped``, the others written by recording ``rules``.
    - ``thousand_services``: the same for a thousand services, each like the mean of these, and the shared rules once.
    - ``budget``: the largest allowed ``live`` of a ``metric``, of a ``service`` (raw), of a service's ``recorded``
      series, and of all services in ``total`` (raw and recorded).
    - of a metric: ``labels`` with their values ``live`` and ``retained`` and the label that each ``follows`` (it does
      not multiply then), ``series_per_combination`` of label values, and series of one ``instance``.
    - ``shards``: for each server the sums over its services, with the shared rules, which each of them has.
    - ``shared``: the rules about all services, which exist once, and the series that are about none of them; the
      ``rules`` of a service are its own.
    - ``groups``, ``records``: the recorded series of a service by the groups of their rules, its own or ``shared``
      ones, and by their names.
    - ``shrink``: savings in series at once, the largest first: a ``label`` with its ``values``, the saving with
    ``halved`` values, and with the label ``dropped`` (for recorded series a lower bound, as rules go with it).
      Label ``le`` means the buckets of ``metric``.
    """
    head = {
        "version": _VERSION,
        **_settings(site),
        "total": {
            "live": total.live,
            "retained": total.retained,
            "raw": _total(total.raw),
            "recorded": _total(total.recorded),
            **_load(total.load),
        },
        **({"shards": {name: _server(one) for name, one in shards.items()}} if shards else {}),
        "shared": {"recorded": _total(total.shared.recorded), **_load(total.shared.load)},
        "thousand_services": _fleet(total.thousand),
    }
    return json_with_members(head, "services", services)


def _settings(site: Site) -> dict[str, object]:
    budget = site.budget
    return {
        "scrape_interval_seconds": site.scrape_interval,
        "rule_interval_seconds": site.rule_interval,
        "retention_seconds": site.retention,
        "created_series": site.created_series,
        "budget": {
            "metric": budget.metric,
            "service": budget.service,
            "recorded": budget.recorded,
            "total": budget.total,
        },
    }


def _fleet(fleet: Fleet) -> dict[str, object]:
    series = {"raw": fleet.raw, "recorded": fleet.recorded}
    return {**{name: {"live": round(live)} for name, live in series.items()}, **_load(fleet.load)}


def _server(one: Overview) -> dict[str, object]:
    return {"services": one.services, "live": one.live, "retained": one.retained, **_load(one.load)}


def service_numbers(each: ServiceFacts, row: ServiceRow) -> str:
    """Write the part of ``cardinality_json`` about one service, as JSON."""
    account = each.account
    contents = {
        "replicas": account.replicas,
        **_own_budget(each.service),
        "raw": _total(account.raw),
        "recorded": _total(account.recorded),
        **_load(account.load),
        "metrics": {metric.series.metric.name: _metric(metric) for metric in row.metrics},
        "groups": {
            group.name: {
                "rules": group.rules,
                "live": group.live,
                "retained": group.retained,
                **({"shared": True} if group.shared else {}),
            }
            for group in row.groups
        },
        "records": _records(account.records),
        "shrink": {
            "raw": _shrink(row.savings),
            "recorded": _shrink(of_records(each.exposed, each.world)),
        },
    }
    return json_member(contents)


def _own_budget(service: Service) -> dict[str, object]:
    budget = service.series_budget
    if budget is None:
        return {}
    return {"budget": {"metric": budget.metric, "service": budget.service, "recorded": budget.recorded}}


def _metric(row: MetricRow) -> dict[str, object]:
    series = row.series
    return {
        "type": str(series.metric.type),
        "labels": {
            label.name: {
                "live": label.live,
                "retained": label.retained,
                **({"follows": label.follows} if label.follows else {}),
            }
            for label in series.labels
        },
        "series_per_combination": series.each,
        "instance": series.instance,
        "live": series.live,
        "retained": series.retained,
        "shrink": _shrink(row.savings),
    }


def _records(found: Iterable[RecordSeries]) -> dict[str, dict[str, int]]:
    """Sum by record: both the shared rules and a service's own write some."""
    summed: dict[str, dict[str, int]] = {}
    for one in found:
        series = summed.setdefault(one.record, {"live": 0, "retained": 0})
        series["live"] += one.live
        series["retained"] += one.retained
    return summed


def _shrink(savings: Iterable[Saving]) -> list[dict[str, object]]:
    return [
        {
            "label": saving.label,
            **({"metric": saving.metric} if saving.metric else {}),
            "values": saving.values,
            "halved": saving.halved,
            "dropped": saving.dropped,
        }
        for saving in savings
    ]


def _total(total: Total) -> dict[str, int]:
    return {"live": total.live, "retained": total.retained}


def _load(load: ServerLoad) -> dict[str, float]:
    return {
        "samples_per_second": round(load.samples, 3),
        "scraped_samples_per_second": round(load.scraped, 3),
        "recorded_samples_per_second": round(load.recorded, 3),
        "rules": round(load.rules),
        "rule_groups": round(load.groups),
        "rule_evaluations_per_second": round(load.evaluations, 3),
    }


def to_text(rows: Sequence[ServiceRow], shared: SharedAccount, site: Site) -> str:
    """Write a table for each service, and the sums."""
    parts = ["\n".join(_service(row, site)) for row in rows]
    parts.append("\n".join(_sums(overview(rows, shared, site), shards(rows, shared, site), site)))
    return "\n\n".join(parts) + "\n"


def _service(row: ServiceRow, site: Site) -> Iterator[str]:
    budget = row.budget
    over = f"over {duration(site.retention)}"
    yield f"{row.name} ({counted(row.replicas, 'instance')})"
    table = [("metric", "labels", "each", "at once", over, "of budget", "shrink first")]
    table += [
        (
            metric.series.metric.name,
            _label_factors(metric.series.labels),
            human_number(metric.series.each),
            human_number(metric.series.live),
            human_number(metric.series.retained),
            percent(metric.used),
            _saving(metric.saving),
        )
        for metric in row.metrics
    ]
    sums = (
        ("raw", row.raw, row.raw_used, _saving(row.saving)),
        ("recorded", row.recorded, row.recorded_used, ""),
    )
    table += [
        (name, "", "", human_number(total.live), human_number(total.retained), percent(used), saving)
        for name, total, used, saving in sums
    ]
    yield from columns(table)
    yield (
        f"  budgets: {human_number(budget.metric)} a metric, {human_number(budget.service)} raw, "
        f"{human_number(budget.recorded)} recorded"
    )
    yield f"  {_load_in_words(row.load)}"


def _sums(overview: Overview, servers: Mapping[str, Overview], site: Site) -> Iterator[str]:
    yield f"all services ({overview.services})"
    live = _live(overview.raw.live, overview.recorded.live)
    yield (
        f"  {live}, {percent(overview.used)} of {human_number(site.budget.total)}; "
        f"{human_number(overview.retained)} over {duration(site.retention)}"
    )
    yield f"  {_load_in_words(overview.load)}"
    yield f"  of these {human_number(overview.shared.load.rules)} rules are shared by all services"
    for shard, one in servers.items():
        share = f"{percent(one.used)} of {human_number(site.budget.total)}"
        yield f"shard {shard} ({counted(one.services, 'service')})"
        yield f"  {_live(one.raw.live, one.recorded.live)}, {share}"
        yield f"  {_load_in_words(one.load)}"
    fleet = overview.thousand
    yield f"{human_number(fleet.services)} services like these"
    yield f"  {_live(fleet.raw, fleet.recorded)}"
    yield f"  {_load_in_words(fleet.load)}"


def _label_factors(bounds: Sequence[LabelBound]) -> str:
    """Write the factors: ``tool 4 x release 4 (9)``, in brackets the values over the retention."""
    factors = [
        f"{label.name} {label.live}" + (f" ({label.retained})" if label.retained != label.live else "")
        for label in bounds
        if not label.follows
    ]
    return " x ".join(factors) or "none"


def _saving(saving: Saving | None) -> str:
    if saving is None:
        return ""
    what = f"buckets of {saving.metric}" if saving.buckets else saving.label
    return f"{what}: half saves {human_number(saving.halved)}"


def _live(raw: float, recorded: float) -> str:
    return f"{human_number(raw + recorded)} series at once ({human_number(raw)} raw, {human_number(recorded)} recorded)"


def _load_in_words(load: ServerLoad) -> str:
    return (
        f"{human_number(load.scraped)} samples/s scraped, {human_number(load.recorded)} recorded; "
        f"{human_number(load.rules)} rules in {human_number(load.groups)} {'group' if load.groups == 1 else 'groups'}, "
        f"{human_number(load.evaluations)} evaluations/s"
    )


def columns(table: Sequence[Sequence[str]]) -> Iterator[str]:
    """Align a table whose first row is its head; numbers are aligned to the right."""
    widths = [max(len(row[index]) for row in table) for index in range(len(table[0]))]
    for row in table:
        cells = (
            cell.rjust(width) if index in _NUMBERS else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield f"  {'  '.join(cells)}".rstrip()
