"""Test cases of series that exist and should not, or the other way round."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from msgspec.structs import replace

from generator.alerts.absence import LOOK_BACK
from generator.alerts.idle import sufficient_window
from generator.alerts.outside import fewest
from generator.alerts.rule_health import WINDOW, missable
from generator.model import names
from generator.model.alerts import FEWEST_PROMISED, MANY_PROMISED, OUTSIDE_WINDOW, Watch
from generator.model.outside import STREAM
from generator.model.streams import MODEL, TOKEN_TYPE
from generator.model.units import DAY, HOUR, MINUTE
from generator.prometheus.rule_tests.loads import Traffic, counter, some
from generator.prometheus.rule_tests.subject import PLENTY, SLACK, Subject
from generator.prometheus.rule_tests.timeline import SeriesId, merged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.alerts import Absence, Idle, Outside, RuleHealth, SeriesCount, Undeclared, Unpriced
    from generator.model.streams import Stream
    from generator.prometheus.rule_tests.timeline import Load, TestCase

#: The constant of a service that promises traffic.
PROMISE = (SeriesId(names.TRAFFIC, ()), 60.0)
_UNKNOWN = "no-such-model"
#: Longer windows are tested only in thorough runs: promtool evaluates every rule every minute.
_LONG = 2 * HOUR


def unpriced(_kind: Unpriced, subject: Subject) -> Iterator[TestCase]:
    """Use a model that is not in the price list."""
    signal, fixture = subject.signal, subject.fixture
    priced = counter(signal.of, Traffic(PLENTY, {}), fixture)
    unknown = counter(signal.of, Traffic(PLENTY, {MODEL: _UNKNOWN}), fixture)
    quiet = subject.timeline.then(subject.alert.for_ + SLACK, priced).quiet(
        "silent while every model has a price"
    )
    lasting = subject.interval + subject.alert.for_
    timeline = subject.fires_and_resolves(
        quiet,
        merged(priced, unknown),
        priced,
        true_after=subject.interval,
        false_after=signal.window,
        value=PLENTY * min(lasting, signal.window),
    )
    (name,) = unknown
    labels = dict(name.labels)
    yield subject.case(
        "fires on a model without a price only",
        timeline,
        ((MODEL, _UNKNOWN), (TOKEN_TYPE, labels[TOKEN_TYPE])),
    )
    yield subject.case("silent on a model with a price", quiet)
    if fixture.shared and TOKEN_TYPE in fixture.listed:
        # Another alert is about it.
        stray = counter(signal.of, Traffic(PLENTY, {TOKEN_TYPE: "no-such-type"}), fixture)
        begun = quiet.then(subject.interval, merged(priced, stray)).then(signal.window, priced)
        (of_type,) = stray
        unlisted = ((MODEL, dict(of_type.labels)[MODEL]), (TOKEN_TYPE, "no-such-type"))
        yield subject.case("silent on a type that no list names", begun.quiet("silent"), unlisted)


def absence(kind: Absence, subject: Subject) -> Iterator[TestCase]:
    """Remove a stream while everything else goes on."""
    stream, fixture = kind.stream, subject.fixture
    gone, everything = _all_but(stream, subject), _all_but(None, subject)
    begun = subject.timeline.then(20 * MINUTE, everything).quiet("silent while it is there")
    gap = begun.then(LOOK_BACK // 2, gone).quiet("silent through a gap").then(5 * MINUTE, everything)
    timeline = subject.fires_and_resolves(
        gap, gone, everything, true_after=LOOK_BACK, false_after=subject.interval, value=1, exact=False
    )
    yield subject.case(f"fires when {stream.name} is gone", timeline, ((names.METRIC, stream.metric),))
    if stream.name == fixture.runs.name:
        yield from _never(subject)
    else:
        yield from _while_runs_finish(kind, subject)


def _all_but(stream: Stream | None, subject: Subject) -> Load:
    """Make every stream that the service measures, except one."""
    return merged(
        *(
            some(one, Traffic(PLENTY, {}), subject.fixture)
            for one in subject.fixture.streams.values()
            if one.metric and (stream is None or one.name != stream.name)
        )
    )


def _never(subject: Subject) -> Iterator[TestCase]:
    """Never count a run: that is wrong only where traffic has been promised for a day."""
    fixture = subject.fixture
    after = LOOK_BACK + subject.alert.for_ + 2 * SLACK
    if fixture.runs_per_hour or fixture.shared:
        patient = subject.over(DAY)
        nothing = _all_but(fixture.runs, patient)
        timeline = patient.timeline.then(DAY, nothing).quiet("silent on the day on which it is promised")
        timeline = (
            timeline.then(subject.alert.for_ + 2 * patient.interval, nothing)
            .fires("fires where traffic has been promised for a day")
            .then(subject.keep + SLACK, _all_but(None, patient))
            .silent("resolves when it is deployed")
        )
        promised = patient.case("fires when there never was one although traffic is promised", timeline)
        yield replace(promised, constants=(PROMISE,)) if fixture.shared else promised
        timeline = subject.timeline.then(after, _all_but(fixture.runs, subject)).quiet("silent at first")
        at_first = subject.case("silent when there never was one on the first day of a promise", timeline)
        yield replace(at_first, constants=(PROMISE,)) if fixture.shared else at_first
    if not fixture.runs_per_hour:
        timeline = subject.timeline.then(after, _all_but(fixture.runs, subject))
        yield subject.case("silent when there never was one", timeline.quiet("silent where it never was"))


def _while_runs_finish(kind: Absence, subject: Subject) -> Iterator[TestCase]:
    """Finish one run too few for a missing metric to count, and just enough."""
    alert, fixture, stream = subject.alert, subject.fixture, kind.stream
    if not alert.min_events:
        return
    window = fixture.signals[kind.runs].window
    full = max(window, LOOK_BACK) + alert.for_ + 2 * SLACK
    quiet = {
        name: rate
        for name, rate in _all_but(stream, subject).items()
        if name.name != names.rate(fixture.runs)
    }
    few, enough = (
        merged(quiet, counter(fixture.runs, Traffic(number / window, {}), fixture))
        for number in (alert.min_events - 1, alert.min_events)
    )
    yield subject.case(
        f"misses {stream.name} only while runs finish",
        subject.timeline.then(full, few)
        .quiet("silent while a run too few finishes")
        .then(full, enough)
        .fires("fires while just enough runs finish"),
        ((names.METRIC, stream.metric),),
    )


def idleness(kind: Idle, subject: Subject) -> Iterator[TestCase]:
    """Finish fewer runs than promised: none of few, and just less than half of many."""
    if not subject.fixture.shared:
        if (window := sufficient_window(kind, subject.fixture.runs_per_hour)) <= _LONG:
            yield _too_few(window, subject.fixture.runs_per_hour, 0, subject)
        return
    for window in kind.windows:
        # A small promise needs longer windows.
        if subject.thorough or window <= _LONG:
            few, many = (1.001 * number * HOUR / window for number in (FEWEST_PROMISED, MANY_PROMISED))
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
    nothing = counter(subject.fixture.runs, Traffic(0, {}), subject.fixture)
    idling = subject.timeline.then(kept, nothing)
    yield subject.case("silent where no traffic is promised", idling.quiet("silent"))


def _too_few(window: int, an_hour: float, part: float, subject: Subject) -> TestCase:
    """Finish a part of the promised runs, from the first minute on."""
    wait, step = max(subject.alert.for_, subject.interval), subject.interval
    # Runs must have been counted for five sixths of the time.
    begins = window * 5 // 6 - step
    timeline = (
        subject.timeline.then(begins + wait, _runs(part * an_hour, subject))
        .silent("silent while it is new", begins + wait - step)
        .fires("fires when it has been there for long enough")
        .then(subject.keep + SLACK, _runs(1000 * an_hour, subject))
        .silent("resolves")
    )
    case = subject.case(f"fires where {an_hour:.1f} an hour are promised and {part:.0%} finish", timeline)
    return _promising(an_hour, case) if subject.fixture.shared else case


def _kept(name: str, subject: Subject, an_hour: float, part: float, seconds: int) -> TestCase:
    """Finish a part of the promised runs, and be silent."""
    timeline = subject.timeline.then(seconds + subject.alert.for_ + SLACK, _runs(part * an_hour, subject))
    return _promising(an_hour, subject.case(f"{name} of {an_hour:.1f} an hour", timeline.quiet("silent")))


def _forgotten(window: int, an_hour: float, subject: Subject) -> TestCase:
    """Finish none for a while, and then all: where many are promised, no longer window remembers."""
    half = window // 2 + subject.interval
    timeline = (
        subject.timeline.then(2 * window, _runs(0, subject))
        .fires("fires while none finishes")
        .then(half + subject.keep, _runs(an_hour, subject))
        .silent("resolves when half of the window is as promised")
    )
    return _promising(an_hour, subject.case("looks back no further than it must", timeline))


def _runs(an_hour: float, subject: Subject) -> Load:
    return counter(subject.fixture.runs, Traffic(an_hour / HOUR, {}), subject.fixture)


def _promising(an_hour: float, case: TestCase) -> TestCase:
    return replace(case, constants=((PROMISE[0], an_hour),))


def undeclared(kind: Undeclared, subject: Subject) -> Iterator[TestCase]:
    """Add a value, or one value more, that is not in the spec."""
    label, fixture = kind.label.name, subject.fixture
    listed = label in fixture.listed
    known = fixture.values.get(label, ()) or fixture.values_of(label)
    allowed = merged(*(some(kind.stream, Traffic(PLENTY, {label: value}), fixture) for value in known))
    more = merged(allowed, some(kind.stream, Traffic(PLENTY, {label: "undeclared"}), fixture))
    quiet = subject.timeline.then(subject.alert.for_ + SLACK, allowed).quiet("silent while all is declared")
    carried = PLENTY * (1 + len(kind.stream.buckets)) if kind.stream.is_histogram else PLENTY
    timeline = subject.fires_and_resolves(
        quiet,
        more,
        allowed,
        true_after=subject.interval,
        false_after=subject.interval,
        value=carried if listed else len(known) + 1,
    )
    labels = ((names.LABEL, label), *(((label, "undeclared"),) if listed else ()))
    yield subject.case(f"fires on what the spec does not know of {label}", timeline, labels)
    if not fixture.shared or not subject.thorough:
        return
    yield subject.case(f"silent on declared values of {label}", quiet, labels[:1])
    lasting = subject.timeline.then(subject.alert.for_ + SLACK, more)
    unknown = subject.case(f"silent where nothing bounds {label}", lasting.quiet("silent"), labels[:1])
    info = {**dict(_info(subject).labels), names.PROFILE: "no-such-profile"}
    yield replace(
        unknown,
        constants=((SeriesId(names.INFO, tuple(sorted(info.items()))), 1.0),),
        without=frozenset({_info(subject), *_bounds(subject)}),
    )
    for value, what in (
        (f"{label}-own", "fires on what the service does not list"),
        ("undeclared", "silent on what it lists"),
    ):
        own = SeriesId(names.LABEL_VALUE, tuple(sorted({names.LABEL: label, label: value}.items())))
        is_listed = value == "undeclared"
        timeline = lasting.quiet("silent") if is_listed else lasting.fires("fires")
        told = ((names.LABEL, label), (label, "undeclared"))
        yield replace(subject.case(f"{what} of {label} itself", timeline, told), constants=((own, 1.0),))


def _bounds(subject: Subject) -> Iterator[SeriesId]:
    return (name for name in subject.fixture.constants if name.name == names.LABEL_VALUE)


def outside(kind: Outside, subject: Subject) -> Iterator[TestCase]:
    """Use one value too few of a label, one more, and then no more until they are forgotten."""
    alert, label, step = subject.alert, kind.label.values[0], subject.interval
    name = SeriesId(names.rate(STREAM), ((names.OUTSIDE_LABEL, label),))
    nothing: Load = {name: 0.0}
    begun = (
        subject.timeline.then(10 * MINUTE, nothing)
        .then(step, {name: (fewest(alert) - 1) / step})
        .then(alert.for_ + SLACK, nothing)
        .quiet("silent at a value too few")
        .then(step, {name: 1 / step})
        .then(alert.for_, nothing)
    )
    if alert.for_ >= 2 * step:
        begun = begun.silent("not before its for", alert.for_ - step)
    timeline = begun.fires("fires at just enough", value=fewest(alert))
    timeline = timeline.then(OUTSIDE_WINDOW + subject.keep + SLACK, nothing).silent(
        "resolves when they are forgotten"
    )
    yield subject.case(
        f"fires when enough values of {label} were none of the spec's",
        timeline,
        ((names.OUTSIDE_LABEL, label),),
    )


def rule_health(kind: RuleHealth, subject: Subject) -> Iterator[TestCase]:
    """Break the inputs of all rules, and the rules themselves."""
    nobody = ((names.OWNER, ""),)
    match kind.watch:
        case Watch.CONSTANTS:
            streams = _all_but(None, subject)
            begun = subject.timeline.then(10 * MINUTE, {}).quiet("silent while nothing is measured")
            timeline = subject.fires_and_resolves(
                begun, streams, {}, true_after=subject.interval, false_after=subject.interval, value=1
            )
            case = subject.case("fires on streams without constants", timeline, nobody)
            yield replace(case, without=frozenset({_info(subject)}))
            healthy = begun.then(subject.alert.for_ + SLACK, streams).quiet(
                "silent where constants are there"
            )
            yield subject.case("silent on streams with constants", healthy)
        case Watch.OWNERS:
            streams, info = _all_but(None, subject), _info(subject)
            other = replace(
                info, labels=tuple(sorted({**dict(info.labels), names.OWNER: "other-team"}.items()))
            )
            begun = subject.timeline.then(10 * MINUTE, streams).quiet("silent while there is one owner")
            timeline = subject.fires_and_resolves(
                begun,
                merged(streams, {other: 1.0}),
                streams,
                true_after=subject.interval,
                false_after=subject.interval,
                value=2,
            )
            yield subject.case("fires on two owners", timeline, nobody)
        case Watch.FAILURES:
            yield _counted("prometheus_rule_evaluation_failures_total", subject)
        case Watch.ROUNDS:
            yield _late(subject)
            yield _new(subject)
            yield _counted("prometheus_rule_group_iterations_missed_total", subject)
        case _:
            assert_never(kind.watch)


def _info(subject: Subject) -> SeriesId:
    return next(name for name in subject.fixture.constants if name.name == names.INFO)


def _counted(name: str, subject: Subject) -> TestCase:
    """Raise Prometheus' count of failures or misses of one of our groups, once."""
    group = f"/etc/prometheus/rules/agent-run.rules.yml;agent-{subject.alert.about}"
    counted, interval = SeriesId(name, (("rule_group", group),)), subject.interval
    strange = SeriesId(name, (("rule_group", "/etc/prometheus/rules/other.yml;other"),))
    begun = subject.timeline.then(20 * MINUTE, {counted: 0.0, strange: 0.0})
    begun = begun.then(20 * MINUTE, {counted: 0.0, strange: 1.0}).quiet("silent on groups of others")
    once: Load = {counted: 1.0, strange: 1.0}
    lasts = begun.up(interval + subject.alert.for_) + SLACK
    timeline = subject.fires_and_resolves(
        begun, once, once, true_after=interval, false_after=WINDOW + interval - lasts, exact=False
    )
    labels = (("rule_group", group), (names.SERVICE, ""), (names.OWNER, ""))
    return subject.case(f"fires on {name}", timeline, labels)


def _late(subject: Subject) -> TestCase:
    """Miss as many evaluations as allowed, and one more."""
    interval, info = subject.interval, _info(subject)
    may, rounds = missable(interval), WINDOW // interval
    there: Load = {info: 1.0}
    timeline = (
        subject.timeline.then(2 * WINDOW, there)
        .then(may * interval, {})
        .then(2 * WINDOW, there)
        .quiet("silent where as many rounds are missed as may be")
        .then((may + 1) * interval, {})
        .then(subject.alert.for_, there)
        .fires("fires where one more is missed", value=rounds - may - 1)
        .then(WINDOW + subject.keep, there)
        .silent("resolves")
    )
    case = subject.case("fires when too many rounds are missed", timeline, ((names.OWNER, ""),))
    return replace(case, without=frozenset({_info(subject)}))


def _new(subject: Subject) -> TestCase:
    """Load the rules of a service: none of its evaluations was missed."""
    timeline = (
        subject.timeline.then(2 * WINDOW, {})
        .then(WINDOW - subject.interval, {_info(subject): 1.0})
        .quiet("silent while its rules are new")
    )
    return replace(subject.case("silent on new rules", timeline), without=frozenset({_info(subject)}))


def series_count(_kind: SeriesCount, subject: Subject) -> Iterator[TestCase]:
    """Expose one series too many."""
    scraped, most = SeriesId(names.SCRAPED, ()), subject.tier.bound
    allowed, more = {scraped: most}, {scraped: most + 1}
    begun = subject.timeline.then(subject.alert.for_ + SLACK, allowed).quiet("silent at the number itself")
    timeline = subject.fires_and_resolves(
        begun,
        more,
        allowed,
        true_after=subject.interval,
        false_after=subject.interval,
        value=most + 1,
    )
    yield subject.case("fires above its budget", timeline)
