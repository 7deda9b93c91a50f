"""Absence: a declared metric that is not exposed although it should be."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.alerts import usual
from generator.alerts.condition import HALF_EVENT, SERVICE_VALUE, AlertNumber, Ground, in_its_words
from generator.alerts.guide import Guide, ask
from generator.alerts.hours import may_have_hours, resting
from generator.alerts.tiers import check_floor_of_runs
from generator.model import names
from generator.model.alerts import MIN_EVENTS, Absence, Alert, AlertSeverity, Tier
from generator.model.hours import GRACE
from generator.model.signals import RUN_COUNT
from generator.model.units import DAY, HOUR, MINUTE, duration
from generator.promql.expr import Expr, binary, call, number
from generator.scenarios import (
    PLENTY,
    PROMISE,
    SLACK,
    SeriesId,
    Subject,
    TestCase,
    Traffic,
    all_but,
    counter,
    idle,
    merged,
    outside_hours,
    within_hours,
)
from generator.streams.scope import grouped, join, measuring, summed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.alerts.draft import Draft, Resolved
    from generator.model.service import Service
    from generator.promql.expr import Series
    from generator.scenarios import Load, Timeline

#: The time over which a metric is looked for, and the time where runs are rare.
LOOK_BACK, RARELY = 10 * MINUTE, 3 * HOUR
#: The time for which a service may promise traffic before it is deployed, in seconds.
_GRACE = DAY
#: Profiles by the code that exposes their metrics.
_OURS = MappingProxyType({names.EMITTED: ""})
_THEIRS = MappingProxyType({names.EMITTED: names.ELSEWHERE})

KEY, KIND = "absence", Absence
FLOORS: tuple[str, ...] = (MIN_EVENTS,)
GUIDE: Guide | None = Guide(
    "Open Prometheus's page of targets (Status, Targets): is the service there, and up?",
    (
        ask("Are the service's targets up, and is every one of them scraped (`up` in Prometheus)?"),
        ask(
            "Was it scaled to zero on purpose? Then the alert ends within a day. A service that rests at night or at "
            "the weekend promises its traffic in hours; one that may rest at any hour promises none, and has this "
            "alert with severity: warning, or disabled with a reason."
        ),
        ask("Did a release lose the instrumentation of this metric, or rename it?"),
        ask("Does the selector in the spec still fit the labels that the targets have?"),
    ),
)
records, variant_parts, panel = usual.records, usual.variant_parts, usual.list_of_alerts
compared = usual.compared


def resolve(draft: Draft) -> Iterator[Resolved]:
    """Resolve one for each stream that always has series; error counters have none while all is well."""
    scope = draft.scope
    check_floor_of_runs(draft, RARELY, f" except for {scope.runs.metric}")
    for stream in scope.streams.values():
        fed = scope.fed_by(stream)
        if not stream.sparse and fed:
            severity = AlertSeverity.CRITICAL if stream.name == scope.runs.name else AlertSeverity.WARNING
            tiers = draft.unbounded(severity)
            yield draft.resolved_beside(fed[0], Absence(stream, RUN_COUNT), tiers, shared=stream.shared)


def labels(kind: Absence, ground: Ground) -> Mapping[str, str]:
    """Name the metric, which a shared condition finds by itself."""
    return {} if ground.service is None else {names.METRIC: kind.stream.metric}


def expr(alert: Alert, kind: Absence, _tier: Tier, ground: Ground) -> Expr:
    """Look for the record of the raw pass, which ends exactly when the exposed series do, and is cheap to read."""
    runs = ground.scope.record(names.value(ground.signals[kind.runs]))
    if kind.stream != ground.runs:
        return _while_runs(alert, kind, ground, runs)
    lately = grouped(call("count_over_time", runs.over(DAY)))
    if sure := _sure(alert, kind, ground, runs):
        lately = join("and", lately, sure)
    # A service that was never deployed is not missing on the day its rules arrive.
    known = call("last_over_time", ground.scope.record(names.KNOWN).over(HOUR, offset=_GRACE))
    promised = join("and", grouped(ground.scope.written(names.TRAFFIC).now()), known)
    if ground.scope.shared or (ground.service is not None and ground.service.runs_per_hour):
        lately |= promised
    missed = join("and", _absent(kind, ground), lately)
    return join("unless", missed, resting(ground)) if may_have_hours(ground) else missed


def _sure(alert: Alert, kind: Absence, ground: Ground, runs: Series) -> Expr | None:
    """Find services that do not just idle after a restart, where the metrics of other code appear with the first run.

    Their code is ours, or many runs finished within an hour, or no target is up. None where the code is ours.
    """
    if ground.service is not None and ground.service.emitted_here:
        return None
    floor = ground.floor(alert, MIN_EVENTS) or AlertNumber(number(HALF_EVENT), literal=True)
    many = call("sum_over_time", runs.sampled(HOUR - 1, ground.signals[kind.runs].window))
    scraped = ground.scope.written(names.SCRAPED)
    up = binary(">", summed(scraped.now()), number(0))
    down = join("unless", grouped(call("last_over_time", scraped.over(DAY))), up)
    sure = floor.compare(">=", many) | down
    return measuring(kind.stream, ground.scope, **_OURS) | sure if ground.scope.shared else sure


def _while_runs(alert: Alert, kind: Absence, ground: Ground, runs: Series) -> Expr:
    """Find a metric that is absent although enough runs finish, in the window of runs or in a longer one."""
    floor = ground.floor(alert, MIN_EVENTS)
    absent = _absent(kind, ground)
    if floor is None:
        return join("and", absent, runs.now())
    window = ground.signals[kind.runs].window
    # One second shorter, as the range may hold one window more.
    many = call("sum_over_time", runs.sampled(RARELY - 1, window))
    rarely = join("unless", floor.compare(">=", many), _seen(kind, RARELY, ground))
    return join("and", absent, floor.compare(">=", runs.now()) | rarely)


def _absent(kind: Absence, ground: Ground) -> Expr:
    """Find the metrics that are not there; those of other code may appear with use alone, and were there lately."""
    lately = _seen(kind, DAY, ground) if kind.stream != ground.runs else None
    if ground.service is not None:
        absent = call("absent_over_time", ground.scope.stream(kind.stream).over(LOOK_BACK))
        return absent if lately is None or ground.service.emitted_here else join("and", absent, lately)
    metric = (names.METRIC,)
    if lately is None:
        expected = measuring(kind.stream, ground.scope, metric)
    else:
        theirs = join("and", measuring(kind.stream, ground.scope, metric, **_THEIRS), lately)
        expected = measuring(kind.stream, ground.scope, metric, **_OURS) | theirs
    return join("unless", expected, _seen(kind, LOOK_BACK, ground))


def _seen(kind: Absence, time: int, ground: Ground) -> Expr:
    return grouped(call("last_over_time", ground.scope.stream(kind.stream).over(time)))


def sentence(alert: Alert, kind: Absence, _tier: Tier, ground: Ground) -> str:
    """Name the missing metric, and the runs that prove that it should exist."""
    metric = f"{{{{ $labels.{names.METRIC} }}}}" if ground.scope.shared else kind.stream.metric
    finish = in_its_words("runs finish", ground)
    why = finish if kind.stream != ground.runs else _why_runs(alert, ground.service)
    return f"{metric} of {SERVICE_VALUE} has not been exposed for 10 minutes, although {why}."


def words(alert: Alert, kind: Absence, _tier: Tier, service: Service) -> str:
    """Describe the condition for people; no other runs prove that the run counter itself is missing."""
    if kind.stream.name == service.runs.name:
        why = _why_runs(alert, service)
    elif alert.min_events:
        window = duration(service.signals[kind.runs].window)
        long = duration(RARELY)
        rarely = f"or within {long}, although as many finished in that time"
        why = f"at least {alert.min_events} runs finished within {window}; {rarely}"
    else:
        why = "runs finish"
    if kind.stream.name != service.runs.name and not service.emitted_here:
        why = f"it was there within the last day, and {why}"
    return f"No series of {kind.stream.metric} within 10 minutes, although {why}"


def _why_runs(alert: Alert, service: Service | None) -> str:
    lately = "it was there within the last day"
    if service and not service.emitted_here:
        lately += f" (its targets are down, or at least {max(1, alert.min_events)} finished within an hour)"
    promised = service is None or service.runs_per_hour
    why = f"{lately}, or traffic has been promised for longer" if promised else lately
    return f"{why}; only {service.hours.words}" if service and service.hours else why


def cases(kind: Absence, subject: Subject) -> Iterator[TestCase]:
    """Remove a stream while everything else goes on."""
    stream, fixture = kind.stream, subject.fixture
    gone, everything = all_but(stream, subject), all_but(None, subject)
    begun = subject.timeline.then(20 * MINUTE, everything).quiet("silent while it is there")
    gap = begun.then(LOOK_BACK // 2, gone).quiet("silent through a gap").then(5 * MINUTE, everything)
    timeline = subject.fires_and_resolves(
        gap, gone, everything, true_after=LOOK_BACK, false_after=subject.interval, value=1, exact=False
    )
    yield subject.case(f"fires when {stream.name} is gone", timeline, ((names.METRIC, stream.metric),))
    if stream.name == fixture.runs.name:
        yield from _never(subject)
        if fixture.shared:
            yield _in_certain_hours(begun, subject)
            yield from _after_a_restart(kind, subject)
    else:
        yield from _while_runs_finish(kind, subject)
        if fixture.shared:
            yield _once_used(kind, subject)


def _never(subject: Subject) -> Iterator[TestCase]:
    """Never count a run: that is wrong only where traffic has been promised for a day."""
    fixture = subject.fixture
    after = LOOK_BACK + subject.alert.for_ + 2 * SLACK
    if fixture.runs_per_hour or fixture.shared:
        patient = subject.over(DAY)
        nothing = all_but(fixture.runs, patient)
        timeline = patient.timeline.then(DAY, nothing).quiet("silent on the day on which it is promised")
        timeline = (
            timeline.then(subject.alert.for_ + 2 * patient.interval, nothing)
            .fires("fires where traffic has been promised for a day")
            .then(subject.keep + SLACK, all_but(None, patient))
            .silent("resolves when it is deployed")
        )
        promised = patient.case("fires when there never was one although traffic is promised", timeline)
        yield replace(promised, constants=(PROMISE,)) if fixture.shared else promised
        timeline = subject.timeline.then(after, all_but(fixture.runs, subject)).quiet("silent at first")
        at_first = subject.case("silent when there never was one on the first day of a promise", timeline)
        yield replace(at_first, constants=(PROMISE,)) if fixture.shared else at_first
    if not fixture.runs_per_hour:
        timeline = subject.timeline.then(after, all_but(fixture.runs, subject))
        yield subject.case("silent when there never was one", timeline.quiet("silent where it never was"))


def _in_certain_hours(begun: Timeline, subject: Subject) -> TestCase:
    """Lose the run counter before hours of the promise, in them and after them."""
    gone, wait, step = all_but(subject.fixture.runs, subject), subject.alert.for_, subject.interval
    timeline = (
        begun.then(LOOK_BACK + wait + SLACK, outside_hours(gone))
        .quiet("silent outside of the hours")
        .then(GRACE + wait - 2 * step, within_hours(gone))
        .quiet("silent when they have begun")
        .then(SLACK, within_hours(gone))
        .fires("fires in the hours")
        .then(SLACK, outside_hours(gone))
        .silent("resolves after the hours")
    )
    promised = subject.case("fires in the hours of the promise alone", timeline)
    return replace(promised, constants=(PROMISE,))


def _while_runs_finish(kind: Absence, subject: Subject) -> Iterator[TestCase]:
    """Finish one run too few for a missing metric to count, and just enough; in both windows of runs."""
    alert, stream = subject.alert, kind.stream
    if not alert.min_events:
        return
    window, labels = subject.fixture.signals[kind.runs].window, ((names.METRIC, stream.metric),)
    full = max(window, LOOK_BACK) + alert.for_ + 2 * SLACK
    few, enough = (
        _finishing(kind, number / window, subject) for number in (alert.min_events - 1, alert.min_events)
    )
    seen = subject.timeline.then(20 * MINUTE, all_but(None, subject))
    timeline = seen.then(full, few).quiet("silent while a run too few finishes").then(full, enough)
    fires = timeline.fires("fires while just enough runs finish")
    yield subject.case(f"misses {stream.name} only while runs finish", fires, labels)
    spread = 2 * window
    slow, last, none = (_finishing(kind, number / spread, subject) for number in (alert.min_events - 1, 1, 0))
    timeline = (
        subject.timeline.then(SLACK, idle(all_but(None, subject)))
        .then(RARELY - spread, none)
        .then(spread, slow)
        .then(full, none)
        .quiet("silent after a run too few")
    )
    fires = timeline.then(spread, last).then(full, none).fires("fires after just enough runs")
    yield subject.case(f"misses {stream.name} while runs are rare", fires, labels)


def _finishing(kind: Absence, rate: float, subject: Subject) -> Load:
    """Finish runs, a number a second, without the metric that is missed."""
    fixture = subject.fixture
    without = all_but(kind.stream, subject).items()
    rest = {name: load for name, load in without if name.name != names.rate(fixture.runs)}
    return merged(rest, counter(fixture.runs, Traffic(rate, {}), fixture))


def _once_used(kind: Absence, subject: Subject) -> TestCase:
    """Use a metric of other code late, and lose it."""
    missing, everything = all_but(kind.stream, subject), all_but(None, subject)
    full = LOOK_BACK + subject.alert.for_ + 2 * SLACK
    timeline = (
        subject.timeline.then(full, missing).quiet("silent while it was never used").then(SLACK, everything)
    )
    lost = timeline.then(full, missing).fires("fires when it was used and is gone")
    return _of_other_code(
        subject.case(f"misses {kind.stream.name} of other code once used", lost), kind, subject
    )


def _after_a_restart(kind: Absence, subject: Subject) -> Iterator[TestCase]:
    """Lose the run counter of other code: in a quiet hour, after which its target is down, and in a busy one."""
    scraped, gone = SeriesId(names.SCRAPED, ()), all_but(kind.stream, subject)
    full = LOOK_BACK + subject.alert.for_ + 2 * SLACK
    up, down = {**gone, scraped: 1.0}, {**gone, scraped: 0.0}
    few, many = (
        {**up, **counter(kind.stream, Traffic(rate, {}), subject.fixture)} for rate in (1 / DAY, PLENTY)
    )
    quiet = subject.timeline.then(SLACK, few).then(full, up).quiet("silent while it rests")
    timeline = quiet.then(full, down).fires("fires while the target is down").then(full, gone)
    timeline = timeline.fires("fires when the target is gone")
    yield _of_other_code(subject.case("fires when other code rests and is down", timeline), kind, subject)
    timeline = subject.timeline.then(SLACK, many).then(full, up).fires("fires after many runs")
    yield _of_other_code(subject.case("fires when other code was busy", timeline), kind, subject)


def _of_other_code(case: TestCase, kind: Absence, subject: Subject) -> TestCase:
    """Let the case's service have a profile of other code that feeds the stream."""
    profile = {names.PROFILE: "example-elsewhere"}
    feed = {names.EMITTED: names.ELSEWHERE, names.METRIC: kind.stream.metric, names.STREAM: kind.stream.name}
    fed = SeriesId(names.PROFILE_STREAM, tuple(sorted({**feed, **profile}.items())))
    info = SeriesId(names.INFO, tuple(sorted({**dict(subject.info.labels), **profile}.items())))
    labels = case.labels or ((names.METRIC, kind.stream.metric),)
    return replace(
        case, labels=labels, constants=((info, 1.0), (fed, 1.0)), without=frozenset({subject.info})
    )
