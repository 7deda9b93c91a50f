"""Parts that the kinds of alerts share: the inputs of a condition, its bounds and floors, its sentences.

A shared alert reads bounds that are recorded for each service; a service's own alert has them as literals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model import names
from generator.model.alerts import BEYOND, BOUND, MIN_EVENTS, has_mildest, pace_part
from generator.model.service import RUN, Service, worded
from generator.model.signals import Better, Cost, Count, Distribution, Level, Signal, Take
from generator.model.streams import Stream
from generator.model.units import Unit, duration
from generator.promql.expr import Expr, Series, binary, call, number
from generator.signals.quantile import is_timed
from generator.signals.registry import counted_at
from generator.streams.scope import Scope, each, having, join, largest, spread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from generator.model.alerts import Alert, AlertSeverity, Burn, Tier

#: Sums of rates are slightly off whole counts: a floor of N is compared as half an event less.
HALF_EVENT = 0.5
#: The part of a window that must have been seen before a sum can be too small.
_FULL = 0.9

#: The precision of bounds and comparisons; without rounding an exact threshold is missed: 0.9 - 0.95 is
#: -0.04999999999999993. It is a hundredth of the smallest amount that a spec may have: a bound of 99.9999% is exact.
_PRECISION = 1e-8


def _asked(below: str, small: str, large: str) -> str:
    """Format a queried sample in one of two ways, as an expression."""
    return f"(or (and (lt (. | value) {below}) (. | value | {small})) (. | value | {large}))"


def _shown(below: str, small: str, large: str) -> str:
    """Format the value of an alert in one of two ways."""
    either = f"{{{{ $value | {small} }}}}{{{{ else }}}}{{{{ $value | {large} }}}}"
    return f"{{{{ if lt $value {below} }}}}{either}{{{{ end }}}}"


#: ``humanize`` alone would write 0.204 as 204m, and four digits alone 15230 as 1.523e+04.
_COUNT = ("1000.0", 'printf "%.4g"', "humanize")
_VALUE = {
    Unit.SECONDS: "{{ $value | humanizeDuration }}",
    Unit.RATIO: "{{ $value | humanizePercentage }}",
    Unit.USD: "$" + _shown("10000.0", 'printf "%.4g"', 'printf "%.0f"'),
    Unit.COUNT: _shown(*_COUNT),
}
#: The format of a queried sample in a template, by unit; a dollar would be a group of ``reReplaceAll``.
_ASKED = {
    Unit.SECONDS: "(. | value | humanizeDuration)",
    Unit.RATIO: "(. | value | humanizePercentage)",
    Unit.USD: _asked("10000.0", 'printf "$$%.4g"', 'printf "$$%.0f"'),
    Unit.COUNT: _asked(*_COUNT),
}
#: The name of the service in a sentence of an alert.
SERVICE_VALUE = f"{{{{ $labels.{names.SERVICE} }}}}"


class Condition(Struct, frozen=True):
    """The condition of an alert at one severity, and the sentence about it with the value."""

    severity: AlertSeverity
    expr: Expr
    description: str


class AlertNumber(Struct, frozen=True):
    """A number of an alert: one for each service, or the same literal for all."""

    expr: Expr
    literal: bool

    def compare(self, op: str, left: Expr) -> Expr:
        """Keep the series of ``left`` for which the comparison is true."""
        return self._join(op, left)

    def times(self, left: Expr) -> Expr:
        """Multiply each series of ``left``."""
        return self._join("*", left)

    def less(self, left: Expr) -> Expr:
        """Subtract it from each series of ``left``."""
        return self._join("-", left)

    def divide(self, left: Expr) -> Expr:
        """Divide each series of ``left`` by it."""
        return self._join("/", left)

    def shifted(self, op: str, other: Expr) -> AlertNumber:
        """Add a literal, or subtract it."""
        return AlertNumber(binary(op, self.expr, other), self.literal)

    def complement(self) -> AlertNumber:
        """Subtract from 1."""
        return AlertNumber(number(1) - self.expr, self.literal)

    def _join(self, op: str, left: Expr) -> Expr:
        return binary(op, left, self.expr) if self.literal else spread(op, left, self.expr)


class Ground(Struct, frozen=True):
    """The inputs of a condition.

    Attributes:
        scope: All services, or one.
        signals: The signals.
        runs: The stream of runs.
        service: The service, where the alert is its own.
        compared: The signals whose releases are compared.
        variant: The name of the variant, where a shared alert has another form for some services.
    """

    scope: Scope
    signals: Mapping[str, Signal]
    runs: Stream | None
    service: Service | None = None
    compared: frozenset[str] = frozenset()
    variant: str = ""

    def signal(self, alert: Alert) -> Signal:
        """Find the signal of an alert."""
        return self.signals[alert.signal]

    @property
    def timed(self) -> bool:
        """Whether rules record the length of runs."""
        return is_timed(self.signals.values())

    def bound(self, alert: Alert, tier: Tier) -> AlertNumber:
        """Return the bound of a tier."""
        return self._amount(alert, str(tier.severity), BOUND, tier.bound)

    def mildest(self, alert: Alert, tier: Tier) -> AlertNumber:
        """Return the bound of the mildest tier, where a threshold records it; else the tier's own."""
        if has_mildest(alert) and self.scope.shared:
            mildest = Series(names.MILDEST).where(**{names.ALERT: alert.name})
            return AlertNumber(largest(mildest.now()), literal=False)
        return self.bound(alert, alert.tiers[-1] if has_mildest(alert) else tier)

    def beyond(self, alert: Alert, value: float) -> AlertNumber:
        """Return the bound that the signal itself must be beyond."""
        return self._amount(alert, "", BEYOND, value)

    def floor(self, alert: Alert, part: str) -> AlertNumber | None:
        """Return the fewest events, less a half; None without a floor."""
        fewest = alert.min_events if part == MIN_EVENTS else alert.min_bad_events
        if fewest <= 0:
            return None
        if self.scope.shared:
            return self._amount(alert, "", part, fewest).shifted("-", number(HALF_EVENT))
        return AlertNumber(number(fewest - HALF_EVENT), literal=True)

    def fewest_events(self, alert: Alert) -> AlertNumber:
        """Return the fewest events themselves; 1 without a floor."""
        if alert.min_events <= 0:
            return AlertNumber(number(1), literal=True)
        return self._amount(alert, "", MIN_EVENTS, alert.min_events)

    def pace(self, alert: Alert, tier: Tier, burn: Burn) -> AlertNumber:
        """Return the factor by which a budget is spent too fast."""
        return self._amount(alert, str(tier.severity), pace_part(burn), burn.factor)

    def _amount(self, alert: Alert, severity: str, part: str, value: float) -> AlertNumber:
        if not self.scope.shared:
            return AlertNumber(number(round(value, 9)), literal=True)
        return AlertNumber(largest(bound_series(alert, severity, part).now()), literal=False)


def bound_series(alert: Alert, severity: str, part: str) -> Series:
    """Select a recorded number of a shared alert, of all services."""
    labels = {names.ALERT: alert.name, names.PART: part, names.SEVERITY: severity}
    return Series(names.BOUND).where(**labels)


class InputSeries(Struct, frozen=True):
    """The recorded series that an alert reads.

    ``each`` are the labels of a value, ``on`` those at which the events behind it are counted; without the service.
    """

    value: Series
    numerator: Series
    denominator: Series
    each: tuple[str, ...]
    on: tuple[str, ...]


def input_series(alert: Alert, ground: Ground) -> InputSeries:
    """Find the inputs of an alert, at the level for which it fires."""
    signal, scope = ground.signal(alert), ground.scope
    labels = () if alert.by is None else (alert.by,)
    around, limits = counted_at(signal, labels), limits_of(alert, signal)
    value, numerator = (scope.record(name(signal, labels)) for name in (names.value, names.numerator))
    if alert.by and limits:
        value, numerator = value.one_of(alert.by, limits), numerator.one_of(alert.by, limits)
    value, numerator = (one.where(**watched(alert)) for one in (value, numerator))
    return InputSeries(value, numerator, scope.record(names.denominator(signal, around)), labels, around)


def labels_of(alert: Alert, /, **more: str) -> Mapping[str, str]:
    """List the labels of a record that is about one alert; alerts of one name differ in the value that they watch."""
    return {names.ALERT: alert.name, **watched(alert), **more}


def watched(alert: Alert) -> Mapping[str, str]:
    """Return the label with the one value that an alert watches; empty where it watches all of them."""
    return {alert.by: alert.only} if alert.by and alert.only else {}


def changed(alert: str, variant: str, scope: Scope) -> Expr:
    """Find the services that have an alert in a variant; in any other form than the library's where it has no name."""
    named = {names.ALERT: alert} | ({names.VARIANT_LABEL: variant} if variant else {})
    return scope.written(names.VARIANT, **named).now()


def of_variant(expr: Expr, alert: Alert, ground: Ground) -> Expr:
    """Keep only the services that have the variant; all of them where an alert has the library's form."""
    if not ground.variant:
        return expr
    return join("and", expr, changed(alert.name, ground.variant, ground.scope))


def limits_of(alert: Alert, signal: Signal) -> tuple[str, ...]:
    """List the values that an alert on a distribution is about: more completed runs are no problem."""
    kind = signal.kind
    return kind.limits if isinstance(kind, Distribution) and alert.by == kind.label else ()


def enough(left: Expr, events: Expr, floor: AlertNumber | None, labels: tuple[str, ...]) -> Expr:
    """Keep the series of ``left`` with enough events behind them."""
    if floor is None:
        return left
    return binary("and", left, floor.compare(">=", events), on=each(labels))


def rounded(expr: Expr) -> Expr:
    """Round to a multiple of the precision."""
    return call("round", expr, number(_PRECISION))


def beyond(signal: Signal, expr: Expr, bound: AlertNumber) -> Expr:
    """Compare in the direction in which the signal gets worse."""
    return bound.compare("<" if signal.better is Better.HIGHER else ">", expr)


def inside(signal: Signal, expr: Expr, bound: AlertNumber) -> Expr:
    """Compare the other way round."""
    return bound.compare(">=" if signal.better is Better.HIGHER else "<=", expr)


def side(signal: Signal) -> str:
    """Name the side of its bound on which a signal is bad."""
    return "below" if signal.better is Better.HIGHER else "above"


def title_template(signal: Signal, ground: Ground) -> str:
    """Write a signal's title for a template of Prometheus; in a shared one, runs get the service's word."""
    written = signal.title.replace("{{", '{{ "{{" }}')
    return in_its_words(written, ground) if signal.shared else written


def in_its_words(text: str, ground: Ground) -> str:
    """Replace the word for runs by the service's own; for all services, a template queries the word."""
    if ground.service is not None:
        return worded(text, ground.service.run)
    info = f'{names.INFO}{{{names.RUN_WORD}!=\\"\\",{names.SERVICE}=%q}}'
    ask = f'{{{{ with printf "{info}" $labels.{names.SERVICE} | query }}}}'
    word = f'{{{{ . | first | label "{names.RUN_WORD}"'
    low, capital = (
        f"{ask}{word}{change} }}}}{{{{ else }}}}{default}{{{{ end }}}}"
        for change, default in (("", RUN), (" | title", RUN.capitalize()))
    )
    return worded(text, low, capital)


def subject(signal: Signal, alert: Alert, ground: Ground) -> str:
    """Name the subject of an alert, as the start of a sentence."""
    part = f", {alert.by} {{{{ $labels.{alert.by} }}}}," if alert.by else ""
    return f"{title_template(signal, ground)} of {SERVICE_VALUE}{part}"


def value_of(unit: Unit) -> str:
    """Write the template that shows the alert's value in a unit."""
    return _VALUE[unit]


def asked(unit: Unit) -> str:
    """Return the template expression of a queried sample, with its unit."""
    return _ASKED[unit]


def bound_of(alert: Alert, tier: Tier, unit: Unit, ground: Ground) -> str:
    """Write the bound in a sentence: the template that queries it, or its words where it is a literal."""
    if not ground.scope.shared:
        return tier.text
    return _bound_words(alert, str(tier.severity), asked(unit))


def _bound_words(alert: Alert, severity: str, value: str) -> str:
    """Write the template that puts a recorded bound into its words."""
    selector = (
        f'{names.BOUND}{{{names.ALERT}=\\"{alert.name}\\",{names.PART}=\\"{BOUND}\\",'
        f'{names.SERVICE}=%q,{names.SEVERITY}=\\"{severity}\\"}}'
    )
    return (
        f'{{{{ with printf "{selector}" $labels.{names.SERVICE} | query }}}}{{{{ with . | first }}}}'
        f'{{{{ label "{names.WORDS}" . | reReplaceAll "#" {value} }}}}{{{{ end }}}}{{{{ end }}}}'
    )


def growth_template() -> str:
    """Write the template that shows a relative change; the usual one writes more than 9,999% with an exponent."""
    return _shown("99.99", "humanizePercentage", 'printf "%.0f00%%"')


def points_template() -> str:
    """Write the template that shows a difference of ratios; a template cannot multiply, but it can replace."""
    return '{{ $value | humanizePercentage | reReplaceAll "%" " percentage points" }}'


def window_of(signal: Signal) -> str:
    """Name a signal's window."""
    return f"the last {duration(signal.window)}"


def adds_up(signal: Signal) -> bool:
    """Whether a signal is the sum of a window, which is too small until the window is full."""
    kind = signal.kind
    return isinstance(kind, Count) or (isinstance(kind, Cost) and not isinstance(kind.per, Stream))


def whole_window(signal: Signal, ground: Ground, labels: Sequence[str], ago: int = 0) -> Expr:
    """Find where a window was nearly full, now or some seconds ago."""
    rates = having(ground.scope.stream(signal.of), labels)
    seen = largest(call("count_over_time", rates.over(signal.window - 1, offset=ago)), labels)
    return seen >= number(_FULL * (signal.window // ground.scope.site.rule_interval))


def is_now(signal: Signal) -> bool:
    """Whether a signal is the value of one instant, for which a window has no meaning."""
    return signal.kind == Level(Take.NOW)


def worse(signal: Signal) -> str:
    """Name the direction in which a signal gets worse."""
    return "lower" if signal.better is Better.HIGHER else "higher"


def signal_in_words(signal: Signal, alert: Alert) -> str:
    """Name a signal in a sentence about when an alert fires."""
    if limits := limits_of(alert, signal):
        return f"{signal.title}: the share of one {alert.by} among {', '.join(limits)}"
    if isinstance(signal.kind, Distribution) and alert.by == signal.kind.label:
        return f"{signal.title}: the share of one {alert.by}"
    if alert.only:
        return f"{signal.title} of {alert.by} {alert.only}"
    return f"{signal.title} of one {alert.by}" if alert.by else signal.title


def goes_on(*windows: float) -> str:
    """Describe the last seconds, in which clearly fewer bad events would show that an incident is over."""
    last = " or ".join(map(duration, windows))
    return f", and the last {last} do not show by clearly fewer bad events that it is over"


def with_floors(text: str, alert: Alert, bad: str, deviations: str = "") -> str:
    """Add the floors of events to a sentence about when an alert fires.

    Args:
        text: The sentence.
        alert: The alert.
        bad: The events that its floor of bad events counts, and their reference.
        deviations: The standard deviations that are chance, in words; empty where chance is not judged.
    """
    if alert.min_events:
        text = f"{text}, on at least {alert.min_events} events"
    if alert.min_bad_events:
        text = f"{text}, with at least {alert.min_bad_events} {bad}"
    return f"{text}, by more than chance explains ({deviations})" if deviations else text
