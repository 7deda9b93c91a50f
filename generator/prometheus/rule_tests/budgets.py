"""Error budgets: the test cases of each pace of a severity, and the unit test of a window of two days."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.alerts.burn_rate import budget_name
from generator.model import names
from generator.model.signals import Better
from generator.model.units import DAY, HOUR, MINUTE, duration, plain
from generator.prometheus.rule_tests.loads import Traffic, load_of
from generator.prometheus.rule_tests.sentences import LEFT
from generator.prometheus.rule_tests.subject import MARGIN, PLENTY, SLACK, Subject
from generator.prometheus.rule_tests.timeline import SeriesId, idle
from generator.promql.expr import call, number, series

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.alerts import Burn, BurnRate
    from generator.model.signals import Signal
    from generator.prometheus.block_yaml import Mapped
    from generator.prometheus.rule_tests.timeline import Load, TestCase

#: Rules are evaluated once an hour: a share does not depend on how often its events are counted.
STEP = HOUR
_WINDOW, _BUDGET = 2 * DAY, 0.1
#: The hour of the evaluation; the window began in the middle of the first day.
_AT = 60
_PRECISION = 1000


class _Pace(Struct, frozen=True):
    """One pace at which a budget burns. Its long window counts as soon as half of it has samples."""

    kind: BurnRate
    subject: Subject
    burn: Burn
    #: The next quicker pace of the severity, as a part of this one; infinite without one.
    quicker: float

    @property
    def half(self) -> int:
        """The time at which half of the long window has samples; the first sample is at second 0."""
        step = self.subject.fixture.site.rule_interval
        return self.subject.timeline.up((self.burn.long // step // 2 - 1) * step)

    @property
    def bound(self) -> float:
        return self.burn.factor * self.kind.budget

    @property
    def fast(self) -> float:
        """A pace far beyond the bound, as a part of it: some events stay good, and no quicker pace is reached."""
        return min(3.0, (1 + self.bound) / 2 / self.bound, 0.95 * self.quicker)

    def load(self, part: float, events: float = PLENTY) -> Load:
        """Burn at a part of this pace, at a number of events a second."""
        return self._load(part * self.bound, events)

    def only_bad(self, events: float, seconds: int) -> Load:
        """Make only bad events, a number of them in a time."""
        return self._load(1.0, events / seconds)

    def _load(self, bad: float, events: float) -> Load:
        signal = self.subject.signal
        if self.subject.every > 1:
            every, errors = names.events_rate(signal), names.part(signal, "errors_rate")
            return {SeriesId(every, ()): events, SeriesId(errors, ()): events * bad}
        good = signal.better is Better.HIGHER
        return load_of(signal, 1 - bad if good else bad, Traffic(events, {}), self.subject)

    def named(self, what: str) -> str:
        """Name a case after the pace."""
        return f"{what} at {self.burn.factor:g}x"


def burn_rate(kind: BurnRate, subject: Subject) -> Iterator[TestCase]:
    """Test every pace of a severity by itself, while a part of the budget is left."""
    left = SeriesId(names.BUDGET_LEFT, ((names.SIGNAL, subject.signal.name),)), LEFT
    for case in _paces(kind, subject):
        yield replace(case, constants=(*case.constants, left))


def _paces(kind: BurnRate, subject: Subject) -> Iterator[TestCase]:
    burns = subject.tier.burns
    for burn in sorted(burns, key=lambda burn: burn.long):
        pace = _Pace(kind, subject.over(burn.long), burn, _quicker(burn, burns))
        yield _windows(pace)
        yield _bound(pace)
        yield _unheard(pace)
        yield _short_lived(pace)
        yield from _events(pace)
        yield from _promised(pace)


def _quicker(burn: Burn, burns: tuple[Burn, ...]) -> float:
    return min((other.factor / burn.factor for other in burns if other.factor > burn.factor), default=inf)


def _windows(pace: _Pace) -> TestCase:
    """Burn fast from the first minute on, long enough for the long window to remember, then stop."""
    alert, short, step = pace.subject.alert, pace.burn.short, pace.subject.interval
    rest = short + pace.subject.keep + SLACK
    fires = pace.subject.timeline.up(pace.half + alert.for_)
    timeline = (
        pace.subject.timeline.then(fires, pace.load(pace.fast))
        .silent("silent while its long window is not half covered", fires - step)
        .fires("fires as soon as it is", value=pace.fast * pace.bound)
    )
    remembered = int(rest / (pace.fast - 1 - MARGIN)) if pace.fast > 1 + 2 * MARGIN else 0
    if 0 < remembered + rest < pace.burn.long:
        timeline = (
            timeline.then(max(remembered - timeline.seconds, MINUTE), pace.load(pace.fast))
            .then(rest, pace.load(0))
            .silent("resolves when its short window no longer shows it")
        )
        if pace.fast * 0.7 > 1 + MARGIN:
            timeline = timeline.fires("fires while it does", short // 4 + pace.subject.keep)
    return pace.subject.case(pace.named("fires when both windows show it"), timeline)


def _bound(pace: _Pace) -> TestCase:
    """Burn just slowly enough for half the long window, then too fast, so that each window crosses alone."""
    alert, keep, half = pace.subject.alert, pace.subject.keep, pace.half
    # Twice as long as the average takes to cross; an hour's window needs that time to be seen in minutes.
    over = min(0.3 if pace.burn.long > HOUR else 1.5 * MARGIN, (pace.fast - 1) / 2)
    crossed = int(half * MARGIN / over)
    return pace.subject.case(
        pace.named("fires when the budget burns just too fast"),
        pace.subject.timeline.then(half + alert.for_ + SLACK, pace.load(1 - MARGIN))
        .quiet("silent just inside its bound")
        .then(max(2 * crossed, crossed + alert.for_ + SLACK), pace.load(1 + over))
        .silent("silent while its long window is still inside", crossed * 3 // 5)
        .fires("fires when both windows are beyond")
        .then(pace.burn.short + MINUTE + keep, pace.load(1 + MARGIN))
        .fires("fires while its short window is just beyond")
        .then(pace.burn.short + keep + SLACK, pace.load(1 - MARGIN))
        .silent("resolves when its short window is inside again"),
    )


def _unheard(pace: _Pace) -> TestCase:
    """Burn fast, and then have no event for longer than the short window."""
    fires = pace.half + pace.subject.alert.for_ + SLACK
    return pace.subject.case(
        pace.named("goes on when nothing says that it is over"),
        pace.subject.timeline.then(fires, pace.load(pace.fast))
        .fires("fires")
        .then(pace.burn.short + pace.subject.keep + SLACK, idle(pace.load(pace.fast)))
        .fires("goes on"),
    )


def _short_lived(pace: _Pace) -> TestCase:
    """Burn too fast, but not for long enough to matter."""
    short = min(pace.half - MINUTE, 2 * pace.burn.short + 20 * MINUTE)
    return pace.subject.case(
        pace.named("silent when it burns too fast only for a while"),
        pace.subject.timeline.then(pace.half, pace.load(0))
        .then(short, pace.load(min(1.5, pace.fast)))
        .quiet("silent while its long window shows too little"),
    )


def _promised(pace: _Pace) -> Iterator[TestCase]:
    """Set an objective over exactly the long window, and over a shorter window, for which the pace does not apply."""
    subject, signal = pace.subject, pace.subject.signal.name
    if not subject.fixture.shared:
        return
    good = subject.signal.better is Better.HIGHER
    objective = 1 - pace.kind.budget if good else pace.kind.budget
    burning = subject.timeline.then(pace.half + subject.alert.for_ + SLACK, pace.load(pace.fast))
    for part, what in (
        (1.0, "fires on a promise over its long window"),
        (0.97, "silent on a promise over less"),
    ):
        constants = (
            (SeriesId(names.OBJECTIVE, ((names.SIGNAL, signal),)), objective),
            (SeriesId(names.OBJECTIVE_WINDOW, ((names.SIGNAL, signal),)), part * pace.burn.long),
        )
        timeline = burning.fires("fires") if part == 1 else burning.quiet("silent")
        yield replace(subject.case(pace.named(what), timeline), constants=constants)


def _events(pace: _Pace) -> Iterator[TestCase]:
    """Make only bad events: one too few of them, and then one more."""
    alert = pace.subject.alert
    if not alert.min_bad_events:
        return
    up = pace.subject.timeline.up
    first, moment = up(pace.half + alert.for_ + SLACK), up(2 * MINUTE)
    yield pace.subject.case(
        pace.named("needs enough bad events"),
        pace.subject.timeline.then(first, pace.only_bad(alert.min_bad_events - 1, first))
        .quiet("silent with one bad event too few")
        .then(moment, pace.only_bad(1.1, moment))
        .then(alert.for_ + MINUTE, pace.only_bad(0.01, first))
        .fires("fires with enough of them"),
    )


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
    is_fast = pace > allowed * DAY / _WINDOW
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
