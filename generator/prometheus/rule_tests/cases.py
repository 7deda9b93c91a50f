"""The test cases of an alert: those of its kind, and those that prove the changes a service may make to it.

And the unit test of error budgets, over a window of two days.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.alerts.burn_rate import budget_name
from generator.alerts.registry import module_of
from generator.model import alerts, names
from generator.model.signals import Better, Cost, Distribution, Share
from generator.model.units import DAY, HOUR, duration, plain
from generator.promql.expr import call, number, series
from generator.scenarios import SeriesId, TestCase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.signals import Signal
    from generator.prometheus.block_yaml import Mapped
    from generator.scenarios import Subject

#: Rules are evaluated once an hour: a share does not depend on how often its events are counted.
BUDGET_STEP = HOUR
_WINDOW, _BUDGET = 2 * DAY, 0.1
#: The hour of the evaluation; the window began in the middle of the first day.
_AT = 60
_PRECISION = 1000


def cases(subject: Subject) -> tuple[TestCase, ...]:
    """Build the test cases of one severity of an alert.

    There are none where every price is 0, so that no bound can be met, and where promtool's clock, which starts at
    midnight, may be outside of a service's hours.
    """
    if isinstance(subject.signal.kind, Cost) and subject.fixture.price is None:
        return ()
    if subject.fixture.hours and isinstance(subject.alert.kind, alerts.Absence | alerts.Idle | alerts.Fall):
        return ()
    return tuple(module_of(subject.alert.kind).cases(subject.alert.kind, subject))


def shared_cases(subject: Subject) -> Iterator[TestCase]:
    """Build the test cases of one severity of a shared alert: the library's form, changed numbers, and turned off."""
    usual = cases(subject)
    yield from usual
    for changed, what, constant in _changes(subject):
        for one in cases(changed)[:1]:
            yield replace(one, name=f"{one.name} with {what}", constants=(*one.constants, constant))
    # The health of the rules themselves is watched independently of services.
    if not subject.alert.about_rules:
        yield from map(_off, usual[:1])


def variant_cases(subject: Subject, variant: str) -> Iterator[TestCase]:
    """Build the first test cases of one severity of an alert in a variant, whose service writes all its numbers."""
    labels = tuple(sorted({names.ALERT: subject.alert.name, names.VARIANT_LABEL: variant}.items()))
    constants = ((SeriesId(names.VARIANT, labels), 1.0), *_numbers(subject.alert))
    for one in cases(subject)[:2]:
        name = f"{one.name} ({variant})"
        yield replace(one, name=name, constants=(*one.constants, *constants))


def _numbers(alert: alerts.Alert) -> Iterator[tuple[SeriesId, float]]:
    """Write every number of an alert."""
    for tier in alert.tiers:
        severity = str(tier.severity)
        if tier.written is not None:
            yield _override(alert, alerts.BOUND, tier.bound, severity, tier.written.words)
        for burn in tier.burns:
            yield _override(alert, alerts.pace_part(burn), burn.factor, severity)
    if isinstance(alert.kind, alerts.Change) and alert.kind.beyond is not None:
        yield _override(alert, alerts.BEYOND, alert.kind.beyond)
    for part, fewest in (
        (alerts.MIN_EVENTS, alert.min_events),
        (alerts.MIN_BAD_EVENTS, alert.min_bad_events),
    ):
        if fewest:
            yield _override(alert, part, fewest)


def _off(case: TestCase) -> TestCase:
    labels = ((names.ALERT, case.alert.name), (names.VARIANT_LABEL, alerts.OFF))
    silent = tuple(
        replace(one, fires=False, why="silent where it is off", value=None)
        for one in case.timeline.expectations
        if one.fires
    )
    return replace(
        case,
        name="silent where it is off",
        timeline=replace(case.timeline, expectations=silent[:1]),
        constants=(*case.constants, (SeriesId(names.VARIANT, labels), 1.0)),
    )


def _changes(subject: Subject) -> Iterator[tuple[Subject, str, tuple[SeriesId, float]]]:
    """Replace a service's numbers by its own stricter ones, so that they can be reached."""
    tier, words = subject.tier, "#, its own"
    severity = str(tier.severity)
    if tier.written is not None:
        bound = _stricter(subject, tier.bound)
        changed = replace(subject, tier=replace(tier, bound=bound))
        yield changed, "a bound of its own", _override(subject.alert, alerts.BOUND, bound, severity, words)
        if tier.written.factor is not None and (objective := _objective(tier)):
            yield (
                changed,
                "a multiple of the objective",
                _override(subject.alert, alerts.BOUND + alerts.FACTOR, bound / objective, severity, words),
            )
            yield (
                changed,
                "a distance from the objective",
                _override(subject.alert, alerts.BOUND + alerts.OFFSET, bound - objective, severity, words),
            )
    for burn in tier.burns[:1]:
        quicker = replace(burn, factor=burn.factor * 0.9)
        changed = replace(subject, tier=replace(tier, burns=(quicker,)))
        yield (
            changed,
            "a pace of its own",
            _override(subject.alert, alerts.pace_part(burn), quicker.factor, severity),
        )


def _stricter(subject: Subject, bound: float) -> float:
    """Choose a bound that is crossed before another."""
    signal = subject.signal
    if signal.better is not Better.HIGHER or not isinstance(subject.alert.kind, alerts.Threshold):
        return bound * 0.75
    return 1 - (1 - bound) * 0.75 if isinstance(signal.kind, Share | Distribution) else bound * 1.25


def _objective(tier: alerts.Tier) -> float:
    """Compute the objective from a bound that depends on it."""
    written = tier.written
    return (tier.bound - written.amount) / written.factor if written and written.factor else 0.0


def _override(
    alert: alerts.Alert, part: str, value: float, severity: str = "", words: str = ""
) -> tuple[SeriesId, float]:
    labels = {names.ALERT: alert.name, names.PART: part, names.SEVERITY: severity, names.WORDS: words}
    return SeriesId(
        names.OVERRIDE, tuple(sorted((name, text) for name, text in labels.items() if text))
    ), value


class _Case(Struct, frozen=True):
    """A service, named after the rest of its budget: the bad share of its events, up to an hour and from there on."""

    name: str
    before: float
    turn: int
    after: float

    def bad(self, hour: int) -> float:
        return self.before if hour < self.turn else self.after

    def spent(self, window: int) -> float:
        """Sum the bad events within ``window`` seconds, at one event of any kind an hour."""
        return sum(self.bad(hour) * _part(hour, window) for hour in range(_AT + 1))


_CASES = (
    _Case("nothing-spent", 0, 0, 0),
    _Case("half-spent", 0.05, 0, 0.05),
    _Case("ends-soon", 0, 36, 0.15),
    _Case("overspent", 0.2, 0, 0.2),
)


def _part(hour: int, window: int) -> float:
    """Compute the part of an hour's day that lies within a window that ends now."""
    end = (hour * HOUR // DAY + 1) * DAY
    return min(1.0, max(0.0, (end - _AT * HOUR + window) / DAY))


def budget_test(signal: Signal) -> Mapped:
    """Write the test of one signal's budgets."""
    return {
        "name": f"what is left of the error budget of {signal.name}",
        "interval": duration(BUDGET_STEP),
        "input_series": [
            {"series": f'{name}{{{names.SERVICE}="{case.name}"}}', "values": values}
            for case in _CASES
            for name, values in _inputs(case, signal)
        ],
        "promql_expr_test": [one for case in _CASES for one in _expectations(case, signal)],
    }


def _inputs(case: _Case, signal: Signal) -> Iterator[tuple[str, str]]:
    before = f"{_constant(case.before, case.turn - 1)} " if case.turn else ""
    yield names.part(signal, "errors_rate"), f"{before}{_constant(case.after, _AT - case.turn)}"
    for name, value in (
        (names.level_rate(signal.of), 1),
        (names.part(signal, "objective_window"), _WINDOW),
        (budget_name(signal), _BUDGET),
    ):
        yield name, _constant(value, _AT)


def _constant(value: float, again: int) -> str:
    """Write a value and its number of repetitions; 0x24 would be read as hexadecimal."""
    return f"{plain(value)}+0x{again}"


def _expectations(case: _Case, signal: Signal) -> Iterator[Mapped]:
    allowed = _BUDGET * sum(_part(hour, _WINDOW) for hour in range(_AT + 1))
    left = 1 - case.spent(_WINDOW) / allowed
    yield _expectation(names.BUDGET_LEFT, case, signal, left)
    pace = case.spent(DAY)
    own = _BUDGET * sum(_part(hour, DAY) for hour in range(_AT + 1))
    is_fast = pace > max(allowed * DAY / _WINDOW, own)
    yield _expectation(
        names.BUDGET_SECONDS_LEFT, case, signal, max(0.0, left) * allowed / pace * DAY if is_fast else None
    )


def _expectation(name: str, case: _Case, signal: Signal, value: float | None) -> Mapped:
    labels = {names.SERVICE: case.name, names.SIGNAL: signal.name}
    shown = ",".join(f'{label}="{text}"' for label, text in labels.items())
    found = call("round", series(name, labels).now(), number(1 / _PRECISION))
    return {
        "expr": found.text,
        "eval_time": duration(_AT * HOUR),
        "exp_samples": []
        if value is None
        else [{"labels": f"{{{shown}}}", "value": round(value * _PRECISION) / _PRECISION}],
    }
