"""Series: the number that the service's targets expose, as Prometheus itself counts at each scrape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.alerts import usual
from generator.alerts.condition import SERVICE_VALUE, Ground, bound_of
from generator.alerts.guide import OF_RELEASES, RELEASES, Guide, ask
from generator.model import names
from generator.model.alerts import Alert, Bound, SeriesCount, Tier
from generator.model.units import Unit
from generator.scenarios import SLACK, SeriesId, Subject, TestCase
from generator.streams.scope import summed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.alerts.draft import Draft, Resolved
    from generator.model.service import Service
    from generator.promql.expr import Expr

KEY, KIND = "series_budget", SeriesCount
FLOORS: tuple[str, ...] = ()
GUIDE: Guide | None = Guide(
    "If Prometheus is short of memory, drop the label that grew by metric_relabel_configs until the code is "
    "right.",
    (
        ask(
            "Which metric and which label grew? `reports/cardinality.md` has the bound of each, `audit` what "
            "there is."
        ),
        ask("Are there more instances than the spec's `replicas`?"),
        ask("Since which release?", RELEASES, needs=OF_RELEASES),
    ),
)
records, labels, variant_parts, panel = usual.records, usual.labels, usual.variant_parts, usual.list_of_alerts


def resolve(draft: Draft) -> Iterator[Resolved]:
    """Resolve it for the site's budget of series."""
    scope = draft.scope
    if signals := scope.fed_by(scope.runs):
        allowed = scope.site.budget.service
        tier = Tier(draft.severity(), allowed, f"{allowed:,}", written=Bound(allowed, None, "#"))
        yield draft.resolved_beside(signals[0], SeriesCount(allowed), (tier,))


def expr(alert: Alert, kind: SeriesCount, tier: Tier, ground: Ground) -> Expr:
    """Sum one series a target; counting the real ones would read them all."""
    return ground.bound(alert, tier).compare(">", compared(alert, kind, ground))


def compared(_alert: Alert, _kind: SeriesCount, ground: Ground) -> Expr:
    """Sum the series of the targets."""
    return summed(ground.scope.written(names.SCRAPED).now())


def sentence(alert: Alert, _kind: SeriesCount, tier: Tier, ground: Ground) -> str:
    """Describe the number of series."""
    budget = bound_of(alert, tier, Unit.COUNT, ground)
    return f"The targets of {SERVICE_VALUE} expose {{{{ $value | humanize }}}} series, and its budget is {budget}."


def words(_alert: Alert, kind: SeriesCount, _tier: Tier, _service: Service) -> str:
    """Describe the condition for people."""
    return f"The service's targets expose more than {kind.allowed} series"


def cases(_kind: SeriesCount, subject: Subject) -> Iterator[TestCase]:
    """Expose one series too many."""
    scraped, most = SeriesId(names.SCRAPED, ()), subject.tier.bound
    allowed, more = {scraped: most}, {scraped: most + 1}
    begun = subject.timeline.then(subject.alert.for_ + SLACK, allowed).quiet("silent at the number itself")
    timeline = subject.fires_and_resolves(
        begun,
        more,
        allowed,
        true_after=subject.interval,
        false_after=subject.interval,
        value=most + 1,
    )
    yield subject.case("fires above its budget", timeline)
