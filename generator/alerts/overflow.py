"""Overflow: observations beyond the last bucket, where a quantile is stuck at the bucket's bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.alerts import condition, usual
from generator.alerts.draft import Draft, Resolved, SignalDraft, about_signal
from generator.alerts.guide import OF_RELEASES, RELEASES, Guide, ask
from generator.alerts.threshold.trials import BoundValues, on_both_sides
from generator.alerts.tiers import ABOVE_ALL, BELOW_ZERO, Reason, bounded_tiers, check_traffic
from generator.model import names
from generator.model.alerts import MIN_BAD_EVENTS, Alert, Bound, Overflow, Tier
from generator.model.panels import PANELS
from generator.model.signals import Quantile, Signal
from generator.model.units import Unit, human
from generator.notation.quantities import ResolvedBound, amount
from generator.scenarios import MARGIN, Subject, Traffic, beyond_last

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from generator.alerts.condition import Ground
    from generator.model.service import Service
    from generator.promql.expr import Expr
    from generator.scenarios import Load, TestCase
    from generator.spec.types import Text

KEY, KIND = "overflow", Overflow
FLOORS: tuple[str, ...] = (MIN_BAD_EVENTS,)
GUIDE: Guide | None = Guide(
    "Give the histogram larger buckets, in the service's spec and in its code, and run `make generate`: until then "
    "nobody sees how bad it is.",
    (
        ask(
            "Did it begin with a release? Then it got worse as well, and a roll-back helps more than buckets.",
            RELEASES,
            needs=OF_RELEASES,
            on_release=True,
        ),
    ),
    then_signal=True,
)
records, labels, variant_parts = usual.records, usual.labels, usual.variant_parts


def resolve(draft: Draft) -> Iterator[Resolved]:
    """Resolve it for a quantile."""
    about = about_signal(draft)
    if about is None or not about.fits("a quantile", fits=isinstance(about.signal.kind, Quantile)):
        return
    if tiers := bounded_tiers(about, _bound, _out_of_reach):
        check_traffic(about, FLOORS, about.signal.window)
        yield about.resolved(Overflow(), tiers)


def is_recorded(signal: Signal, alerts: Iterable[Alert]) -> bool:
    """Whether the rules record a signal's share beyond the last bucket: a panel or an alert reads it."""
    if not isinstance(signal.kind, Quantile):
        return False
    watched = (alert.signal for alert in alerts if isinstance(alert.kind, Overflow))
    return f"{signal.name}:overflow" in PANELS or signal.name in watched


def _bound(text: Text, about: SignalDraft) -> ResolvedBound | None:
    value = amount(text, Unit.RATIO, "a share of observations", about.findings)
    return None if value is None else ResolvedBound(value, human(value, Unit.RATIO), Bound(value, None, "#"))


def _out_of_reach(value: float, _about: SignalDraft) -> Reason | None:
    if value < 0:
        return BELOW_ZERO
    return ABOVE_ALL if value >= 1 else None


def panel(alert: Alert, _kind: Overflow) -> str:
    """Link the share beyond the last bucket."""
    return f"{alert.signal}:overflow"


def expr(alert: Alert, kind: Overflow, tier: Tier, ground: Ground) -> Expr:
    """Compare the recorded share with the bound, on enough observations above the allowed number."""
    bound, parts = ground.bound(alert, tier), condition.input_series(alert, ground)
    share = compared(alert, kind, ground)
    crossed = bound.compare(">", condition.rounded(share))
    excess = bound.less(share) * parts.denominator.now()
    return condition.enough(crossed, excess, ground.floor(alert, MIN_BAD_EVENTS), parts.on)


def compared(alert: Alert, _kind: Overflow, ground: Ground) -> Expr:
    """Select the recorded share beyond the last bucket."""
    return ground.scope.record(names.part(ground.signal(alert), "overflow")).now()


def sentence(alert: Alert, _kind: Overflow, tier: Tier, ground: Ground) -> str:
    """Describe the share of events beyond the last bucket."""
    signal = ground.signal(alert)
    bound = condition.bound_of(alert, tier, Unit.RATIO, ground)
    share, title = condition.value_of(Unit.RATIO), condition.title_template(signal, ground)
    return (
        f"{share} of the observations behind {title} of {condition.SERVICE_VALUE} "
        f"lie beyond the last bucket of the histogram, above {bound}: the true value is higher than shown. Give the "
        "histogram larger buckets."
    )


def words(alert: Alert, _kind: Overflow, tier: Tier, service: Service) -> str:
    """Describe the condition for people."""
    metric = service.signals[alert.signal].of.metric
    text = f"More than {tier.text} of the observations lie beyond the last bucket of {metric}"
    return condition.with_floors(text, alert, "more than that share allows")


def cases(_kind: Overflow, subject: Subject) -> Iterator[TestCase]:
    """Send just more, and just fewer, observations beyond the last bucket than the bound."""
    bound, of = subject.tier.bound, subject.signal.of
    beyond, inside = min(bound * (1 + MARGIN), (bound + 1) / 2), bound * (1 - MARGIN)

    def load(share: float, events: float) -> Load:
        return beyond_last(of, share, Traffic(events, {}), subject.fixture)

    yield from on_both_sides(
        BoundValues(
            beyond,
            inside,
            1.0,
            (1 - bound, beyond - bound),
            load,
            load,
        ),
        subject,
    )
