"""Numbers of series, compared with the bounds of the spec and the site's budgets; turnover; the scrape interval."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from generator.audit.findings import (
    Finding,
    Fix,
    of_service,
    service_file,
    site_file,
    snippet,
    suspicion,
    violation,
)
from generator.checks.cardinality.bounds import count_values
from generator.diagnostics.wording import listed, quoted
from generator.live.api import is_other
from generator.model.names import LE
from generator.model.units import WEEK, duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.audit.observe import Observed, ObservedMetric


def check(seen: Observed) -> Iterator[Finding]:
    """Compare the existing series with the allowed ones."""
    yield from _scraped_twice(seen) or _replicas(seen)
    for observed in seen.metrics.values():
        yield from _created(observed, seen)
        if not observed.metric.foreign:  # no spec bounds the foreign labels that it does not read
            yield from _bound(observed, seen)
        yield from _budget(observed, seen)
    yield from _exposed(seen)
    yield from _turnover(seen)


def _scraped_twice(seen: Observed) -> tuple[Finding, ...]:
    """Report targets of several jobs, whose events count several times."""
    jobs = max((one.jobs for one in seen.metrics.values()), key=len, default=())
    if not jobs:
        return ()
    message = (
        f"several jobs scrape the same instances of {seen.service.name}, {listed(map(quoted, jobs))}: "
        f"each event counts {len(jobs)} times"
    )
    help_ = f"scrape them once, or select one of the jobs: write job: {jobs[0]} under selector"
    return (Finding(suspicion("audit/scraped-twice", message, seen, "selector", help_)),)


def _replicas(seen: Observed) -> Iterator[Finding]:
    wanted = seen.service.replicas
    if seen.instances > wanted:
        message = f"{seen.instances:,} instances expose {seen.service.name}, and its spec says {wanted:,}"
        help_ = "the bound of series counts with them: say the largest number there is"
        fix = of_service(seen.service, replicas=seen.instances)
        yield Finding(violation("audit/replicas", message, seen, "", help_), fix=fix)


def _created(observed: ObservedMetric, seen: Observed) -> Iterator[Finding]:
    if observed.created and not (seen.site.created_series and observed.metric.created):
        name = observed.metric.name
        who = "its profile" if seen.site.created_series else "site.yaml"
        message = f"{name} has {observed.created:,} _created series, and {who} says that there are none"
        path = f"metrics.{name}"
        if observed.metric.foreign:
            help_ = (
                "nothing reads them: let the source leave them out, or the scrape drop them (metric_relabel_configs: "
                "source_labels: [__name__], regex: .+_created, action: drop)"
            )
            yield Finding(suspicion("audit/created-series", message, seen, path, help_), name)
            return
        help_ = "no bound counts them: call disable_created_metrics() in the code, or say that they are there"
        fix = Fix(site_file(seen.service), snippet({"created_series": True}))
        yield Finding(violation("audit/created-series", message, seen, path, help_), name, fix)


def _bound(observed: ObservedMetric, seen: Observed) -> Iterator[Finding]:
    allowed = seen.allowed(observed)
    if observed.series > allowed:
        name = observed.metric.name
        message = f"{name} has {observed.series:,} series, and its spec bounds them by {allowed:,}"
        yield Finding(
            violation("audit/series-bound", message, seen, f"metrics.{name}", _contribution(observed)), name
        )


def _contribution(observed: ObservedMetric) -> str:
    """Name the label that contributes most series."""
    most = observed.most
    if most is None:
        return "no label has more than one value: look for instances that are gone or were renamed"
    left = observed.series - most.saved
    if most.name == LE:
        return f"the {most.values:,} buckets contribute most: with one there would be {left:,}"
    return (
        f'label "{most.name}" ({most.values:,} values) contributes most: without it there would be {left:,}'
    )


def _budget(observed: ObservedMetric, seen: Observed) -> Iterator[Finding]:
    budget, expected = seen.budget.metric, ceil(observed.series * seen.scale)
    if expected > budget:
        name = observed.metric.name
        of_all = f", which is {expected:,} on {seen.service.replicas:,} replicas" if seen.scale > 1 else ""
        message = f"{name} has {observed.series:,} series{of_all}: over the budget of {budget:,} for a metric"
        diagnostic = violation(
            "audit/series-budget", message, seen, f"metrics.{name}", f"{_contribution(observed)}"
        )
        yield Finding(diagnostic, name)


def _exposed(seen: Observed) -> Iterator[Finding]:
    """Compare all series of the targets with the budget of a service, like AgentSeriesBudgetExceeded."""
    budget, known = seen.budget.service, seen.exposed
    if known is None:
        known = ceil(sum(observed.series for observed in seen.metrics.values()) * seen.scale)
    if known > budget:
        largest = max(seen.metrics.values(), key=lambda observed: observed.series, default=None)
        help_ = f"{largest.metric.name} has most ({largest.series:,}): shrink that first" if largest else ""
        message = f"the targets of {seen.service.name} expose {known:,} series: over the budget of {budget:,}"
        yield Finding(violation("audit/series-budget", message, seen, "", help_))


def _turnover(seen: Observed) -> Iterator[Finding]:
    """Compare the values within the retention with the turnover in the spec."""
    weeks = seen.site.retention / WEEK
    for name, lived in seen.turnover.items():
        label = seen.service.labels[name]
        allowed = count_values(label, weeks)
        if lived > allowed:
            message = (
                f'label "{name}" had {lived:,} values within {duration(seen.site.retention)}, and the spec expects '
                f"{allowed:,} at most: {label.max_live:,} at once and {label.new_per_week:g} new ones a week"
            )
            faster = ceil((lived - label.max_live) / weeks)
            fix = of_service(
                seen.service, labels={name: {"max_live": label.max_live, "new_per_week": faster}}
            )
            help_ = (
                "each leaves its series behind until the retention ends: release less often, or say how often"
            )
            diagnostic = violation("audit/turnover", message, seen, f"labels.{name}", help_)
            yield Finding(diagnostic, fix=fix)


def check_interval(seen: Observed) -> Iterator[Finding]:
    """Compare the site's interval with the real one."""
    declared = seen.site.scrape_interval
    if seen.interval is None or not is_other(seen.interval, declared):
        return
    true = max(1, round(seen.interval))
    own = bool(seen.service.scrape_interval)
    message = (
        f"{seen.service.name} is scraped every {duration(true)}, and {'its spec' if own else 'site.yaml'} says "
        f"scrape_interval: {duration(declared)}"
    )
    whose = service_file if own else site_file
    fix = Fix(whose(seen.service), snippet({"scrape_interval": duration(true)}))
    if seen.interval < declared:
        help_ = "some increases are counted twice: say the true interval, then generate again"
        yield Finding(suspicion("audit/scrape-interval", message, seen, "", help_), fix=fix)
        return
    help_ = "rates see too few samples, so that little or nothing is recorded: say the true interval, or scrape as said"
    yield Finding(violation("audit/scrape-interval", message, seen, "", help_), fix=fix)
