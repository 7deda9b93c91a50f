"""``cardinality/series-budget``: more series at once than the site allows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.checks.cardinality.raw import live_series
from generator.checks.cardinality.savings import Saving, of_metrics, of_records
from generator.diagnostics import Diagnostic, error
from generator.model.service import Shard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from generator.checks.facts import Facts, ServiceFacts
    from generator.diagnostics import Span
    from generator.model.metrics import Metric
    from generator.model.service import Service, Site

CODE = "cardinality/series-budget"


def check(facts: Facts) -> tuple[Diagnostic, ...]:
    """Compare every bound of every service with its budget: each metric's, the raw and the recorded series."""
    return tuple(finding for each in facts.services for finding in _of_service(each, facts.site))


def check_total(of_each: Mapping[str, int], once: int, site: Site) -> tuple[Diagnostic, ...]:
    """Compare the series at once of each server with the site's budget; ``once`` are those shared by all services.

    Without shards there is one server.
    """
    shards = site.shards or (Shard("", tuple(of_each)),)
    return tuple(
        finding
        for shard in shards
        for finding in _of_server(
            shard.name, {name: of_each[name] for name in shard.services if name in of_each}, once, site
        )
    )


def _of_server(shard: str, of_each: Mapping[str, int], once: int, site: Site) -> Iterator[Diagnostic]:
    total, budget = sum(of_each.values()) + once, site.budget.total
    if total <= budget or not of_each:
        return
    largest = max(of_each, key=lambda name: (of_each[name], name))
    subject = f"the services of shard {shard}" if shard else "all services"
    yield error(
        CODE,
        f"{subject} may have {total:,} series at once, raw and recorded: {total - budget:,} over the "
        f"budget of {budget:,}",
        None,
        f"{largest} has most of them ({of_each[largest]:,}): shrink that first, or raise series_budget.total in "
        "site.yaml",
    )


class _Bound(Struct, frozen=True):
    """A bound of series at once, the key of its budget, and the parts that can be shrunk."""

    what: str
    live: int
    key: str
    savings: Callable[[], tuple[Saving, ...]]
    metrics: tuple[Metric, ...] = ()


def _of_service(each: ServiceFacts, site: Site) -> Iterator[Diagnostic]:
    for bound in _bounds(each, site):
        budget: int = getattr(site.budget_of(each.service), bound.key)
        if bound.live > budget:
            yield _over(bound, budget, each, site)


def _bounds(each: ServiceFacts, site: Site) -> Iterator[_Bound]:
    service, account = each.service, each.account
    for found in account.metrics:
        of_metric = partial(of_metrics, (found.metric,), service, site)
        what = f"{found.metric.name} of {service.name}"
        yield _Bound(what, found.live, "metric", of_metric, (found.metric,))
    of_all = partial(of_metrics, tuple(service.metrics.values()), service, site)
    every = tuple(found.metric for found in account.metrics)
    yield _Bound(service.name, account.raw.live, "service", of_all, every)
    of_rules = partial(of_records, each.exposed, each.world)
    yield _Bound(f"the recording rules of {service.name}", account.recorded.live, "recorded", of_rules)


def _over(bound: _Bound, budget: int, known: ServiceFacts, site: Site) -> Diagnostic:
    most = next(iter(bound.savings()), None)
    excess = bound.live - budget
    return error(
        CODE,
        f"{bound.what} may have {bound.live:,} series at once: {excess:,} over the budget of {budget:,}",
        _place(most, known.service),
        "; ".join(
            [
                shrink(most) if most else "expose less",
                *_of_instances(bound, known.service),
                *_without_created(bound, known.exposed, site),
                f"or raise series_budget.{bound.key} of this service, or of each in site.yaml",
            ]
        ),
    )


def _of_instances(bound: _Bound, service: Service) -> Iterator[str]:
    """Explain that instances multiply raw series, independent of labels."""
    if bound.metrics and service.replicas > 1:
        yield f"each of {service.replicas:,} replicas exposes {bound.live // service.replicas:,} of them"


def _without_created(bound: _Bound, service: Service, site: Site) -> Iterator[str]:
    """Compute the saving of ``created_series: false``, where client libraries expose ``_created`` series."""
    without = replace(site, created_series=False)
    each = (
        live_series(metric, service, site) - live_series(metric, service, without) for metric in bound.metrics
    )
    if saved := sum(each):
        yield f"created_series: false in site.yaml, which the generated module follows, would save {saved:,}"


def shrink(saving: Saving) -> str:
    """Name the label to shrink and the saving."""
    if saving.buckets:
        return (
            f"shrink the buckets ({saving.values} bounds): half of them would save {saving.halved:,}, "
            f"all but one {saving.dropped:,}"
        )
    dropped = f"at least {saving.dropped:,}" if saving.at_least else f"{saving.dropped:,}"
    return (
        f'shrink label "{saving.label}" ({saving.values} values): half of them would save {saving.halved:,}, '
        f"dropping it {dropped}"
    )


def _place(most: Saving | None, service: Service) -> Span | None:
    """Point at the label that contributes most, which is the one to change."""
    if most is None:
        return service.where("")
    return service.where(f"metrics.{most.metric}" if most.buckets else f"labels.{most.label}")
