"""Thresholds: a signal beyond a bound, on enough events and enough bad ones, in its own window or a longer one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.alerts import chance, condition, longer, usual
from generator.alerts.draft import Draft, Resolved, SignalDraft, about_signal
from generator.alerts.threshold import expression, trials
from generator.alerts.tiers import (
    ABOVE_ALL,
    BELOW_ZERO,
    NOT_ABOVE_ZERO,
    Reason,
    beyond_buckets,
    bounded_tiers,
    check_events,
    check_traffic,
    value_bound,
)
from generator.model import names
from generator.model.alerts import MIN_BAD_EVENTS, MIN_EVENTS, Alert, Threshold, Tier
from generator.model.signals import Better, Count, Level, Quantile, Share, Signal, counts_bad, divisor
from generator.model.units import MINUTE, Unit, duration, human
from generator.promql.expr import Expr

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.alerts.condition import Ground
    from generator.alerts.guide import Guide
    from generator.model.service import Service

KEY, KIND = "threshold", Threshold
FLOORS: tuple[str, ...] = (MIN_EVENTS, MIN_BAD_EVENTS)
GUIDE: Guide | None = None
expr, records, cases = expression.expr, expression.records, trials.cases
compared = expression.compared
labels, panel = usual.labels, usual.panel

#: The part of the last bound from which a rounded value counts as at the bound.
_LAST = 0.999999


def resolve(draft: Draft) -> Iterator[Resolved]:
    """Resolve it for any signal; where no run finishes, only a ratio has a value."""
    about = about_signal(draft)
    if about is None:
        return
    signal = about.signal
    by_bound = isinstance(signal.kind, Quantile)
    kind = Threshold(bool(draft.body.unfinished), _also_over(about), by_bound=by_bound)
    divides = divisor(signal) is not None and not isinstance(signal.kind, Share)
    if not about.fits("a ratio, which unfinished needs", fits=divides or not kind.unfinished):
        return
    check_events(about, counts_bad=_counts_bad(signal))
    if tiers := bounded_tiers(about, value_bound, _out_of_reach, falls=signal.better is Better.HIGHER):
        longest = kind.also_over or signal.window
        check_traffic(about, FLOORS, longest)
        yield about.resolved(kind, tiers, longest)


def _counts_bad(signal: Signal) -> bool:
    return counts_bad(signal) or isinstance(signal.kind, Quantile)


def _also_over(about: SignalDraft) -> int:
    """Read the longer window, over which bad events are counted, or amounts and events; 0 without one."""
    if longer.is_mean(about.signal):
        return longer.also_over(about, MIN_EVENTS, "", "")
    lacks = "" if _counts_bad(about.signal) else "counts no events by which a longer window could be judged"
    having = "a share, a distribution, a quantile and an amount for each event, such as the cost per run, have them"
    return longer.also_over(about, MIN_BAD_EVENTS, lacks, having)


def _out_of_reach(value: float, about: SignalDraft) -> Reason | None:
    """Check a bound: "above 0" is any amount, nothing is below 0, and no quantile of real events is 0."""
    signal = about.signal
    higher, share = signal.better is Better.HIGHER, signal.unit is Unit.RATIO
    if value <= 0 and (higher or isinstance(signal.kind, Quantile)):
        return NOT_ABOVE_ZERO
    if value < 0:
        return BELOW_ZERO
    if share and not higher and value >= 1:
        return ABOVE_ALL
    if share and higher and value > 1:
        return Reason("every share is below that", always=True)
    return beyond_buckets(value, signal)


def variant_parts(kind: Threshold) -> Mapping[str, str]:
    """List the parts that a service can change."""
    return {"unfinished": str(kind.unfinished), "also_over": duration(kind.also_over)}


def sentence(alert: Alert, kind: Threshold, tier: Tier, ground: Ground) -> str:
    """Describe the value and its bound."""
    signal = ground.signal(alert)
    subject = condition.subject(signal, alert, ground)
    value = f"{condition.value_of(signal.unit)}{_or_more(signal)}"
    bound = condition.bound_of(alert, tier, signal.unit, ground)
    now = condition.is_now(signal)
    window = "" if now else f" in {_window(alert, kind, ground)}"
    # The titles of counts and of levels are mostly plural.
    named = isinstance(signal.kind, Count | Level)
    said = f"{subject.removesuffix(',')}:" if named else f"{subject} {'is' if now else 'was'}"
    text = f"{said} {value}{window}, {condition.side(signal)} {bound}."
    return f"{_without_runs(signal, ground)}{{{{ else }}}}{text}{{{{ end }}}}" if kind.unfinished else text


def _window(alert: Alert, kind: Threshold, ground: Ground) -> str:
    """Name the window of the value: a template compares the value with that of the signal's own window."""
    signal = ground.signal(alert)
    if not kind.also_over:
        return condition.window_of(signal)
    labels = (names.SERVICE, *(() if alert.by is None else (alert.by,)))
    selector = ",".join(f"{label}=%[{place}]q" for place, label in enumerate(labels, start=1))
    value = f"{condition.input_series(alert, ground).value.name}{{{selector}}}"
    compared = f"{condition.rounded(Expr(value)).text} == %[{len(labels) + 1}]v"
    given = " ".join(f"$labels.{label}" for label in labels)
    own, other = duration(signal.window), duration(kind.also_over)
    return f'the last {{{{ with printf "{compared}" {given} $value | query }}}}{own}{{{{ else }}}}{other}{{{{ end }}}}'


def _without_runs(signal: Signal, ground: Ground) -> str:
    """Write the start of a template: the number of events while no run finishes, by which nothing can be divided."""
    counted, unfinished = names.numerator(signal), names.part(signal, "unfinished")
    selector = f"{{{names.SERVICE}=%[1]q}}"
    ask = f'printf "{counted}{selector} and on ({names.SERVICE}) {unfinished}{selector}" $labels.{names.SERVICE}'
    none = condition.in_its_words(
        f"No run of {condition.SERVICE_VALUE} finished in {condition.window_of(signal)}", ground
    )
    events = (
        f"{{{{ (. | first) | value | humanize }}}} {signal.of.name.replace('_', ' ')} events were counted"
    )
    return f"{{{{ with {ask} | query }}}}{none}, while {events}."


def _or_more(signal: Signal) -> str:
    """Write the template that marks a quantile in the last bucket, of which the value is only the least."""
    if not isinstance(signal.kind, Quantile):
        return ""
    last = f"max({names.upper(signal.of)}{{{names.SERVICE}=%q}}) * {_LAST}"
    compared = "{{ if ge $value (. | first | value) }} or more{{ end }}"
    return f'{{{{ with printf "{last}" $labels.{names.SERVICE} | query }}}}{compared}{{{{ end }}}}'


def words(alert: Alert, kind: Threshold, tier: Tier, service: Service) -> str:
    """Describe the condition in words."""
    signal = service.signals[alert.signal]
    also = (
        ", or far more happens than usual while none has finished for longer than runs last"
        if kind.unfinished
        else ""
    )
    over = "" if condition.is_now(signal) else f" over {_times(signal, kind)}"
    text = f"{condition.signal_in_words(signal, alert)}{over} is {condition.side(signal)} {tier.text}{also}"
    text = condition.with_floors(
        text,
        alert,
        f"{_too_many(signal)}{_in_parts(signal, kind)}",
        chance.deviations(signal, *(one.severity for one in alert.tiers))
        if alert.min_bad_events and _counts_bad(signal)
        else "",
    )
    last = expression.latest(kind, signal, tier, expression.LATEST)
    return f"{text}{condition.goes_on(last)}" if last else text


def _too_many(signal: Signal) -> str:
    """Name the bad events that a floor counts."""
    if not isinstance(signal.kind, Quantile):
        return "more bad events than that allows"
    may_be = signal.kind.q if signal.better is Better.HIGHER else 1 - signal.kind.q
    return f"more observations {condition.side(signal)} it than the allowed {human(may_be, Unit.RATIO)}"


def _in_parts(signal: Signal, kind: Threshold) -> str:
    """Name the windows that may hold these events."""
    if longer.is_mean(signal) or not kind.also_over:
        return ""
    *shorter, longest = map(duration, (*expression.windows(signal, kind, MINUTE), kind.also_over))
    return f" in {', '.join(shorter)} or {longest}"


def _times(signal: Signal, kind: Threshold) -> str:
    """Name the windows that are read."""
    own, also = duration(signal.window), duration(kind.also_over)
    longer_one = f", or over {also} where {own} hold too few events," if kind.also_over else ""
    return f"{condition.window_of(signal)}{longer_one}"
