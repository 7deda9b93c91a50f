"""Thresholds: a signal beyond a bound, on enough events and enough bad ones, in its own window or a longer one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from generator.alerts import chance, condition, usual
from generator.alerts.draft import Draft, Resolved, SignalDraft, about_signal
from generator.alerts.floors import check_events, check_traffic
from generator.alerts.tiers import ABOVE_ALL, BELOW_ZERO, NOT_ABOVE_ZERO, at_top, bounded_tiers, value_bound
from generator.model import names
from generator.model.alerts import MIN_BAD_EVENTS, MIN_EVENTS, Alert, Threshold, Tier
from generator.model.signals import Better, Count, Quantile, Share, Signal, counts_bad, divisor, top_bucket
from generator.model.units import HOUR, Unit, duration, human
from generator.notation.times import window
from generator.promql.expr import Expr, binary, call, number
from generator.signals import rare
from generator.signals.quantile import UNKNOWN_LENGTH
from generator.streams.scope import each, grouped, join, largest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.alerts.condition import AlertNumber, Ground
    from generator.alerts.guide import Guide
    from generator.model.rules import RecordingRule
    from generator.model.service import Service

#: How far back the end of the last run is known: a longer run cannot be distinguished from a loop.
LONGEST_RUN = 6 * HOUR
#: Where no run finishes: how long ago runs still finished and the rate was usual; and an unusual multiple of that rate.
LATELY, USUALLY, UNUSUAL = HOUR, 2 * HOUR, 3
#: The part of a window that must have been seen before a count can be too small.
_FULL = 0.9

KEY, KIND = "threshold", Threshold
FLOORS: tuple[str, ...] = (MIN_EVENTS, MIN_BAD_EVENTS)
GUIDE: Guide | None = None
labels, panel = usual.labels, usual.panel


def resolve(draft: Draft) -> Iterator[Resolved]:
    """Resolve it for any signal; where no run finishes, only a ratio has a value."""
    about = about_signal(draft)
    if about is None:
        return
    signal, kind = about.signal, Threshold(bool(draft.body.unfinished), _also_over(about))
    divides = divisor(signal) is not None and not isinstance(signal.kind, Share)
    if not about.fits("a ratio, which unfinished needs", fits=divides or not kind.unfinished):
        return
    check_events(about)
    if tiers := bounded_tiers(about, value_bound, _out_of_reach, falls=signal.better is Better.HIGHER):
        longest = kind.also_over or signal.window
        check_traffic(about, FLOORS, longest)
        yield about.resolved(kind, tiers, longest)


def _also_over(about: SignalDraft) -> int:
    """Read the longer window, over which bad events are counted; 0 without one."""
    written, signal, findings = about.body.also_over, about.signal, about.findings
    if written is None:
        return 0
    also, fewest = window(written, 0, about.scope.site, findings), about.spec.min_bad_events
    if not counts_bad(signal):
        findings.error(
            "alert/signal-kind",
            f'"{signal.name}" counts no bad events, which also_over looks for',
            written.span,
            "leave also_over out; a share, a distribution and a ratio of errors count them",
        )
    elif not (fewest and fewest.value):
        if not about.scope.is_own(written):
            return 0
        findings.error(
            "alert/no-events",
            f"{about.name} would ignore also_over: it has no min_bad_events",
            written.span,
            "write min_bad_events: 5 beside it, or leave also_over out",
        )
    elif also and also < 2 * signal.window:
        findings.error(
            "unit/window",
            f"also_over is {duration(also)}, less than twice {signal.name}'s own window, "
            f"{duration(signal.window)}",
            written.span,
            f"look back over at least {duration(2 * signal.window)}; 3h suits most",
        )
    return also


def _out_of_reach(value: float, about: SignalDraft) -> str | None:
    """Check a bound: "above 0" is any amount, nothing is below 0, and no quantile of real events is 0."""
    signal = about.signal
    higher, share, top = signal.better is Better.HIGHER, signal.unit is Unit.RATIO, top_bucket(signal)
    if value <= 0 and (higher or isinstance(signal.kind, Quantile)):
        return NOT_ABOVE_ZERO
    if value < 0:
        return BELOW_ZERO
    if top is not None and value >= top:
        return at_top(signal, top)
    if share and not higher and value >= 1:
        return ABOVE_ALL
    if share and higher and value > 1:
        return "every share is below that, so it would always fire"
    return None


def variant_parts(kind: Threshold) -> Mapping[str, str]:
    """List the parts that a service can change."""
    return {"unfinished": str(kind.unfinished), "also_over": duration(kind.also_over)}


def expr(alert: Alert, kind: Threshold, tier: Tier, ground: Ground) -> Expr:
    """Compare the value with the tier's bound."""
    signal, bound = ground.signal(alert), ground.bound(alert, tier)
    parts = condition.input_series(alert, ground)
    crossed = condition.beyond(signal, condition.rounded(parts.value.now()), bound)
    if isinstance(signal.kind, Count) and signal.better is Better.HIGHER:
        crossed = join("and", crossed, _whole_window(signal, ground))
    crossed = condition.enough(crossed, parts.denominator.now(), ground.floor(alert, MIN_EVENTS), parts.on)
    floor = ground.floor(alert, MIN_BAD_EVENTS)
    bad = chance.bad_events(alert, parts, ground, bound=bound) if floor else None
    if bad is not None and floor is not None:
        every = parts.denominator.now()
        surely = _surely(alert, tier, bad, every, parts, ground)
        crossed = binary("and", crossed, surely, on=each(parts.each))
        if kind.also_over:
            crossed |= _rare(alert, kind, tier, parts, ground)
    if kind.unfinished:
        begun = join("unless", crossed, _beginning(signal, ground)) if ground.timed else crossed
        return begun | _endless(alert, bound, parts, ground)
    return crossed


def _beginning(signal: Signal, ground: Ground) -> Expr:
    """Find where runs began to finish so recently that the first ones may still run: their calls are counted."""
    last = call("last_over_time", ground.scope.record(names.part(signal, "unfinished")).over(LONGEST_RUN))
    return join("<", Expr("time()") - last, ground.scope.record(names.RUN_LENGTH).now())


def _endless(alert: Alert, bound: AlertNumber, parts: condition.InputSeries, ground: Ground) -> Expr:
    """Catch endless loops: their runs are counted only when they finish.

    The rate is far higher than usual, and no run has finished for longer than runs last; for a service without that
    history, for half an hour.
    """
    signal, scope = ground.signal(alert), ground.scope
    record, amount = scope.record(names.part(signal, "unfinished")), parts.numerator
    finished = scope.record(names.denominator(signal))
    lasts = call("count_over_time", record.over(LONGEST_RUN - 1)) * number(scope.site.rule_interval)
    unknown = join(
        "unless", number(UNKNOWN_LENGTH) * grouped(record.now()), finished.now(offset=LATELY) > number(0)
    )
    length = join("or", scope.record(names.RUN_LENGTH).now(), unknown) if ground.timed else unknown
    endless = join("unless", join("and", amount.now(), record.now()), join(">", length, lasts))
    # While runs finished an hour ago, a loop had not begun two hours ago.
    ordinary = amount.now() <= number(UNUSUAL) * amount.now(offset=USUALLY)
    ordinary = join("and", ordinary, finished.now(offset=LATELY) > number(0))
    unusual = join("unless", endless, ordinary, parts.each)
    return bound.compare(">", ground.least(alert, MIN_EVENTS).divide(unusual))


def records(alert: Alert, kind: Threshold, ground: Ground) -> Iterator[RecordingRule]:
    """Record the series that only the longer windows of a threshold read."""
    if kind.also_over:
        signal, found = ground.signal(alert), condition.input_series(alert, ground)
        yield from rare.sides(signal, found.each, found.on, ground.scope)
        for window in (kind.lately, kind.also_over):
            yield from rare.over(signal, found.each, found.on, window, ground.scope)


def _surely(  # noqa: PLR0913, PLR0917 - what is counted, and what it is held against
    alert: Alert, tier: Tier, bad: Expr, every: Expr, parts: condition.InputSeries, ground: Ground
) -> Expr:
    """Compare the bad events with those that the bound allows, and with those that chance brings at the mildest bound.

    A service that keeps its mildest bound must not page by chance; beyond that bound it is no chance.
    """
    signal = ground.signal(alert)
    allowed = chance.allowed_share(signal, ground.bound(alert, tier)).times(every)
    share = chance.allowed_share(signal, ground.mildest(alert, tier))
    likely = chance.Likely(
        share.times(every),
        chance.scatter_of(signal, share).times(every),
        chance.sigmas(signal, tier.severity),
    )
    return chance.sure(bad, allowed, likely, ground.floor(alert, MIN_BAD_EVENTS), parts)


def _rare(alert: Alert, kind: Threshold, tier: Tier, parts: condition.InputSeries, ground: Ground) -> Expr:
    """Use a longer window where the own one holds too few events, unless that shows that the incident is over."""
    signal, floor, bound = (
        ground.signal(alert),
        ground.floor(alert, MIN_BAD_EVENTS),
        ground.bound(alert, tier),
    )
    share = chance.allowed_share(signal, bound)
    bad, every = _counted(alert, signal, kind.also_over, parts, ground)
    ratio = chance.scaled(bad, parts, number(1) / (every > number(0)))
    if isinstance(signal.kind, Share) and signal.kind.good:
        ratio = number(1) - ratio
    crossed = condition.enough(ratio, every, ground.floor(alert, MIN_EVENTS), parts.on)
    crossed = binary("and", crossed, _surely(alert, tier, bad, every, parts, ground), on=each(parts.each))
    bad, every = _counted(alert, signal, kind.lately, parts, ground)
    lately = chance.less(bad, parts, share.times(every)) > number(0)
    crossed = binary("and", crossed, lately, on=each(parts.each))
    inside = condition.inside(signal, condition.rounded(parts.value.now()), bound)
    over = condition.enough(inside, parts.denominator.now(), floor, parts.on)
    return binary("unless", crossed, over, on=each(parts.each))


def _counted(
    alert: Alert, signal: Signal, window: int, parts: condition.InputSeries, ground: Ground
) -> tuple[Expr, Expr]:
    """Select the bad events of a longer window, and all of them."""
    bad = ground.scope.record(rare.bad(signal, parts.each, window))
    if alert.by and (limits := condition.limits_of(alert, signal)):
        bad = bad.one_of(alert.by, limits)
    if alert.by and alert.only:
        bad = bad.where(**{alert.by: alert.only})
    return bad.now(), ground.scope.record(rare.every(signal, parts.on, window)).now()


def _whole_window(signal: Signal, ground: Ground) -> Expr:
    """Wait until a window is nearly full: before that any count is too small."""
    scope = ground.scope
    seen = largest(call("count_over_time", scope.stream(signal.of).over(signal.window - 1)))
    return seen >= number(_FULL * (signal.window // scope.site.rule_interval))


def sentence(alert: Alert, kind: Threshold, tier: Tier, ground: Ground) -> str:
    """Describe the value and its bound."""
    signal = ground.signal(alert)
    subject, value = condition.subject(signal, alert, ground), condition.value_of(signal.unit)
    bound = condition.bound_of(alert, tier, signal.unit, ground)
    when = f"is {value}" if condition.is_now(signal) else f"was {value} in {_times(signal, kind)}"
    return f"{subject} {when}, {condition.side(signal)} {bound}."


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
    by_chance = isinstance(signal.kind, Quantile) or counts_bad(signal)
    return condition.with_floors(
        text,
        alert,
        _too_many(signal),
        _deviations(alert, signal) if alert.min_bad_events and by_chance else "",
    )


def _too_many(signal: Signal) -> str:
    """Name the bad events that a floor counts."""
    if not isinstance(signal.kind, Quantile):
        return "bad events more than that allows"
    may_be = signal.kind.q if signal.better is Better.HIGHER else 1 - signal.kind.q
    return f"more observations {condition.side(signal)} that than the {human(may_be, Unit.RATIO)} that may be"


def _deviations(alert: Alert, signal: Signal) -> str:
    """Write the standard deviations that the tiers need."""
    least, *more = sorted({chance.sigmas(signal, tier.severity) for tier in alert.tiers})
    return f"{least} standard deviations" + "".join(f", {most} to page" for most in more)


def _times(signal: Signal, kind: Threshold) -> str:
    """Name the windows that are read."""
    longer = f", or in {duration(kind.also_over)} where these hold too little" if kind.also_over else ""
    return f"{condition.window_of(signal)}{longer}"
