"""The number of series as text for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model.units import duration
from generator.reports.numbers import number, percent
from generator.reports.rows import Overview, ServiceRow, overview, shards

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from generator.checks.cardinality.account import Load, SharedAccount
    from generator.checks.cardinality.raw import LabelBound
    from generator.checks.cardinality.savings import Saving
    from generator.model.service import Site


def to_text(rows: Sequence[ServiceRow], shared: SharedAccount, site: Site) -> str:
    """Write a table for each service, and the sums."""
    parts = ["\n".join(_service(row, site)) for row in rows]
    parts.append("\n".join(_sums(overview(rows, shared, site), shards(rows, shared, site), site)))
    return "\n\n".join(parts) + "\n"


def _service(row: ServiceRow, site: Site) -> Iterator[str]:
    budget = row.budget
    over = f"over {duration(site.retention)}"
    yield f"{row.name} ({_counted(row.replicas, 'instance')})"
    table = [("metric", "labels", "each", "at once", over, "of budget", "shrink first")]
    table += [
        (
            metric.series.metric.name,
            label_factors(metric.series.labels),
            number(metric.series.each),
            number(metric.series.live),
            number(metric.series.retained),
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
        (name, "", "", number(total.live), number(total.retained), percent(used), saving)
        for name, total, used, saving in sums
    ]
    yield from columns(table)
    yield (
        f"  budgets: {number(budget.metric)} a metric, {number(budget.service)} raw, "
        f"{number(budget.recorded)} recorded"
    )
    yield f"  {_load(row.load)}"


def _sums(overview: Overview, servers: Mapping[str, Overview], site: Site) -> Iterator[str]:
    yield f"all services ({overview.services})"
    live = _live(overview.raw.live, overview.recorded.live)
    yield (
        f"  {live}, {percent(overview.used)} of {number(site.budget.total)}; "
        f"{number(overview.retained)} over {duration(site.retention)}"
    )
    yield f"  {_load(overview.load)}"
    yield f"  of these {number(overview.shared.load.rules)} rules are shared by all services"
    for shard, one in servers.items():
        share = f"{percent(one.used)} of {number(site.budget.total)}"
        yield f"shard {shard} ({_counted(one.services, 'service')})"
        yield f"  {_live(one.raw.live, one.recorded.live)}, {share}"
        yield f"  {_load(one.load)}"
    fleet = overview.thousand
    yield f"{number(fleet.services)} services like these"
    yield f"  {_live(fleet.raw, fleet.recorded)}"
    yield f"  {_load(fleet.load)}"


def label_factors(bounds: Sequence[LabelBound]) -> str:
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
    return f"{what}: half saves {number(saving.halved)}"


def _live(raw: float, recorded: float) -> str:
    return f"{number(raw + recorded)} series at once ({number(raw)} raw, {number(recorded)} recorded)"


def _load(load: Load) -> str:
    return (
        f"{number(load.scraped)} samples/s scraped, {number(load.recorded)} recorded; {number(load.rules)} rules in "
        f"{number(load.groups)} groups, {number(load.evaluations)} evaluations/s"
    )


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")


#: The columns of numbers in the table.
_NUMBERS = range(2, 6)


def columns(table: Sequence[Sequence[str]]) -> Iterator[str]:
    """Align a table whose first row is its head; numbers are aligned to the right."""
    widths = [max(len(row[index]) for row in table) for index in range(len(table[0]))]
    for row in table:
        cells = (
            cell.rjust(width) if index in _NUMBERS else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield f"  {'  '.join(cells)}".rstrip()
