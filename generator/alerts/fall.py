"""Falls: within an hour to far fewer events, and since then far fewer than yesterday.

Nights and weekends come at the usual time or more slowly. An alert lasts until events come back, or until there were as
few yesterday. A night with too few events to compare proves neither, so an outage in the evening lasts until morning.
Events came back when there are more than chance leaves after such a fall.
"""

from __future__ import annotations

from functools import partial, reduce
from typing import TYPE_CHECKING

from generator.alerts import condition, usual
from generator.alerts.chance import SIGMAS
from generator.alerts.draft import Draft, Resolved, SignalDraft, about_signal
from generator.alerts.guide import CALLS_MADE, OF_RELEASES, RUNS_BY_STATUS, Guide, ask
from generator.alerts.hours import may_have_hours, resting
from generator.alerts.tiers import NOT_ABOVE_ZERO, Reason, bounded_tiers, change_bound, check_traffic
from generator.model import names
from generator.model.alerts import MIN_EVENTS, Alert, Fall, Tier
from generator.model.hours import GRACE
from generator.model.signals import Count
from generator.model.units import DAY, HOUR, Unit, duration
from generator.promql.expr import Expr, call, number
from generator.scenarios import MARGIN, PLENTY, SLACK, Subject, Traffic, outside_hours, within_hours
from generator.signals.registry import load_of
from generator.streams.scope import grouped, join, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.alerts.condition import AlertNumber, Ground
    from generator.model.rules import RecordingRule
    from generator.model.service import Service
    from generator.promql.expr import Series
    from generator.scenarios import Load, TestCase

#: The earlier times of comparison, in seconds. A fall an hour sooner or later yesterday is usual: a batch does not
#: always take as long, and clocks change.
_YESTERDAY = (DAY, DAY - HOUR, DAY + HOUR)
_AGO = (*_YESTERDAY, HOUR)
_PAST = DAY + 2 * HOUR
#: The time of yesterday in which enough events must have come, so that somebody misses them now.
_DUE = 3 * HOUR
#: The fewest events in a window that are a return.
_BACK = 5
#: Longer than a fall within an hour is seen.
_LASTING = 3 * HOUR

KEY, KIND = "fall", Fall
FLOORS: tuple[str, ...] = (MIN_EVENTS,)
GUIDE: Guide | None = Guide(
    "Ask whoever sends the work whether it still does, and send one run by hand.",
    (
        ask(
            "Does work arrive? Look at the queue, the gateway and the schedule in front of the agents.",
            RUNS_BY_STATUS,
        ),
        ask(
            "Do runs start and not end? Then tool calls and tokens go on.",
            ("cost", "Spend per hour by model"),
            CALLS_MADE,
        ),
        ask("Did a release start just before?", ("runs", "Runs by release"), needs=OF_RELEASES),
        ask(
            "Is it a holiday, or does a batch run at another time? Then nobody needs to do anything.",
            ("runs", "Runs by status"),
        ),
    ),
)
labels, variant_parts, panel = usual.labels, usual.variant_parts, usual.panel


def resolve(draft: Draft) -> Iterator[Resolved]:
    """Resolve it for a count of events."""
    about = about_signal(draft)
    if about is None:
        return
    counts = about.signal.kind == Count() and not about.signal.of.is_histogram
    if not about.fits("a count of events", fits=counts):
        return
    if tiers := bounded_tiers(about, change_bound, _out_of_reach):
        check_traffic(about, FLOORS, about.signal.window)
        yield about.resolved(Fall(), tiers)


def _out_of_reach(value: float, _about: SignalDraft) -> Reason | None:
    if value <= 0:
        return NOT_ABOVE_ZERO
    return Reason("nothing falls by more than all there is") if value > 1 else None


def expr(alert: Alert, kind: Fall, tier: Tier, ground: Ground) -> Expr:
    """Read whether a fall goes on while events are due; the value is the fall since yesterday."""
    parts = condition.input_series(alert, ground)
    state = call("last_over_time", _state(alert, tier, ground).over(DAY - 1))
    lasts = join("and", compared(alert, kind, ground) > number(0), state > number(0), parts.each)
    windows = number(_DUE / ground.signal(alert).window)
    due = call("avg_over_time", parts.value.over(_DUE - 1, offset=DAY)) * windows
    return join("and", lasts, ground.fewest_events(alert).compare(">=", due), parts.each)


def _fell(alert: Alert, tier: Tier, ground: Ground) -> Expr:
    """Find where the count fell since each of ``_AGO``, of enough events; the value is the fall since the first."""
    parts = condition.input_series(alert, ground)
    crossed, *others = (_fell_since(ago, alert, tier, parts, ground) for ago in _AGO)
    for one in others:
        crossed = join("and", crossed, one, parts.each)
    return crossed


def records(alert: Alert, _kind: Fall, ground: Ground) -> Iterator[RecordingRule]:
    """Record 1 where a fall within an hour begins, and 0 where the count is not too low; in between, nothing.

    So the last value distinguishes a fall that goes on from a slow one, after which nobody is missed. The end of
    promised hours is no fall.
    """
    parts = condition.input_series(alert, ground)
    for tier in alert.tiers:
        begins = grouped(_fell(alert, tier, ground), parts.each)
        if may_have_hours(ground):
            begins = join("unless", begins, resting(ground))
        back = number(0) * grouped(_came_back(alert, tier, parts, ground), parts.each)
        state = join("or", begins, back, parts.each)
        yield rule(_state_name(alert, tier, ground), state, **{names.ALERT: alert.name})


def _came_back(alert: Alert, tier: Tier, parts: condition.InputSeries, ground: Ground) -> Expr:
    """Find where enough events come, clearly more than the bound leaves of one of the times of yesterday."""
    now = parts.value.now()
    left = ground.bound(alert, tier).complement()
    low = reduce(partial(join, "and", labels=parts.each), (_is_low(ago, left, parts) for ago in _YESTERDAY))
    return join("unless", now >= number(_BACK - condition.HALF_EVENT), low, parts.each)


def _is_low(ago: int, left: AlertNumber, parts: condition.InputSeries) -> Expr:
    """Find where the count may by chance be as low as ``left`` of the earlier one."""
    expected = left.times(parts.value.now(offset=ago))
    most = expected + number(SIGMAS) * call("sqrt", expected)
    return join("<", parts.value.now(), most, parts.each)


def _state(alert: Alert, tier: Tier, ground: Ground) -> Series:
    return ground.scope.record(_state_name(alert, tier, ground)).where(**{names.ALERT: alert.name})


def _state_name(alert: Alert, tier: Tier, ground: Ground) -> str:
    return names.part(ground.signal(alert), f"fell_{tier.severity}")


def compared(alert: Alert, _kind: Fall, ground: Ground) -> Expr:
    """Compute the fall since yesterday, as if one event had come then where none did."""
    value = condition.input_series(alert, ground).value
    return number(1) - value.now() / call("clamp_min", value.now(offset=DAY), number(1))


def _fall(ago: int, parts: condition.InputSeries) -> Expr:
    return number(1) - parts.value.now() / (parts.value.now(offset=ago) > number(0))


def _fell_since(ago: int, alert: Alert, tier: Tier, parts: condition.InputSeries, ground: Ground) -> Expr:
    before = parts.value.now(offset=ago)
    fell = ground.bound(alert, tier).compare(">=", condition.rounded(_fall(ago, parts)))
    return condition.enough(fell, before, ground.floor(alert, MIN_EVENTS), parts.each)


def sentence(alert: Alert, _kind: Fall, _tier: Tier, ground: Ground) -> str:
    """Describe the fall."""
    signal = ground.signal(alert)
    return (
        f"{condition.subject(signal, alert, ground)} fell by {condition.value_of(Unit.RATIO)} against the same time "
        f"yesterday, to be seen over {condition.window_of(signal)}. It began with a fall within an hour."
    )


def words(alert: Alert, _kind: Fall, tier: Tier, service: Service) -> str:
    """Describe the condition for people."""
    named = condition.signal_in_words(service.signals[alert.signal], alert)
    text = f"{named} fell by {tier.text} within an hour, and since then against yesterday, 23 to 25 hours ago"
    lasts = (
        "an outage in the evening lasts until events come back, also through hours with few of them yesterday"
    )
    return f"{condition.with_floors(text, alert, 'bad events')}; {lasts}"


def cases(_kind: Fall, subject: Subject) -> Iterator[TestCase]:
    """Fall by just less and just more than the bound; after a day with the same fall; and from very little."""
    subject = subject.over(DAY)
    bound, keep, window = subject.tier.bound, subject.keep, subject.signal.window
    full = window + subject.alert.for_
    ordinary = _load(1.0, subject)
    inside, beyond = (_load(1 - bound * part, subject) for part in (1 - MARGIN / 2, 1 + MARGIN / 2))
    past = subject.timeline.then(_PAST, ordinary).quiet("silent while all is as usual")
    yield subject.case(
        "fires when just more than its bound is gone",
        past.then(full, inside)
        .quiet("silent just inside its bound")
        .then(full, beyond)
        # Both are equally far from the bound, so that it is crossed in the middle of the window.
        .silent("not before its for", window * 2 // 3)
        .fires("fires just beyond its bound", value=bound * (1 + MARGIN / 2))
        .then(_LASTING, beyond)
        .fires("goes on while hardly any come")
        .then(window + keep + SLACK, ordinary)
        .silent("resolves when they come back"),
    )
    yield subject.case(
        "silent without a yesterday", subject.timeline.then(HOUR, ordinary).then(full, beyond).quiet("silent")
    )
    if subject.thorough:
        yield from _likewise(subject, beyond, full)
        yield from _slowly(subject, beyond, full)
        yield from _through_a_night(subject, full)
    yield from _events(subject, full)
    if subject.fixture.shared:
        yield _at_the_end_of_hours(subject, full)


def _likewise(subject: Subject, low: Load, full: int) -> Iterator[TestCase]:
    """Be as low, or have an event too few, at one of the earlier times of comparison."""
    ordinary, none = _load(1.0, subject), _load(0.0, subject)
    few = _events_of(subject.alert.min_events - 1, subject)
    for ago in _AGO:
        for then, now, what in ((low, low, "as low"), (few, none, "nearly as low")):
            timeline = subject.timeline.then(_PAST - ago, ordinary).then(full, then)
            timeline = timeline.then(ago - full, ordinary).then(full, now).quiet("silent")
            yield subject.case(f"silent when it was {what} {duration(ago)} ago", timeline)


def _slowly(subject: Subject, low: Load, full: int) -> Iterator[TestCase]:
    """Fall in two steps, also after a fall within an hour that is over; and go on until yesterday was as low."""
    ordinary, less = _load(1.0, subject), _load(0.2, subject)
    slow = HOUR + subject.signal.window + SLACK
    over = subject.timeline.then(_PAST, ordinary).then(full + SLACK, low).fires("fires")
    again = over.then(2 * HOUR, ordinary).silent("resolves").then(slow, less).then(full, low)
    yield subject.case("silent on a slow fall after a quick one", again.quiet("silent"))
    yesterday = over.then(_LASTING, low).then(DAY - 2 * HOUR - _LASTING, low).fires("fires for most of a day")
    yield subject.case(
        "resolves when yesterday was as low",
        yesterday.then(2 * HOUR + subject.keep + SLACK, low).silent("resolves"),
    )


def _through_a_night(subject: Subject, full: int) -> Iterator[TestCase]:
    """Fall in the evening, before hours in which few come; and come back in these hours."""
    if subject.alert.min_events <= _BACK:
        return
    ordinary, none, few = _load(1.0, subject), _load(0.0, subject), _events_of(_BACK + 1, subject)
    # Yesterday few came from four hours after the beginning to seven.
    yesterday = subject.timeline.then(4 * HOUR, ordinary).then(3 * HOUR, few).then(DAY - 5 * HOUR, ordinary)
    evening = yesterday.then(full + SLACK, none).fires("fires in the evening")
    night = evening.then(4 * HOUR - full - SLACK, none).fires("goes on at night")
    morning = night.then(2 * HOUR, none).fires("goes on in the morning")
    back = morning.then(subject.signal.window + subject.keep + SLACK, ordinary).silent("resolves by day")
    yield subject.case("goes on through a night in which few come", back)
    back = night.then(subject.signal.window + subject.keep + SLACK, few).silent("resolves at night")
    yield subject.case("resolves when they come back at night", back)
    rest = subject.timeline.then(4 * HOUR, ordinary).then(8 * HOUR, none).then(DAY - 10 * HOUR, ordinary)
    closed = rest.then(full + SLACK, none).fires("fires in the evening").then(5 * HOUR, none)
    closed = closed.fires("goes on for as long as some came yesterday").then(2 * HOUR, none)
    closed = closed.silent("resolves where hardly any came").then(4 * HOUR, none)
    yield subject.case("fires again when they should begin", closed.fires("fires when they should begin"))


def _at_the_end_of_hours(subject: Subject, full: int) -> TestCase:
    """Fall to nothing when the hours of a promise end, and while they go on."""
    ordinary, none = _load(1.0, subject), _load(0.0, subject)
    timeline = (
        subject.timeline.then(_PAST, within_hours(ordinary))
        .then(full + SLACK, outside_hours(none))
        .quiet("silent when the hours end")
        .then(GRACE + subject.alert.for_ + SLACK, within_hours(none))
        .fires("fires in the hours")
    )
    return subject.case("fires in the hours of the promise alone", timeline)


def _events(subject: Subject, full: int) -> Iterator[TestCase]:
    if fewest := subject.alert.min_events:
        few, enough = (
            subject.timeline.then(_PAST, _events_of(number, subject)).then(full, _load(0.0, subject))
            for number in (fewest - 1, fewest)
        )
        yield subject.case("silent after too few events", few.quiet("silent with an event too few"))
        yield subject.case(
            "fires after just enough events", enough.fires("fires with just enough events", value=1)
        )


def _load(part: float, subject: Subject) -> Load:
    """Make a part of plenty."""
    return _events_of(part * PLENTY * subject.signal.window, subject)


def _events_of(number: float, subject: Subject) -> Load:
    """Make a number of events in a window."""
    return load_of(subject.signal, number, Traffic(1.0, subject.labels), subject)
