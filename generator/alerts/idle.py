"""Idleness: less than half of the promised runs finish, and chance no longer explains that."""

from __future__ import annotations

from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.alerts import usual
from generator.alerts.chance import SIGMAS
from generator.alerts.condition import SERVICE_VALUE, Ground, asked, in_its_words, value_of
from generator.alerts.draft import Draft, Resolved, about_signal
from generator.alerts.guide import CALLS_MADE, OF_RELEASES, RUNS_BY_STATUS, Guide, ask
from generator.alerts.hours import may_have_hours
from generator.model import names
from generator.model.alerts import FEWEST_PROMISED, MANY_PROMISED, Alert, Idle, Tier
from generator.model.hours import GRACE
from generator.model.units import HOUR, Unit, duration, plain
from generator.notation import times
from generator.promql.expr import Expr, any_of, call, number
from generator.scenarios import PROMISE, SLACK, Subject, Traffic, counter, outside_hours, within_hours
from generator.signals.events import long_window, rate_at
from generator.streams.scope import join, largest, over_window, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.model.hours import Hours
    from generator.model.rules import RecordingRule
    from generator.model.service import Service
    from generator.model.streams import Stream
    from generator.scenarios import Load, TestCase

#: The sixths of a window in which runs must have been counted, so that a new service does not fail at once.
_THERE = 5
#: The promised runs of which half are just more than chance explains, in test cases.
_PROVING = 40
#: Longer windows are tested only in thorough runs: promtool evaluates every rule every minute.
_LONG = 2 * HOUR

KEY, KIND = "idle", Idle
FLOORS: tuple[str, ...] = ()
GUIDE: Guide | None = Guide(
    "Send one run by hand, and see whether it finishes.",
    (
        ask("Does work arrive? Ask whoever sends it, and look at its queue.", RUNS_BY_STATUS),
        ask(
            "Do runs start and never end? Then tool calls and tokens go on.",
            ("cost", "Spend per hour by model"),
            CALLS_MADE,
        ),
        ask("Did a release start just before?", ("runs", "Runs by release"), needs=OF_RELEASES),
    ),
)
labels, panel = usual.labels, usual.panel


def resolve(draft: Draft) -> Iterator[Resolved]:
    """Resolve it where traffic is promised; elsewhere it is off."""
    about, scope = about_signal(draft), draft.scope
    if about is None:
        return
    kind = Idle(times.window(draft.body.over, times.DEFAULT_OVER, scope.site, scope.findings))
    if scope.runs_per_hour:
        _check_promise(kind, scope.runs_per_hour, draft)
        yield about.resolved(kind, draft.unbounded(), kind.windows[-1])
        return
    message = f"{draft.name} of {scope.service} is off: no traffic is promised"
    help_ = "to turn it on, write in the service's spec: traffic: {min_runs_per_hour: 120}"
    if draft.body.signal and scope.is_own(draft.body.signal):
        scope.findings.error("alert/no-traffic", message, draft.body.signal.span, help_)
    elif scope.is_own(draft.entry.key):
        help_ = f"{help_}; until then this has no effect"
        scope.findings.warning("alert/no-traffic", message, draft.entry.key.span, help_)


def _check_promise(kind: Idle, promised: float, draft: Draft) -> None:
    """Refuse a promise of so few runs that their absence could always be chance."""
    longest, place = _due(kind.windows[-1], draft.scope.hours), draft.scope.promise
    if place is None or promised * longest >= FEWEST_PROMISED * HOUR:
        return
    least = ceil(1000 * FEWEST_PROMISED * HOUR / longest) / 1000
    come = f"{plain(round(promised * longest / HOUR, 1))} in {duration(longest)}"
    draft.findings.error(
        "alert/promise-too-small",
        f"{plain(promised)} runs an hour are {come}: "
        f"too few for {draft.name} to tell missing runs from chance",
        place,
        f"promise at least {plain(least)} an hour, leave traffic out, or do without the alert: "
        f'alerts: {{{draft.name}: {{disabled: "runs come too rarely"}}}}',
    )


def variant_parts(kind: Idle) -> Mapping[str, str]:
    """List the parts that a service can change."""
    return {"over": duration(kind.over)}


def expr(alert: Alert, kind: Idle, _tier: Tier, ground: Ground) -> Expr:
    """Compare the runs of each window with the promise; a missing run counter is another alert's subject.

    A window counts unless a shorter one shows that runs came back: after an outage it would remember that for hours.
    """
    longest, *shorter = reversed(kind.windows)
    found = _part_missing(alert, kind, longest, ground)
    for window in shorter:
        found = join("unless", found, _came_back(alert, kind, window, ground))
        found = join("or", _part_missing(alert, kind, window, ground), found)
    return join("*", found, _promised_an_hour(ground))


def compared(alert: Alert, kind: Idle, ground: Ground) -> Expr:
    """Count the runs an hour, over the window that suits the promise."""
    parts = [
        _part(_counted(alert, kind, window, ground), alert, kind, window, ground) for window in kind.windows
    ]
    return join("*", any_of(parts), _promised_an_hour(ground))


def _promised_an_hour(ground: Ground) -> Expr:
    return largest(ground.scope.written(names.TRAFFIC).now())


def _part(runs: Expr, alert: Alert, kind: Idle, window: int, ground: Ground) -> Expr:
    """Divide the runs of a window by the promised ones."""
    return join("/", runs, ground.scope.record(_promised(alert, kind, window, ground)).now())


def _part_missing(alert: Alert, kind: Idle, window: int, ground: Ground) -> Expr:
    return _part(_missing(alert, kind, window, ground), alert, kind, window, ground)


def _came_back(alert: Alert, kind: Idle, window: int, ground: Ground) -> Expr:
    """Find where more than half of the runs of a window finish, and not just by chance."""
    half = ground.scope.record(_promised(alert, kind, window, ground)).now() / number(2)
    return join(">=", _counted(alert, kind, window, ground), half + call("sqrt", half))


def _counted(alert: Alert, kind: Idle, window: int, ground: Ground) -> Expr:
    """Count the runs of a window; where they are promised in hours, those that finish within them."""
    every = ground.scope.record(names.increase(_runs(alert, ground), (), window)).now()
    if not may_have_hours(ground):
        return every
    return join("or", ground.scope.record(_in_hours(alert, kind, window, ground)).now(), every)


def _missing(alert: Alert, kind: Idle, window: int, ground: Ground) -> Expr:
    """Find where half of the runs of a window are missing, by more than chance explains."""
    runs, scope = _runs(alert, ground), ground.scope
    counted = _counted(alert, kind, window, ground)
    promised = scope.record(_promised(alert, kind, window, ground)).now()
    by_half = join("<", counted, promised / number(2))
    by_chance = join(">=", join("-", promised, counted), number(SIGMAS) * call("sqrt", promised))
    there = call("count_over_time", scope.record(names.level_rate(runs)).over(window - 1))
    there = there >= number(-(-_THERE * window // (6 * scope.site.rule_interval)))
    if may_have_hours(ground):
        there = join("or", there, scope.record(_in_hours(alert, kind, window, ground)).now())
    return join("and", join("and", by_half, by_chance), there)


def records(alert: Alert, kind: Idle, ground: Ground) -> Iterator[RecordingRule]:
    """Record the runs of each window, and the promised runs where the promise makes this window the right one.

    It has enough promised runs to prove that none comes; the next shorter one has too few to prove for long that half
    are missing.
    """
    runs, scope = _runs(alert, ground), ground.scope
    an_hour = largest(scope.written(names.TRAFFIC).now())
    yield rate_at(runs, (), scope)
    if may_have_hours(ground):
        due = scope.record(names.DUE).now() > number(0)
        yield rule(_due_rate(alert, ground), join("and", scope.record(names.level_rate(runs)).now(), due))
    for shorter, window in pairwise((0, *kind.windows)):
        chosen = an_hour >= number(FEWEST_PROMISED * HOUR / window)
        if shorter:
            chosen = chosen < number(MANY_PROMISED * HOUR / shorter)
        yield rule(names.increase(runs, (), window), long_window(names.level_rate(runs), window, scope))
        yield rule(_promised(alert, kind, window, ground), _promised_runs(chosen, window, ground))
        if may_have_hours(ground):
            yield rule(_in_hours(alert, kind, window, ground), _runs_in_hours(alert, kind, window, ground))


def _promised_runs(an_hour: Expr, window: int, ground: Ground) -> Expr:
    """Sum the promise over a window; where it is for certain hours, over those, and while they last."""
    whole = an_hour * number(window / HOUR)
    if not may_have_hours(ground):
        return whole
    due = ground.scope.record(names.DUE)
    hours = over_window(due, window, ground.scope.site) / number(HOUR)
    in_hours = join("and", join("*", an_hour, hours), due.now() > number(0))
    return join("or", join("unless", whole, due.now()), in_hours)


def _runs_in_hours(alert: Alert, kind: Idle, window: int, ground: Ground) -> Expr:
    """Count the runs that finish in the hours of a window, where runs have been counted for enough of these."""
    scope, rate = ground.scope, _due_rate(alert, ground)
    rounds = call("sum_over_time", scope.record(names.DUE).over(window - 1))
    there = call("count_over_time", scope.record(rate).over(window - 1))
    enough = join(">=", there, rounds * number(_THERE) / number(6))
    promised = scope.record(_promised(alert, kind, window, ground)).now()
    return join("and", join("and", long_window(rate, window, scope), enough), promised)


def _due_rate(alert: Alert, ground: Ground) -> str:
    return names.part(ground.signal(alert), "due_rate")


def _runs(alert: Alert, ground: Ground) -> Stream:
    return ground.runs or ground.signal(alert).of


def _promised(alert: Alert, kind: Idle, window: int, ground: Ground) -> str:
    return _of_window("promised", alert, kind, window, ground)


def _in_hours(alert: Alert, kind: Idle, window: int, ground: Ground) -> str:
    return _of_window("in_hours", alert, kind, window, ground)


def _of_window(what: str, alert: Alert, kind: Idle, window: int, ground: Ground) -> str:
    """Name a record of a window; the shortest window decides which promises suit the others."""
    first = "" if kind.over == times.DEFAULT_OVER else f"_over{duration(kind.over)}"
    return names.part(ground.signal(alert), f"{what}{duration(window)}{first}")


def sentence(_alert: Alert, _kind: Idle, _tier: Tier, ground: Ground) -> str:
    """Describe the numbers of finished and of promised runs."""
    runs = in_its_words("Runs", ground)
    ask = f'{{{{ with printf "{names.TRAFFIC}{{{names.SERVICE}=%q}}" $labels.{names.SERVICE} | query }}}}'
    promised = f"{ask}{{{{ with . | first }}}}{{{{ {asked(Unit.COUNT)} }}}}{{{{ end }}}}{{{{ end }}}}"
    return (
        f"{runs} of {SERVICE_VALUE} finish at {value_of(Unit.COUNT)} an hour, less than half of the {promised} that "
        f"are promised{_hours_in_words(ground)}."
    )


def _hours_in_words(ground: Ground) -> str:
    if ground.service is not None:
        return f", {ground.service.hours.words}" if ground.service.hours else ""
    ask = f'{{{{ with printf "{names.HOURS}{{{names.SERVICE}=%q}}" $labels.{names.SERVICE} | query }}}}'
    return f'{ask}, {{{{ . | first | label "{names.WORDS}" }}}}{{{{ end }}}}'


def words(_alert: Alert, kind: Idle, _tier: Tier, service: Service) -> str:
    """Describe the condition for people."""
    half, window = (
        "Less than half of the promised runs finish",
        duration(_sufficient_window(kind, service.runs_per_hour or 0, service.hours)),
    )
    promised = f"of {plain(service.runs_per_hour)} an hour" if service.runs_per_hour else "of those promised"
    hours = f", {service.hours.words}" if service.hours else ""
    return f"{half}, {promised}{hours}, over {window} or longer, by more than chance explains"


def _sufficient_window(kind: Idle, runs_per_hour: float, hours: Hours | None = None) -> int:
    """Find the shortest window with enough promised runs, in seconds; the longest where none has enough."""
    enough = (
        window for window in kind.windows if runs_per_hour * _due(window, hours) >= FEWEST_PROMISED * HOUR
    )
    return next(enough, kind.windows[-1])


def _due(window: int, hours: Hours | None) -> int:
    """Count the seconds of a window in which runs are missed, at most."""
    return min(window, hours.length - GRACE) if hours else window


def cases(kind: Idle, subject: Subject) -> Iterator[TestCase]:
    """Finish fewer runs than promised: none of few, and just less than half of many."""
    if not subject.fixture.shared:
        if (window := _sufficient_window(kind, subject.fixture.runs_per_hour)) <= _LONG:
            yield _too_few(window, subject.fixture.runs_per_hour, 0, subject)
        return
    for window in kind.windows:
        # A small promise needs longer windows.
        if subject.thorough or window <= _LONG:
            few, many = (1.001 * number * HOUR / window for number in (FEWEST_PROMISED, _PROVING))
            yield _too_few(window, few, 0.04, subject)
            yield _too_few(window, many, 0.49, subject)
            yield _kept("silent where it may be chance", subject, 2 * few, 0.41, window)
    shortest = kind.windows[0]
    an_hour, kept = HOUR / shortest, 2 * shortest
    yield _kept("silent where more than half finish", subject, MANY_PROMISED * an_hour, 0.62, kept)
    yield _kept(
        "silent where too little is promised", subject, (FEWEST_PROMISED - 1) * an_hour, 0.0, shortest
    )
    yield _forgotten(shortest, 2 * MANY_PROMISED * an_hour, subject)
    for window, longer in pairwise(kind.windows):
        if subject.thorough or longer <= _LONG:
            yield _back(window, longer, subject)
    yield _by_chance(shortest, subject)
    nothing = counter(subject.fixture.runs, Traffic(0, {}), subject.fixture)
    idling = subject.timeline.then(kept, nothing)
    yield subject.case("silent where no traffic is promised", idling.quiet("silent"))
    yield _in_certain_hours(2 * MANY_PROMISED * an_hour, subject)


def _too_few(window: int, an_hour: float, part: float, subject: Subject) -> TestCase:
    """Finish a part of the promised runs, from the first minute on."""
    wait, step = subject.alert.for_, subject.interval
    # Runs must have been counted for five sixths of the time.
    begins = window * 5 // 6 - step
    timeline = (
        subject.timeline.then(begins + wait, _finishing(part * an_hour, subject))
        .silent("silent while it is new", begins + wait - step)
        .fires("fires when it has been there for long enough")
        .then(subject.keep + SLACK, _finishing(1000 * an_hour, subject))
        .silent("resolves")
    )
    case = subject.case(f"fires where {an_hour:.1f} an hour are promised and {part:.0%} finish", timeline)
    return _promising(an_hour, case) if subject.fixture.shared else case


def _kept(name: str, subject: Subject, an_hour: float, part: float, seconds: int) -> TestCase:
    """Finish a part of the promised runs, and be silent."""
    timeline = subject.timeline.then(
        seconds + subject.alert.for_ + SLACK, _finishing(part * an_hour, subject)
    )
    return _promising(an_hour, subject.case(f"{name} of {an_hour:.1f} an hour", timeline.quiet("silent")))


def _forgotten(window: int, an_hour: float, subject: Subject) -> TestCase:
    """Finish none for a while, and then all: where many are promised, no longer window remembers."""
    half = window // 2 + subject.interval
    timeline = (
        subject.timeline.then(2 * window, _finishing(0, subject))
        .fires("fires while none finishes")
        .then(half + subject.keep, _finishing(an_hour, subject))
        .silent("resolves when half of the window is as promised")
    )
    return _promising(an_hour, subject.case("looks back no further than it must", timeline))


def _back(window: int, longer: int, subject: Subject) -> TestCase:
    """Finish none for a longer window, and then twice as many as are promised; no shorter window is used.

    After a quarter of the window half of them have come, and after two fifths clearly more. The longer one has half of
    its own later.
    """
    an_hour = 1.9 * FEWEST_PROMISED * HOUR / window
    timeline = (
        subject.timeline.then(longer + subject.alert.for_, _finishing(0, subject))
        .fires("fires while none finishes")
        .then(window * 2 // 5 + subject.interval + subject.keep, _finishing(2 * an_hour, subject))
        .silent("resolves when clearly more than half finish")
    )
    return _promising(
        an_hour, subject.case(f"forgets {duration(longer)} without runs of {an_hour:.1f} an hour", timeline)
    )


def _by_chance(shortest: int, subject: Subject) -> TestCase:
    """Finish far too few, and then for a while just more than half, as chance may have it."""
    an_hour = 1.5 * _PROVING * HOUR / shortest
    few, half = _finishing(0.3 * an_hour, subject), _finishing(0.52 * an_hour, subject)
    timeline = (
        subject.timeline.then(4 * shortest, few)
        .fires("fires on far too few")
        .then(shortest * 4 // 3 + subject.keep, half)
        .fires("goes on when a short time has just more than half")
    )
    return _promising(an_hour, subject.case("is told once where chance brings half for a while", timeline))


def _in_certain_hours(an_hour: float, subject: Subject) -> TestCase:
    """Finish none, before hours of the promise, in them and after them."""
    none, wait = _finishing(0, subject), subject.alert.for_
    proof = round(FEWEST_PROMISED * HOUR / an_hour)
    timeline = (
        subject.timeline.then(HOUR, outside_hours(none))
        .quiet("silent outside of the hours")
        .then(GRACE + wait, within_hours(none))
        .quiet("silent when they have begun")
        .then(proof + SLACK, within_hours(none))
        .fires("fires in the hours")
        .then(subject.keep + SLACK, outside_hours(none))
        .silent("resolves after the hours")
    )
    return _promising(an_hour, subject.case("fires in the hours of the promise alone", timeline))


def _finishing(an_hour: float, subject: Subject) -> Load:
    return counter(subject.fixture.runs, Traffic(an_hour / HOUR, {}), subject.fixture)


def _promising(an_hour: float, case: TestCase) -> TestCase:
    return replace(case, constants=((PROMISE[0], an_hour),))
