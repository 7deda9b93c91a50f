"""Changes: a signal worse than some time ago, by more than chance explains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.alerts import chance, condition, longer, usual
from generator.alerts.change import expression, trials
from generator.alerts.change.expression import may_recover
from generator.alerts.draft import Draft, Resolved, SignalDraft, about_signal
from generator.alerts.tiers import (
    bounded_tiers,
    change_bound,
    change_out_of_reach,
    check_events,
    check_traffic,
)
from generator.model.alerts import MIN_BAD_EVENTS, MIN_EVENTS, Alert, Change, Tier
from generator.model.signals import Better, Distribution, Quantile, Signal, counts_bad, lowest
from generator.model.units import duration, human
from generator.notation.quantities import ResolvedBound, resolve_bound, stands_on_objective
from generator.notation.times import DEFAULT_OVER, window

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.alerts.condition import Ground
    from generator.alerts.guide import Guide
    from generator.model.service import Service

KEY, KIND = "change", Change
FLOORS: tuple[str, ...] = (MIN_EVENTS, MIN_BAD_EVENTS)
GUIDE: Guide | None = None
expr, compared, records, cases = expression.expr, expression.compared, expression.records, trials.cases
labels, panel = usual.labels, usual.panel


def resolve(draft: Draft) -> Iterator[Resolved]:
    """Resolve it for any signal; without the objective that ``beyond`` depends on it is off."""
    about = about_signal(draft)
    kind = _kind(about) if about else None
    if about is None or kind is None:
        return
    _check_overlap(about, kind)
    check_events(about, counts_bad=_counts_bad(about.signal, kind))
    if tiers := bounded_tiers(about, change_bound, change_out_of_reach):
        check_traffic(about, FLOORS, kind.also_over or about.signal.window)
        yield about.resolved(kind, tiers, max(about.signal.window + kind.over, 2 * kind.also_over))


def _check_overlap(about: SignalDraft, kind: Change) -> None:
    """Warn of two windows that overlap, which show only a part of a step."""
    signal = about.signal
    if kind.over < signal.window:
        own, over = duration(signal.window), duration(kind.over)
        about.findings.warning(
            "alert/overlapping-windows",
            f"{about.name} compares {signal.name} over {own} with its value {over} ago: the two windows overlap, and "
            "it sees only a part of a sudden change",
            about.body.over.span if about.body.over else about.entry.key.span,
            f"write over: {own} or longer",
        )


def _counts_bad(signal: Signal, kind: Change) -> bool:
    """Whether an alert counts bad events; those of a quantile are the observations beyond ``kind.beyond``."""
    return kind.beyond is not None if isinstance(signal.kind, Quantile) else counts_bad(signal)


def _kind(about: SignalDraft) -> Change | None:
    written, signal = about.body.beyond, about.signal
    over = window(about.body.over, DEFAULT_OVER, about.scope.site, about.findings)
    beyond = _beyond(about)
    if written is not None and stands_on_objective(written.value) and about.objective is None:
        # Without it the alert would report changes among good values.
        about.scope.off(about.entry.key, written, signal, "no objective")
        return None
    return Change(
        over,
        not signal.unit.changes_in_points,
        beyond.value if beyond else None,
        beyond.written if beyond else None,
        _also_over(about),
    )


def _also_over(about: SignalDraft) -> int:
    """Read the longer window, which is compared with the window before; 0 without one."""
    has_one = longer.is_mean(about.signal) or isinstance(about.signal.kind, Distribution)
    lacks = "" if has_one else "has no longer window in a change"
    having = "a distribution and an amount for each event, such as the cost per run, have one; others in a threshold"
    return longer.also_over(about, MIN_EVENTS, lacks, having)


def _beyond(about: SignalDraft) -> ResolvedBound | None:
    """Read the bound that the signal itself must be beyond."""
    written, signal = about.body.beyond, about.signal
    if written is None:
        return None
    bound = resolve_bound(written, signal, about.objective, about.findings)
    if bound and bound.value <= lowest(signal) and signal.better is Better.HIGHER:
        about.findings.error(
            "alert/never-fires",
            f"{signal.name} is never below {bound.text}",
            written.span,
            f"choose a bound above {human(lowest(signal), signal.unit)}, or leave beyond out",
        )
    # Every change for the worse is beyond 0.
    return bound if bound and bound.value > 0 else None


def variant_parts(kind: Change) -> Mapping[str, str]:
    """List the parts that a service can change."""
    return {
        "over": duration(kind.over),
        "relative": str(kind.relative),
        "beyond": str(kind.beyond is not None),
        "also_over": duration(kind.also_over),
    }


def sentence(alert: Alert, kind: Change, _tier: Tier, ground: Ground) -> str:
    """Describe the change and the time over which it happened."""
    signal = ground.signal(alert)
    verb = "fell" if signal.better is Better.HIGHER else "rose"
    amount = condition.growth_template() if kind.relative else condition.points_template()
    seen = (
        "" if condition.is_now(signal) else f", to be seen over {condition.window_of(signal)}{_rarely(kind)}"
    )
    return (
        f"{condition.subject(signal, alert, ground)} {verb} by {amount} within {duration(kind.over)}{seen}."
    )


def _rarely(kind: Change) -> str:
    """Name the longer window."""
    return f", or over {duration(kind.also_over)} where these hold too few events" if kind.also_over else ""


def words(alert: Alert, kind: Change, tier: Tier, service: Service) -> str:
    """Describe the condition for people."""
    signal = service.signals[alert.signal]
    named, before = condition.signal_in_words(signal, alert), duration(kind.over)
    text = f"{named} is {condition.worse(signal)} by {tier.text} than {before} ago"
    if may_recover(signal, kind):
        text = f"{text}, and than a day ago or {before} before that, where these are known"
    if kind.also_over:
        also = duration(kind.also_over)
        few = f"where {condition.window_of(signal)} hold too few events"
        text = f"{text}; or over {also} than in the {also} before, {few}"
    if kind.beyond is not None:
        text = f"{text}, and {condition.side(signal)} {human(kind.beyond, signal.unit)}"
    return condition.with_floors(
        text,
        alert,
        chance.unexpected(signal),
        chance.deviations(signal) if _counts_bad(signal, kind) else "",
    )
