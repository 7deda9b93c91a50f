"""The site: intervals that tile time, addresses, budgets of series."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.model.service import SeriesBudget, Shard, Site
from generator.model.units import DAY, MINUTE, duration
from generator.resolve.deliver import resolve_deliver
from generator.resolve.histograms import are_native
from generator.resolve.oldest import resolve_oldest
from generator.resolve.receivers import resolve_receivers
from generator.resolve.times import seconds

if TYPE_CHECKING:
    from generator.diagnostics.findings import Findings
    from generator.spec.types import SeriesBudgetSpec, ServiceSpec, SiteSpec

SCRAPE_INTERVAL = 15
RULE_INTERVAL = MINUTE
RETENTION = 15 * DAY
#: Above this, rules that read others find gaps (Prometheus looks back five minutes).
LONGEST_RULE_INTERVAL = 2 * MINUTE
LONGEST_SCRAPE_INTERVAL = MINUTE
BUDGET = SeriesBudget(metric=5_000, service=20_000, recorded=5_000, total=200_000)


def resolve_site(spec: SiteSpec | None, findings: Findings) -> Site:
    """Fill in the defaults of the site file, or of all keys without a file."""
    if spec is None:
        return Site(
            SCRAPE_INTERVAL, RULE_INTERVAL, RETENTION, "", "runbooks", created_series=True, budget=BUDGET
        )
    receivers = resolve_receivers(spec.receivers, findings)
    oldest = resolve_oldest(spec.oldest_prometheus, findings)
    site = Site(
        scrape_interval=seconds(spec.scrape_interval, SCRAPE_INTERVAL, findings),
        rule_interval=seconds(spec.rule_interval, RULE_INTERVAL, findings),
        retention=seconds(spec.retention, RETENTION, findings),
        grafana_url=spec.grafana_url or "",
        runbook_url=spec.runbook_url or "runbooks",
        created_series=spec.created_series is not False,
        budget=resolve_budget(spec.series_budget, BUDGET),
        oldest_prometheus=oldest,
        deliver=resolve_deliver(spec, receivers, findings),
        shards=tuple(
            Shard(entry.key.value, tuple(name.value for name in entry.value)) for entry in spec.shards
        ),
        receivers=receivers,
        native_histograms=are_native(spec.histograms, oldest, findings, default=False),
        grafana_v2=spec.grafana_v2 is True,
    )
    # Wrong intervals must not cause further errors in keys that depend on them.
    right = _check_intervals(spec, site, findings)
    return site if right else replace(site, scrape_interval=SCRAPE_INTERVAL, rule_interval=RULE_INTERVAL)


def scraped_every(spec: ServiceSpec, site: Site, findings: Findings) -> int:
    """Read the scrape interval of a service's targets, in seconds; the default is the site's."""
    found = seconds(spec.scrape_interval, site.scrape_interval, findings)
    if spec.scrape_interval and not found <= min(LONGEST_SCRAPE_INTERVAL, site.rule_interval):
        findings.error(
            "site/scrape-interval",
            f"a scrape every {duration(found)} is too seldom for rates of one rule interval",
            spec.scrape_interval.span,
            "scrape every 15s or 30s",
        )
        return site.scrape_interval
    return found


def resolve_budget(spec: SeriesBudgetSpec | None, base: SeriesBudget) -> SeriesBudget:
    """Override the budgets of ``base`` by the written ones."""
    if spec is None:
        return base
    return SeriesBudget(
        metric=spec.metric or base.metric,
        service=spec.service or base.service,
        recorded=spec.recorded or base.recorded,
        total=spec.total or base.total,
    )


def _check_intervals(spec: SiteSpec, site: Site, findings: Findings) -> bool:
    """Report intervals that lose events or leave gaps; return whether they can be used."""
    scrape, rule = spec.scrape_interval, spec.rule_interval
    place = scrape.span if scrape else spec.span
    if site.scrape_interval > LONGEST_SCRAPE_INTERVAL:
        findings.error(
            "site/scrape-interval",
            f"a scrape every {duration(site.scrape_interval)} is too seldom for rates of one rule interval",
            place,
            "scrape every 15s or 30s",
        )
    elif site.scrape_interval == LONGEST_SCRAPE_INTERVAL:
        findings.warning(
            "site/scrape-interval",
            "a scrape every minute loses events: with one missed scrape in twenty, one event in ten",
            place,
            "scrape every 15s or 30s",
        )
    if not site.scrape_interval <= site.rule_interval <= LONGEST_RULE_INTERVAL:
        why = (
            "leave gaps for the rules that read them"
            if site.rule_interval > LONGEST_RULE_INTERVAL
            else f"find nothing new between scrapes every {duration(site.scrape_interval)}"
        )
        findings.error(
            "site/rule-interval",
            f"rules every {duration(site.rule_interval)} {why}",
            rule.span if rule else spec.span,
            f"choose between the scrape interval and {duration(LONGEST_RULE_INTERVAL)}; 60s suits most",
        )
        return False
    return site.scrape_interval <= LONGEST_SCRAPE_INTERVAL
