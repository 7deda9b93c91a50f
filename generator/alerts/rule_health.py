"""The health of the rules themselves: without these alerts a broken rule would be a green board."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from msgspec.structs import replace

from generator.alerts import usual
from generator.alerts.condition import SERVICE_VALUE, Ground
from generator.alerts.guide import Guide, ask
from generator.model import names
from generator.model.alerts import Alert, RuleHealth, Tier, Watch
from generator.model.panels import ALERTS, ALL_ALERTS
from generator.model.units import MINUTE, duration
from generator.promql.expr import Expr, Series, aggregate, any_of, call, number
from generator.scenarios import SLACK, Load, SeriesId, Subject, TestCase, all_but, merged
from generator.streams.scope import each, grouped, join, largest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.alerts.draft import Draft, Resolved
    from generator.model.service import Service
    from generator.model.streams import Stream

#: The time over which rule evaluations and failures are counted.
_WINDOW = 30 * MINUTE
#: The part of its evaluations that a group may miss.
_MISSED = 0.1
#: Our groups, as Prometheus names them: after their file and a semicolon.
_OURS = ".*;agent-.*"
_GROUP = names.RULE_GROUP
_FAILURES = Series(names.RULE_FAILURES).where("=~", **{_GROUP: _OURS})
_MISSES = Series(names.RULE_MISSES).where("=~", **{_GROUP: _OURS})

KEY, KIND = "rule_health", RuleHealth
FLOORS: tuple[str, ...] = ()
GUIDE: Guide | None = Guide(
    "Open Prometheus's page of rules (Status, Rules): which file is there, and what does its last error say?",
    (
        ask(
            "Do the loaded files come from one `make generate`? Each service has a file of its own, and "
            "all need the files that are called `agent-…`."
        ),
        ask(
            f"Whose is the service? `{names.INFO}` has one series for each owner and profile that a loaded file "
            "names, and none where its file is missing."
        ),
        ask(
            "Does the evaluation of a group take longer than its interval? Then Prometheus has too much to do."
        ),
        ask(
            "Which alerts may be silent meanwhile? All of the services that are named here, whatever the "
            "dashboards show."
        ),
    ),
)
records, labels, variant_parts = usual.records, usual.labels, usual.variant_parts
compared = usual.compared


def resolve(draft: Draft) -> Iterator[Resolved]:
    """Resolve it for all services at once."""
    watch, scope = draft.body.watch, draft.scope
    if draft.name not in scope.shared_alerts and scope.service:
        draft.findings.error(
            "alert/about-rules",
            f'alert "{draft.name}" watches the rules of all services, which one service cannot',
            draft.entry.key.span,
            "declare it in signals.yaml",
        )
    elif watch and (signals := scope.fed_by(scope.runs)):
        yield draft.resolved_beside(
            signals[0], RuleHealth(Watch(watch.value)), draft.unbounded(), shared=True
        )


def panel(_alert: Alert, kind: RuleHealth) -> str:
    """Link a list of alerts: that of all services where Prometheus's own counts name none."""
    return ALL_ALERTS if kind.watch in {Watch.FAILURES, Watch.ROUNDS} else ALERTS


def expr(_alert: Alert, kind: RuleHealth, _tier: Tier, ground: Ground) -> Expr:
    """Look at the records of services' files, and at Prometheus's own counts of its rules where it scrapes itself."""
    scope = ground.scope
    info = scope.written(names.INFO)
    match kind.watch:
        case Watch.CONSTANTS:
            measured = [grouped(scope.stream(stream).now()) for stream in _streams(ground)]
            return join("unless", any_of(measured), grouped(info.now()))
        case Watch.OWNERS:
            claims = grouped(info.now(), (names.OWNER, names.PROFILE))
            return aggregate("count", claims, each()) > number(1)
        case Watch.FAILURES:
            return _increased(_FAILURES)
        case Watch.ROUNDS:
            interval = scope.site.rule_interval
            seen = largest(call("count_over_time", info.over(_WINDOW - 1)))
            few = seen < number(_WINDOW // interval - _missable(interval))
            return join("and", few, grouped(info.now(offset=_WINDOW))) | _increased(_MISSES)
        case _:
            assert_never(kind.watch)


def _missable(interval: int) -> int:
    """Count the evaluations that a group may miss, for a rule interval in seconds."""
    return int(_WINDOW // interval * _MISSED)


def _streams(ground: Ground) -> tuple[Stream, ...]:
    return tuple(dict.fromkeys(signal.of for signal in ground.signals.values()))


def _increased(counter: Series) -> Expr:
    return aggregate("sum", call("increase", counter.over(_WINDOW)), (_GROUP,)) > number(0)


def sentence(_alert: Alert, kind: RuleHealth, _tier: Tier, _ground: Ground) -> str:
    """Name the rules that do not work."""
    group = f"{{{{ $labels.{_GROUP} }}}}"
    match kind.watch:
        case Watch.CONSTANTS:
            return f"{SERVICE_VALUE} is measured, but no {names.INFO} says whose it is: no alert watches it."
        case Watch.OWNERS:
            return f"{{{{ $value }}}} pairs of owner and profile claim {SERVICE_VALUE}: its alerts have no owner."
        case Watch.FAILURES:
            return (
                f"Rules of group {group} failed {{{{ $value | humanize }}}} times within {duration(_WINDOW)}: the "
                "alerts that depend on them are silent."
            )
        case Watch.ROUNDS:
            return (
                f"{{{{ if $labels.{_GROUP} }}}}Group {group} missed {{{{ $value | humanize }}}} rounds"
                f"{{{{ else }}}}The rules of {SERVICE_VALUE} were evaluated only {{{{ $value }}}} times{{{{ end }}}} "
                f"within {duration(_WINDOW)}: counts of a window are too small."
            )
        case _:
            assert_never(kind.watch)


def words(_alert: Alert, kind: RuleHealth, _tier: Tier, _service: Service) -> str:
    """Describe the condition for people."""
    match kind.watch:
        case Watch.CONSTANTS:
            return f"A stream of the service is recorded, and its {names.INFO} is not"
        case Watch.OWNERS:
            return "Rule files name more than one owner or profile for the service"
        case Watch.FAILURES:
            return f"A generated rule failed within {duration(_WINDOW)}"
        case Watch.ROUNDS:
            return (
                f"Generated rules missed more than {_MISSED:.0%} of their rounds within {duration(_WINDOW)}"
            )
        case _:
            assert_never(kind.watch)


def cases(kind: RuleHealth, subject: Subject) -> Iterator[TestCase]:
    """Break the inputs of all rules, and the rules themselves."""
    nobody = ((names.OWNER, ""),)
    match kind.watch:
        case Watch.CONSTANTS:
            streams = all_but(None, subject)
            begun = subject.timeline.then(10 * MINUTE, {}).quiet("silent while nothing is measured")
            timeline = subject.fires_and_resolves(
                begun, streams, {}, true_after=subject.interval, false_after=subject.interval, value=1
            )
            case = subject.case("fires on streams without constants", timeline, nobody)
            yield replace(case, without=frozenset({subject.info}))
            healthy = begun.then(subject.alert.for_ + SLACK, streams).quiet(
                "silent where constants are there"
            )
            yield subject.case("silent on streams with constants", healthy)
        case Watch.OWNERS:
            streams, info = all_but(None, subject), subject.info
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
            yield _counted(names.RULE_FAILURES, subject)
        case Watch.ROUNDS:
            yield _late(subject)
            yield _new(subject)
            yield _counted(names.RULE_MISSES, subject)
        case _:
            assert_never(kind.watch)


def _counted(name: str, subject: Subject) -> TestCase:
    """Raise Prometheus' count of failures or misses of one of our groups, once."""
    group = f"/etc/prometheus/rules/agent-run.rules.yml;agent-{subject.alert.about}"
    counted, interval = SeriesId(name, ((_GROUP, group),)), subject.interval
    strange = SeriesId(name, ((_GROUP, "/etc/prometheus/rules/other.yml;other"),))
    begun = subject.timeline.then(20 * MINUTE, {counted: 0.0, strange: 0.0})
    begun = begun.then(20 * MINUTE, {counted: 0.0, strange: 1.0}).quiet("silent on groups of others")
    once: Load = {counted: 1.0, strange: 1.0}
    lasts = begun.up(interval + subject.alert.for_) + SLACK
    timeline = subject.fires_and_resolves(
        begun, once, once, true_after=interval, false_after=_WINDOW + interval - lasts, exact=False
    )
    labels = ((_GROUP, group), (names.SERVICE, ""), (names.OWNER, ""))
    return subject.case(f"fires on {name}", timeline, labels)


def _late(subject: Subject) -> TestCase:
    """Miss as many evaluations as allowed, and one more."""
    interval, info = subject.interval, subject.info
    may, rounds = _missable(interval), _WINDOW // interval
    there: Load = {info: 1.0}
    timeline = (
        subject.timeline.then(2 * _WINDOW, there)
        .then(may * interval, {})
        .then(2 * _WINDOW, there)
        .quiet("silent where as many rounds are missed as may be")
        .then((may + 1) * interval, {})
        .then(subject.alert.for_, there)
        .fires("fires where one more is missed", value=rounds - may - 1)
        .then(_WINDOW + subject.keep, there)
        .silent("resolves")
    )
    case = subject.case("fires when too many rounds are missed", timeline, ((names.OWNER, ""),))
    return replace(case, without=frozenset({subject.info}))


def _new(subject: Subject) -> TestCase:
    """Load the rules of a service: none of its evaluations was missed."""
    timeline = (
        subject.timeline.then(2 * _WINDOW, {})
        .then(_WINDOW - subject.interval, {subject.info: 1.0})
        .quiet("silent while its rules are new")
    )
    return replace(subject.case("silent on new rules", timeline), without=frozenset({subject.info}))
