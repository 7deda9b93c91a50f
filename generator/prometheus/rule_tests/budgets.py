"""The unit test of error budgets, over a window of two days."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.alerts.burn_rate import budget_name
from generator.model import names
from generator.model.units import DAY, HOUR, duration, plain
from generator.promql.expr import call, number, series

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.signals import Signal
    from generator.prometheus.block_yaml import Mapped

#: Rules are evaluated once an hour: a share does not depend on how often its events are counted.
STEP = HOUR
_WINDOW, _BUDGET = 2 * DAY, 0.1
#: The hour of the evaluation; the window began in the middle of the first day.
_AT = 60
_PRECISION = 1000


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
        "interval": duration(STEP),
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
