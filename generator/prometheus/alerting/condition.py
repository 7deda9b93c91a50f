"""What the kinds of alerts share: rounding before a comparison, floors of events, sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model import names
from generator.model.signals import Better, Distribution, Quantile, Share, Signal, divisor
from generator.model.units import Unit, duration
from generator.prometheus.recording.streams import recorded
from generator.promql.expr import Expr, Series, binary, call, number

if TYPE_CHECKING:
    from generator.model.alerts import Alert, AlertSeverity
    from generator.model.service import Service

#: Sums of rates are a hair off whole counts: a floor of N stands half an event lower.
HALF_EVENT = 0.5

#: What a comparison rounds to, or an exact threshold is missed: 0.9 - 0.95 is -0.04999999999999993.
PRECISION = dict.fromkeys(Unit, 1e-06)

_VALUE = {
    Unit.SECONDS: "{{ $value | humanizeDuration }}",
    Unit.RATIO: "{{ $value | humanizePercentage }}",
    Unit.USD: '${{ $value | printf "%.4g" }}',
    Unit.COUNT: "{{ $value | humanize }}",
}


class Condition(Struct, frozen=True):
    """When an alert of one severity is true, and the sentence that says so with the value."""

    severity: AlertSeverity
    expr: Expr
    description: str


class Parts(Struct, frozen=True):
    """The recorded series that an alert looks at; the service's own labels stand on all of them.

    ``each`` are the labels of a value, ``on`` those at which the events behind it are counted.
    """

    value: Series
    numerator: Series
    denominator: Series
    each: tuple[str, ...]
    on: tuple[str, ...]


def parts(alert: Alert, service: Service) -> Parts:
    """Find what an alert reads, at the level that it fires for."""
    signal = service.signals[alert.signal]
    labels = () if alert.by is None else (alert.by,)
    counted, limits = counted_by(signal, labels), limits_of(alert, service)
    value, numerator = (recorded(name(signal, labels), service) for name in (names.value, names.numerator))
    if alert.by and limits:
        value, numerator = value.one_of(alert.by, limits), numerator.one_of(alert.by, limits)
    denominator = recorded(names.denominator(signal, counted), service)
    return Parts(value, numerator, denominator, (names.SERVICE, *labels), (names.SERVICE, *counted))


def limits_of(alert: Alert, service: Service) -> tuple[str, ...]:
    """List the values that an alert on a distribution is about: more completed runs are no reason to worry."""
    kind = service.signals[alert.signal].kind
    if not isinstance(kind, Distribution) or alert.by != kind.label:
        return ()
    return service.labels[kind.label].limits


def counted_by(signal: Signal, labels: tuple[str, ...]) -> tuple[str, ...]:
    """Find at which level the events behind a value at ``labels`` are counted."""
    if isinstance(signal.kind, Distribution):
        return tuple(label for label in labels if label != signal.kind.label)
    if isinstance(signal.kind, Share | Quantile):
        return labels
    per = divisor(signal)
    return tuple(label for label in labels if per is not None and label in per.labels)


def enough(left: Expr, events: Expr, fewest: int, on: tuple[str, ...]) -> Expr:
    """Keep ``left`` where at least ``fewest`` events stand behind it."""
    if fewest <= 0:
        return left
    return binary("and", left, events >= number(fewest - HALF_EVENT), on=on)


def earlier(signal: Signal, values: Series, ago: int) -> Expr:
    """Select the values of ``ago`` seconds ago; a stop reason that nobody had met by then had a share of 0."""
    before = values.now(offset=ago)
    if isinstance(signal.kind, Distribution):
        return before | number(0) * values.now()
    return before


def rounded(expr: Expr, precision: float) -> Expr:
    """Round to a multiple of ``precision``."""
    return call("round", expr, number(precision))


def beyond(signal: Signal, expr: Expr, bound: float) -> Expr:
    """Compare in the direction in which the signal gets worse."""
    if signal.better is Better.HIGHER:
        return expr < number(bound)
    return expr > number(bound)


def side(signal: Signal) -> str:
    """Say that direction."""
    return "below" if signal.better is Better.HIGHER else "above"


def title(signal: Signal) -> str:
    """Write a signal's title where Prometheus reads a template."""
    return signal.title.replace("{{", '{{ "{{" }}')


def subject(signal: Signal, alert: Alert, service: Service) -> str:
    """Name what an alert is about, as the start of a sentence."""
    part = f", {alert.by} {{{{ $labels.{alert.by} }}}}," if alert.by else ""
    return f"{title(signal)} of {service.name}{part}"


def value_of(unit: Unit) -> str:
    """Write the template that shows the alert's value in a unit."""
    return _VALUE[unit]


def points() -> str:
    """Write the template that shows a difference of ratios; a template cannot multiply, but it can replace."""
    return '{{ $value | humanizePercentage | reReplaceAll "%" " percentage points" }}'


def window_of(signal: Signal) -> str:
    """Say the window of a signal."""
    return f"the last {duration(signal.window)}"


def worse(signal: Signal) -> str:
    """Say which way a signal goes when it gets worse."""
    return "lower" if signal.better is Better.HIGHER else "higher"


def named(signal: Signal, alert: Alert, service: Service) -> str:
    """Name a signal in a sentence about when an alert fires."""
    if limits := limits_of(alert, service):
        return f"{signal.title}: the share of one {alert.by} that means a limit ({', '.join(limits)})"
    if isinstance(signal.kind, Distribution) and alert.by == signal.kind.label:
        return f"{signal.title}: the share of one {alert.by}"
    return f"{signal.title} of one {alert.by}" if alert.by else signal.title
