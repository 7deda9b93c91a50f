"""The comparison of an alert: the body of ``threshold``, ``change`` and the others, resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.diagnostics.suggest import did_you_mean
from generator.model.alerts import (
    AlertKind,
    BurnRate,
    Change,
    Fall,
    Forecast,
    Idle,
    Overflow,
    Regression,
    Threshold,
    Unpriced,
)
from generator.model.signals import (
    Better,
    Cost,
    Count,
    Quantile,
    Share,
    Signal,
    Tokens,
    counts_bad,
    divisor,
)
from generator.model.units import DAY, MINUTE, duration
from generator.resolve.floors import check_promise
from generator.resolve.quantities import ResolvedBound, resolve_bound, stands_on_objective
from generator.resolve.signal_checks import compares_releases
from generator.resolve.tiers import is_relative
from generator.resolve.times import window

if TYPE_CHECKING:
    from generator.resolve.alert_scope import AlertScope
    from generator.spec.types import AlertKindSpec, AlertSpec, Entry, Text

DEFAULT_OVER = 30 * MINUTE


def resolve_kind(entry: Entry[AlertSpec], name: str, signal: Signal, scope: AlertScope) -> AlertKind | None:
    """Resolve an alert's comparison; None with a finding when its signal does not fit or its objective is missing."""
    body: AlertKindSpec = getattr(entry.value, name)
    match name:
        case "threshold":
            return _threshold(entry, body, signal, scope)
        case "change":
            return _change(entry, body, signal, scope)
        case "idle":
            return _idle(entry, body, scope)
        case "burn_rate":
            return _burn_rate(entry, body, signal, scope)
        case _:
            return _of_some_signals(name, body, signal, scope)


def _idle(entry: Entry[AlertSpec], body: AlertKindSpec, scope: AlertScope) -> Idle | None:
    kind = Idle(window(body.over, DEFAULT_OVER, scope.site, scope.findings))
    if scope.runs_per_hour:
        check_promise(entry, kind, scope)
        return kind
    message = f"{entry.key.value} of {scope.service} is off: no traffic is promised"
    help_ = "to turn it on, write in the service's spec: traffic: {min_runs_per_hour: 120}"
    if body.signal and scope.is_own(body.signal):
        scope.findings.error("alert/no-traffic", message, body.signal.span, help_)
    elif scope.is_own(entry.key):
        help_ = f"{help_}; until then this has no effect"
        scope.findings.warning("alert/no-traffic", message, entry.key.span, help_)
    return None


def _change(entry: Entry[AlertSpec], body: AlertKindSpec, signal: Signal, scope: AlertScope) -> Change | None:
    over = window(body.over, DEFAULT_OVER, scope.site, scope.findings)
    beyond = _beyond(body.beyond, signal, scope)
    stands = body.beyond is not None and stands_on_objective(body.beyond.value)
    if stands and signal.name not in scope.objectives:
        # Without it the alert would report changes among good values.
        scope.off(entry.key, body.beyond, signal, "no objective to be beyond")
        return None
    return Change(
        over, is_relative(signal), beyond.value if beyond else None, beyond.written if beyond else None
    )


def _threshold(
    entry: Entry[AlertSpec], body: AlertKindSpec, signal: Signal, scope: AlertScope
) -> AlertKind | None:
    kind = Threshold(bool(body.unfinished), _also_over(entry, body, signal, scope))
    divides = divisor(signal) is not None and not isinstance(signal.kind, Share)
    needed = "a ratio, which unfinished needs"
    return _fitting(kind, body, scope, fits=divides or not kind.unfinished, needed=needed)


def _also_over(entry: Entry[AlertSpec], body: AlertKindSpec, signal: Signal, scope: AlertScope) -> int:
    """Read the longer window of a threshold, over which bad events are counted; 0 without one."""
    if body.also_over is None:
        return 0
    also = window(body.also_over, 0, scope.site, scope.findings)
    fewest, place = entry.value.min_bad_events, body.also_over.span
    if not counts_bad(signal):
        scope.findings.error(
            "alert/signal-kind",
            f'"{signal.name}" counts no bad events, which also_over looks for',
            place,
            "leave also_over out; a share, a distribution and a ratio of errors count them",
        )
    elif not (fewest and fewest.value):
        if place.file != scope.file:
            return 0
        scope.findings.error(
            "alert/no-events",
            f"{entry.key.value} would ignore also_over: it has no min_bad_events",
            place,
            "write min_bad_events: 5 beside it, or leave also_over out",
        )
    elif also and also < 2 * signal.window:
        scope.findings.error(
            "unit/window",
            f"also_over is {duration(also)}, less than twice {signal.name}'s own window, "
            f"{duration(signal.window)}",
            place,
            f"look back over at least {duration(2 * signal.window)}; 3h suits most",
        )
    return also


def _burn_rate(
    entry: Entry[AlertSpec], body: AlertKindSpec, signal: Signal, scope: AlertScope
) -> AlertKind | None:
    """Take the error budget from the objective; without an objective over a window there is no budget."""
    objective = scope.objectives.get(signal.name)
    if not isinstance(signal.kind, Share):
        return _fitting(BurnRate(0, 1), body, scope, fits=False, needed="a share")
    if objective is None or objective.window is None:
        what = "no objective" if objective is None else "an objective without a window"
        scope.off(entry.key, body.signal, signal, what, window="30d")
        return None
    return BurnRate(signal.kind.budget(objective.bound), scope.site.rule_interval)


def _of_some_signals(name: str, body: AlertKindSpec, signal: Signal, scope: AlertScope) -> AlertKind | None:
    kind: AlertKind
    match name:
        case "regression":
            kind, needed = (
                Regression(is_relative(signal)),
                "a share, a ratio or a quantile of metrics with the label release",
            )
            fits = compares_releases(signal, scope.runs)
        case "overflow":
            kind, needed, fits = Overflow(), "a quantile", isinstance(signal.kind, Quantile)
        case "forecast":
            kind, needed, fits = Forecast(), "a count or a cost of the last 24h", _is_of_a_day(signal)
        case "fall":
            counts = signal.kind == Count() and not signal.of.is_histogram
            kind, needed, fits = Fall(), "a count of events", counts
        case "unpriced":
            kind, needed, fits = (
                Unpriced(),
                "a signal of tokens or cost",
                isinstance(signal.kind, Tokens | Cost),
            )
        case _:
            raise NotImplementedError(f"no code resolves the kind {name}")
    return _fitting(kind, body, scope, fits=fits, needed=needed)


def _is_of_a_day(signal: Signal) -> bool:
    """Whether its value is a daily total, which a forecast can compare with a pace."""
    amount = signal.kind == Cost(None) or (signal.kind == Count() and not signal.of.is_histogram)
    return amount and signal.window == DAY


def _fitting(
    kind: AlertKind, body: AlertKindSpec, scope: AlertScope, *, fits: bool, needed: str
) -> AlertKind | None:
    if not fits and body.signal:
        scope.findings.error(
            "alert/signal-kind",
            f'"{body.signal.value}" is not {needed}',
            body.signal.span,
            "choose a signal of that kind, or another kind of alert",
        )
    return kind if fits else None


def resolve_by(body: AlertKindSpec, signal: Signal, scope: AlertScope) -> str | None:
    """Find the label for each value of which an alert fires."""
    if body.by is None:
        if () not in signal.levels and body.signal is not None:
            scope.findings.error(
                "alert/by",
                f"{signal.name} has no value for the whole service",
                body.signal.span,
                f"name a label, for an alert on each of its values: by: {signal.levels[0][0]}",
            )
        return None
    if (body.by.value,) not in signal.levels:
        known = [level[0] for level in signal.levels if len(level) == 1]
        scope.findings.error(
            "alert/by",
            f'{signal.name} is not broken down by "{body.by.value}"',
            body.by.span,
            did_you_mean(body.by.value, known),
        )
    return body.by.value


def _beyond(text: Text | None, signal: Signal, scope: AlertScope) -> ResolvedBound | None:
    if text is None:
        return None
    bound = resolve_bound(text, signal, scope.objectives.get(signal.name), scope.findings)
    if bound and bound.value <= 0 and signal.better is Better.HIGHER:
        scope.findings.error(
            "alert/never-fires",
            f"{signal.name} is never below {bound.text}",
            text.span,
            "choose a bound above zero, or leave beyond out",
        )
    # Every change for the worse is beyond 0.
    return bound if bound and bound.value > 0 else None
