"""Overflow: observations beyond the last bucket, where a quantile is stuck at the bucket's bound.

Where runs are rare, 15 minutes often hold by chance too few of them beyond it: of 60 runs an hour of which 30% are, an
alert on these alone was told four times in half a day. A longer window holds enough.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.alerts import chance, condition, longer, usual
from generator.alerts.draft import Draft, Resolved, SignalDraft, about_signal
from generator.alerts.guide import OF_RELEASES, RELEASES, Guide, ask
from generator.alerts.threshold.trials import BoundValues, on_both_sides, on_rare_events
from generator.alerts.tiers import ABOVE_ALL, BELOW_ZERO, Reason, bounded_tiers, check_traffic
from generator.model import names
from generator.model.alerts import MIN_BAD_EVENTS, Alert, Bound, Overflow, Tier
from generator.model.panels import PANELS
from generator.model.signals import Quantile, Signal
from generator.model.units import Unit, duration, human
from generator.notation.quantities import ResolvedBound, amount
from generator.promql.expr import Expr, number
from generator.scenarios import MARGIN, SLACK, Subject, Traffic, beyond_last, idle
from generator.signals.events import all_name, long_window, rate_at
from generator.signals.quantile import overflow_rate, overflow_rate_name
from generator.streams.scope import join, rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from generator.alerts.condition import AlertNumber, Ground
    from generator.model.rules import RecordingRule
    from generator.model.service import Service
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
labels = usual.labels


def resolve(draft: Draft) -> Iterator[Resolved]:
    """Resolve it for a quantile."""
    about = about_signal(draft)
    if about is None or not about.fits("a quantile", fits=isinstance(about.signal.kind, Quantile)):
        return
    kind = Overflow(longer.also_over(about, MIN_BAD_EVENTS, "", ""))
    if tiers := bounded_tiers(about, _bound, _out_of_reach):
        longest = kind.also_over or about.signal.window
        check_traffic(about, FLOORS, longest)
        yield about.resolved(kind, tiers, longest)


def variant_parts(kind: Overflow) -> Mapping[str, str]:
    """List the parts that a service can change."""
    return {"also_over": duration(kind.also_over)}


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
    crossed = condition.enough(crossed, excess, ground.floor(alert, MIN_BAD_EVENTS), parts.on)
    return crossed | _rare(alert, kind, bound, ground) if kind.also_over else crossed


def _rare(alert: Alert, kind: Overflow, bound: AlertNumber, ground: Ground) -> Expr:
    """Use a longer window where the own one holds too few observations, unless that shows that it is over."""
    signal, parts = ground.signal(alert), condition.input_series(alert, ground)
    floor = ground.floor(alert, MIN_BAD_EVENTS)
    beyond, every = _counted(signal, kind.also_over, ground)
    allowed = bound.times(every)
    score = chance.standard_score(beyond, every, bound, parts, signal)
    crossed = bound.compare(">", condition.rounded(beyond / every))
    crossed = condition.enough(crossed, beyond - allowed, floor, parts.on)
    crossed = join("and", crossed, score >= number(chance.SIGMAS))
    lately, all_lately = _counted(signal, kind.lately, ground)
    goes_on = lately - bound.times(all_lately) >= number(condition.HALF_EVENT)
    inside = bound.compare("<=", condition.rounded(compared(alert, kind, ground)))
    over = condition.enough(inside, parts.denominator.now(), floor, parts.on)
    return join("unless", join("and", crossed, goes_on), over | _eased(signal, kind, ground))


def _eased(signal: Signal, kind: Overflow, ground: Ground) -> Expr:
    """Find where clearly fewer observations are lately beyond than the longer window predicts."""
    beyond, every = _counted(signal, kind.also_over, ground)
    lately, all_lately = _counted(signal, _last_quarter(signal, kind, ground), ground)
    return chance.clearly_fewer(lately, beyond * (all_lately / every))


def _counted(signal: Signal, window: int, ground: Ground) -> tuple[Expr, Expr]:
    """Select the observations beyond the last bucket in a longer window, and all of them."""
    counted = (_overflowed(signal, window), all_name(signal, (), window))
    beyond, every = (ground.scope.record(name).now() for name in counted)
    return beyond, every


def records(alert: Alert, kind: Overflow, ground: Ground) -> Iterator[RecordingRule]:
    """Record the observations of the longer window and of its last parts."""
    if not kind.also_over:
        return
    signal, scope = ground.signal(alert), ground.scope
    yield rate_at(signal.of, (), scope)
    yield overflow_rate(signal, scope)
    for window in (_last_quarter(signal, kind, ground), kind.lately, kind.also_over):
        yield rule(all_name(signal, (), window), long_window(names.level_rate(signal.of), window, scope))
        yield rule(_overflowed(signal, window), long_window(overflow_rate_name(signal), window, scope))


def _overflowed(signal: Signal, window: int) -> str:
    return names.part(signal, f"overflow{duration(window)}")


def _last_quarter(signal: Signal, kind: Overflow, ground: Ground) -> int:
    return longer.last_quarter(kind.also_over, signal, ground.scope.site.rule_interval)


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


def words(alert: Alert, kind: Overflow, tier: Tier, service: Service) -> str:
    """Describe the condition for people."""
    signal = service.signals[alert.signal]
    text = f"More than {tier.text} of the observations lie beyond the last bucket of {signal.of.metric}"
    text = condition.with_floors(text, alert, "more than that share allows")
    if not kind.also_over:
        return text
    longer_one = (
        f"{duration(kind.also_over)} where these hold too few events, there by more than chance explains"
    )
    return f"{text}, over {condition.window_of(signal)}, or over {longer_one} ({chance.DEVIATIONS})"


def cases(kind: Overflow, subject: Subject) -> Iterator[TestCase]:
    """Send just more, and just fewer, observations beyond the last bucket than the bound; and few of them."""
    values = _values(kind, subject)
    yield from on_both_sides(values, subject)
    if kind.also_over:
        bound = subject.tier.bound
        surely = replace(
            values, allowed=bound, mildest=bound, scatter=bound * (1 - bound), sigmas=chance.SIGMAS
        )
        yield from on_rare_events(surely, subject)
        yield _surely(values, subject)
        yield from _easing(values, subject)


def _values(kind: Overflow, subject: Subject) -> BoundValues:
    signal, bound = subject.signal, subject.tier.bound
    beyond, inside = min(bound * (1 + MARGIN), (bound + 1) / 2), bound * (1 - MARGIN)

    def load(share: float, events: float) -> Load:
        return beyond_last(signal.of, share, Traffic(events, {}), subject.fixture)

    values = BoundValues(beyond, inside, 1.0, (1 - bound, beyond - bound), load, load)
    if not kind.also_over:
        return values
    recently = longer.last_quarter(kind.also_over, signal, subject.fixture.site.rule_interval)
    return replace(values, also_over=kind.also_over, lately=kind.lately, recently=recently)


def _surely(values: BoundValues, subject: Subject) -> TestCase:
    """Be beyond a little more often than allowed, until that is more than chance: no own window has enough alone."""
    bound, window = subject.tier.bound, subject.signal.window
    scatter = bound * (1 - bound)
    # Of the events that chance explains, each of three parts has fewer than the floor too many, and two have more.
    excess = min(6 * scatter / subject.alert.min_bad_events, (1 - bound) / 2)
    events = chance.SIGMAS**2 * scatter / excess**2

    def burst(part: float) -> Load:
        return values.load(bound + excess, part * events / subject.interval)

    timeline = subject.timeline.then(subject.interval, idle(burst(1)))
    for part in (0.48, 0.48):
        timeline = timeline.then(subject.interval, burst(part)).then(window, idle(burst(1)))
    timeline = timeline.quiet("silent while it may be chance").then(subject.interval, burst(0.08))
    timeline = timeline.then(subject.alert.for_ + subject.interval, idle(burst(1)))
    return subject.case(
        "needs more than chance explains over a longer time", timeline.fires("fires where it is more")
    )


def _easing(values: BoundValues, subject: Subject) -> Iterator[TestCase]:
    """Have four times the allowed share beyond on very many events, and then twice of it on few.

    Enough of these show that it has eased, and too few do not; no own window holds enough to decide.
    """
    bound = subject.tier.bound
    if subject.alert.min_bad_events < chance.EASED_SIGMAS + 1 or 4 * bound > 1:
        return
    enough = chance.EASED_SIGMAS**2 / bound
    begun = subject.timeline.then(subject.interval, values.load(4 * bound, 1000 * enough / subject.interval))
    lasts = values.recently + subject.keep + SLACK
    for events, what in ((1.3 * enough, "it has eased"), (0.7 * enough, "too few say that it has eased")):
        after = begun.then(lasts, values.load(2 * bound, events / values.recently))
        eased = events > enough
        yield subject.case(
            f"{'resolves' if eased else 'goes on'} when {what}",
            after.silent("resolves") if eased else after.fires("goes on"),
        )
