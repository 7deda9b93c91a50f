"""``cardinality/series-budget``: more series at once than the site allows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.checks.cardinality.bounds import count_values, live_series
from generator.checks.cardinality.savings import Saving, of_metrics, of_records
from generator.diagnostics import Diagnostic, Span, error
from generator.model.names import RELEASE
from generator.model.service import Service, Shard, Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from generator.checks.facts import ServiceFacts
    from generator.model.metrics import Metric

_CODE = "cardinality/series-budget"
#: A plausible number of a label's values beside one of another, such as kinds of errors of one tool.
_FEW = 3
#: The budgets that a service may override.
_KEYS = ("metric", "service", "recorded")


def check(facts: ServiceFacts) -> Iterator[Diagnostic]:
    """Compare every bound of a service with its budget: each metric's, the raw and the recorded series."""
    site = facts.site
    budget = site.budget_of(facts.service)
    over = [bound for bound in _bounds(facts) if bound.live > getattr(budget, bound.key)]
    # One line raises all exceeded budgets of a service, whichever finding is read first.
    own = {key: getattr(budget, key) for key in _KEYS if getattr(budget, key) != getattr(site.budget, key)}
    room = {key: _roomy(max(one.live for one in over if one.key == key)) for key in {one.key for one in over}}
    allowed = ", ".join(f"{key}: {(own | room)[key]}" for key in _KEYS if key in own | room)
    for bound in over:
        yield _over(bound, getattr(budget, bound.key), facts, allowed)


def check_total(
    of_each: Mapping[str, int], once: int, site: Site, places: Mapping[str, Span]
) -> tuple[Diagnostic, ...]:
    """Compare the series at once of each server with the site's budget.

    Without shards there is one server.

    Args:
        of_each: The series of each service.
        once: The series that all services share.
        site: Its budget and shards.
        places: The names of the services in their specs: a finding is at that with most series.
    """
    shards = site.shards or (Shard("", tuple(of_each)),)
    return tuple(
        finding
        for shard in shards
        for finding in _of_server(
            shard.name,
            {name: of_each[name] for name in shard.services if name in of_each},
            once,
            site,
            places,
        )
    )


def _of_server(
    shard: str, of_each: Mapping[str, int], once: int, site: Site, places: Mapping[str, Span]
) -> Iterator[Diagnostic]:
    total, budget = sum(of_each.values()) + once, site.budget.total
    if total <= budget or not of_each:
        return
    largest = max(of_each, key=lambda name: (of_each[name], name))
    subject = f"the services of shard {shard}" if shard else "all services"
    yield error(
        _CODE,
        f"{subject} may have {total:,} series at once, raw and recorded: {total - budget:,} over the "
        f"budget of {budget:,}",
        places.get(largest),
        f"{largest} has most of them ({of_each[largest]:,}): shrink that first, or allow them in site.yaml: "
        f"series_budget: {{total: {_roomy(total)}}}",
    )


class _Bound(Struct, frozen=True):
    """A bound of series at once, the key of its budget, and the parts that can be shrunk."""

    what: str
    live: int
    key: str
    savings: Callable[[], tuple[Saving, ...]]
    metrics: tuple[Metric, ...] = ()


def _roomy(live: int) -> int:
    """Round up to two digits, so that the next value of a label still fits."""
    size = 10 ** max(0, len(str(live)) - 2)
    return int(-(-live // size) * size)


def _bounds(facts: ServiceFacts) -> Iterator[_Bound]:
    service, site, account = facts.service, facts.site, facts.account
    for metric in account.metrics:
        of_metric = partial(of_metrics, (metric.metric,), service, site)
        what = f"{metric.metric.name} of {service.name}"
        yield _Bound(what, metric.live, "metric", of_metric, (metric.metric,))
    every = tuple(metric.metric for metric in account.metrics)
    of_all = partial(of_metrics, every, service, site)
    yield _Bound(service.name, account.raw.live, "service", of_all, every)
    of_rules = partial(of_records, facts.exposed, facts.world)
    yield _Bound(f"the recording rules of {service.name}", account.recorded.live, "recorded", of_rules)


def _over(bound: _Bound, budget: int, facts: ServiceFacts, allowed: str) -> Diagnostic:
    most = next(iter(bound.savings()), None)
    excess = bound.live - budget
    return error(
        _CODE,
        f"{bound.what} may have {bound.live:,} series at once: {excess:,} over the budget of {budget:,}",
        _place(most, facts.service),
        "; ".join(
            [
                _shrink(most) if most else "expose less",
                *_few_together(bound, facts.exposed, facts.site),
                *_of_instances(bound, facts.service),
                *_without_created(bound, facts.exposed, facts.site),
                f"or allow them, in this service or for each in site.yaml: series_budget: {{{allowed}}}",
            ]
        ),
    )


def _few_together(bound: _Bound, service: Service, site: Site) -> Iterator[str]:
    """Suggest a bound of pairs if it saves series: few values of a label beside one of another, without series at 0."""
    found = [
        (sum(live_series(one, service, site) - live_series(one, fewer, site) for one in bound.metrics), *pair)
        for pair in dict.fromkeys(filter(None, (_pair(one, service) for one in bound.metrics)))
        for fewer in [_with_few(service, *pair)]
    ]
    saved, label, other = max(found, default=(0, "", ""))
    if saved:
        yield (
            f'where at most {_FEW} of "{label}" stand beside one "{other}", say so under labels, '
            f"{label}: {{per: {{{other}: {_FEW}}}}}, which would save {saved:,}"
        )


def _pair(metric: Metric, service: Service) -> tuple[str, str] | None:
    """Return the two labels that multiply most in a metric whose series do not all exist from the start."""
    many = [
        name
        for name in metric.labels
        if name != RELEASE and name in service.labels and count_values(service.labels[name]) > _FEW
    ]
    if not (metric.sparse or metric.foreign) or any(service.labels[name].per for name in many):
        return None
    most = sorted(many, key=lambda name: -count_values(service.labels[name]))
    return (most[0], most[1]) if len(most) > 1 else None


def _with_few(service: Service, label: str, other: str) -> Service:
    few = replace(service.labels[label], per=((other, _FEW),))
    return replace(service, labels={**service.labels, label: few})


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


def _shrink(saving: Saving) -> str:
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
