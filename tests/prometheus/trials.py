"""Test cases of alerts on a real Prometheus: streams and constants in, records, and the alerts' states over time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from itertools import chain as joined
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.live.evaluate import evaluate
from generator.live.plan import records_read
from generator.live.remote_write import STALE_NAN, TimeSeries, write
from generator.model import names
from generator.model.rules import AlertingRule, RecordingRule
from generator.model.streams import MODEL
from generator.model.units import DAY
from generator.prometheus.rule_tests.files import models_of
from generator.promql.syntax import references
from generator.scenarios import samples_of, series_of
from tests.prometheus.chain import T0

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from generator.live.api import PrometheusApi
    from generator.model.rules import RuleGroup
    from generator.model.service import Service
    from generator.prometheus.rule_tests.files import Trial
    from generator.promql.syntax import Reference
    from generator.scenarios import Expectation


#: The labels of an alert, and the instants at which it fires.
Fired = tuple[Mapping[str, str], frozenset[int]]
#: The labels of a series of an alert's expression, and the instants at which it is true.
Active = tuple[Mapping[str, str], frozenset[int]]

#: The parts of the time of all cases after which a wrong version is compared: most are caught in the shortest cases.
_PARTS = (0.05, 0.2, 0.5, 1)
#: Two spans of a few steps are asked for at once where fewer steps are between them: a request costs as much.
_WORTH_A_REQUEST = 5
#: Seconds between the beginnings of two cases of one service: no rule looks back as far, and it is whole weeks.
_APART = 70 * DAY


class _Span(Struct, frozen=True):
    """Seconds since the cases began, and the expectations there, each with its case and the service of that."""

    start: int
    end: int
    expectations: tuple[tuple[Trial, str, Expectation], ...]


class Tried(Struct, frozen=True, dict=True):
    """Cases of the alerts of one name, each on its own service, whose series and records are in Prometheus."""

    api: PrometheusApi
    trials: tuple[Trial, ...]
    rules: tuple[AlertingRule, ...]
    #: The service of each case.
    services: tuple[str, ...]
    #: What each rule's expression yields.
    active: tuple[tuple[Active, ...], ...] = ()
    #: The instant at which the cases begin.
    begin: int = T0

    @cached_property
    def fired(self) -> tuple[tuple[Fired, ...], ...]:
        """The alerts of each rule."""
        return tuple(
            tuple(self._firing(rule, active, 0, self.seconds))
            for rule, active in zip(self.rules, self.active, strict=True)
        )

    def contradictions(self) -> list[tuple[str, Expectation]]:
        """List the contradictions of the alerts to the expectations."""
        return list(self._against(self.fired, self.seconds))

    def is_contradicted(self, place: int, wrong: AlertingRule) -> bool:
        """Return whether some expectation fails with ``wrong`` in place of one of the rules.

        Raises:
            LiveError: the server refuses it.
        """
        if wrong.expr == self.rules[place].expr:
            return self._is_against(place, self._firing(wrong, self.active[place], 0, self.seconds))
        # Few instants contradict most versions, and cost little beside all of the longest case.
        return any(self._fails_within(place, wrong, span) for span in self._spans(wrong)) or self._fails(
            place, wrong
        )

    @property
    def step(self) -> int:
        """The interval of the rules."""
        return self.trials[0].case.timeline.interval

    @property
    def seconds(self) -> int:
        """The length of the longest case."""
        return max(trial.case.timeline.seconds for trial in self.trials)

    def all_active(self) -> tuple[tuple[Active, ...], ...]:
        """Find what each rule's expression yields."""
        return tuple(tuple(self._active(rule, 0, self.seconds)) for rule in self.rules)

    def _fails(self, place: int, wrong: AlertingRule) -> bool:
        """Compare a wrong version over all time, in parts."""
        active: dict[str, tuple[Mapping[str, str], set[int]]] = {}
        start = 0
        # A server refuses a range that ends before it starts, which would look like a version that is caught.
        for end in sorted({int(self.seconds * part) // self.step * self.step for part in _PARTS}):
            for labels, instants in self._active(wrong, start, end):
                active.setdefault(repr(sorted(labels.items())), (labels, set()))[1].update(instants)
            if self._is_against(place, self._firing(wrong, active.values(), 0, end), end):
                return True
            start = end + self.step
        return False

    def _fails_within(self, place: int, wrong: AlertingRule, span: _Span) -> bool:
        """Compare a wrong version at the expectations of a span; where it depends on the time before, nothing fails.

        An alert that fires although nothing was true before the span fires in any case. One whose expression was never
        true within ``keep_firing_for`` cannot fire.
        """
        active = tuple(self._active(wrong, span.start, span.end))
        surely = tuple(self._firing(wrong, active, span.start, span.end))
        perhaps = tuple(self._kept(wrong, active))
        return any(
            self._contradicts(one, trial, service, place, perhaps if one.fires else surely)
            for trial, service, one in span.expectations
        )

    def _contradicts(
        self, one: Expectation, trial: Trial, service: str, place: int, fired: tuple[Fired, ...]
    ) -> bool:
        others = (each for at, found in enumerate(self.fired) for each in found if at != place)
        return self._fires(one, _own(trial, service, (*others, *fired))) != one.fires

    def _kept(self, wrong: AlertingRule, active: Iterable[Active]) -> Iterator[Fired]:
        """Extend the times at which an expression is true by those at which the alert may still fire."""
        reach = range(0, wrong.keep_firing_for + self.step, self.step)
        for labels, true in active:
            yield {**labels, **wrong.labels}, frozenset(at + more for at in true for more in reach)

    def _spans(self, wrong: AlertingRule) -> list[_Span]:
        """List the times on which the states at expectations mostly depend, the fewest steps for each first."""
        found: list[_Span] = []
        for one in sorted(self._spans_before(wrong), key=lambda each: each.start):
            last = found[-1] if found else None
            if last and one.start <= last.end + _WORTH_A_REQUEST * self.step:
                expectations = (*last.expectations, *one.expectations)
                found[-1] = _Span(last.start, max(last.end, one.end), expectations)
            else:
                found.append(one)
        return sorted(found, key=lambda one: (one.end - one.start + self.step) / len(one.expectations))

    def _spans_before(self, wrong: AlertingRule) -> Iterator[_Span]:
        """Choose the span of each expectation: what must be silent depends on less time, that of its ``for``."""
        for trial, service in zip(self.trials, self.services, strict=True):
            for one in trial.case.timeline.expectations:
                reach = wrong.keep_firing_for if one.fires else wrong.for_
                start = max(0, one.seconds - reach) // self.step * self.step
                yield _Span(start, one.seconds, ((trial, service, one),))

    def _is_against(self, place: int, fired: Iterable[Fired], end: int | None = None) -> bool:
        """Whether an expectation until ``end`` fails if the rule at ``place`` fires at these times."""
        found = [*self.fired[:place], tuple(fired), *self.fired[place + 1 :]]
        return any(self._against(found, self.seconds if end is None else end))

    def _against(self, fired: Iterable[Iterable[Fired]], end: int) -> Iterator[tuple[str, Expectation]]:
        """Compare what fired until ``end`` with the expectations until then."""
        found = list(joined.from_iterable(fired))
        for trial, service in zip(self.trials, self.services, strict=True):
            expectations = [one for one in trial.case.timeline.expectations if one.seconds <= end]
            own = _own(trial, service, found) if expectations else frozenset()
            yield from ((trial.case.name, one) for one in expectations if self._fires(one, own) != one.fires)

    def _active(self, rule: AlertingRule, start: int, end: int) -> Iterator[Active]:
        """Evaluate a rule: the instants at which it is true for each series."""
        for series in self.api.query_range(rule.expr, self.begin + start, self.begin + end, self.step).series:
            yield series.labels, frozenset(round(time) for time in series.timestamps)

    def _firing(
        self,
        rule: AlertingRule,
        active: Iterable[tuple[Mapping[str, str], AbstractSet[int]]],
        start: int,
        end: int,
    ) -> Iterator[Fired]:
        """Apply the rule's ``for`` and ``keep_firing_for`` by hand."""
        instants = range(self.begin + start, self.begin + end + 1, self.step)
        for labels, true in active:
            yield {**labels, **rule.labels}, frozenset(_firing(rule, true, instants))

    def _fires(self, expected: Expectation, instants: frozenset[int]) -> bool:
        """Whether it fires at that time, or, for an alert that must be silent since a time, at any time since."""
        since = expected.seconds if expected.since is None else expected.since + self.step
        return any(self.begin + since <= at <= self.begin + expected.seconds for at in instants)


def _own(trial: Trial, service: str, found: Iterable[Fired]) -> frozenset[int]:
    case = trial.case
    wanted = {"service": service, "severity": str(case.tier.severity), **dict(case.labels)}
    return frozenset(
        at
        for labels, instants in found
        if all(labels.get(name, "") == value for name, value in wanted.items())
        for at in instants
    )


def _firing(rule: AlertingRule, active: AbstractSet[int], instants: range) -> Iterator[int]:
    since: int | None = None
    over: int | None = None
    fires = False
    for at in instants:
        if at in active:
            since, over = at if since is None else since, None
            fires = fires or at - since >= rule.for_
        else:
            over = at if over is None else over
            if not fires or at - over >= rule.keep_firing_for:
                since, fires = None, False
        if fires:
            yield at


def try_out(  # noqa: PLR0913 - a trial has that many parts
    api: PrometheusApi,
    trials: Sequence[Trial],
    groups: Sequence[RuleGroup],
    rules: Sequence[AlertingRule],
    service: str = "",
    begin: int = T0,
) -> Tried:
    """Run cases at once, each as a service of its own; one by one where all are about ``service``."""
    services = tuple(service or trial.service for trial in trials)
    write(
        api,
        (one for trial, name in zip(trials, services, strict=True) for one in _inputs(trial, name, begin)),
    )
    end = begin + max(trial.case.timeline.seconds for trial in trials)
    step = trials[0].case.timeline.interval
    read = _without_inputs(needed(groups, [rule.expr for rule in rules]), trials)
    evaluate(api, priced(read, models_of(trials)), begin, end, step=step)
    tried = Tried(api, tuple(trials), tuple(rules), services, begin=begin)
    return replace(tried, active=tried.all_active())


def try_out_in_turn(
    api: PrometheusApi,
    trials: Sequence[tuple[Trial, Sequence[AlertingRule]]],
    groups: Sequence[RuleGroup],
    service: str,
) -> Iterator[Tried]:
    """Run cases of one service one after another on one server, so far apart that none sees another."""
    for place, (trial, rules) in enumerate(trials):
        yield try_out(api, [trial], groups, rules, service, T0 + place * _APART)


def rules_of(groups: Iterable[RuleGroup], name: str) -> tuple[AlertingRule, ...]:
    """Find the rules of an alert."""
    every = (rule for group in groups for rule in group.rules)
    return tuple(rule for rule in every if isinstance(rule, AlertingRule) and rule.alert == name)


def needed(groups: Iterable[RuleGroup], exprs: Iterable[str]) -> list[RuleGroup]:
    """Keep only the recording rules that expressions read, directly or through others.

    The numbers of all alerts have one name, and each its own rules: only those of the alerts that are read are kept.
    """
    groups = list(groups)
    waiting = [rule for group in groups for rule in group.rules if isinstance(rule, RecordingRule)]
    records = {rule.record for rule in waiting}
    read: defaultdict[str, set[str]] = defaultdict(set)
    fresh = list(exprs)
    while fresh:
        for record, alert in joined.from_iterable(_read(expr, records) for expr in fresh):
            read[record].add(alert)
        fresh = [rule.expr for rule in waiting if _is_read(rule, read)]
        waiting = [rule for rule in waiting if not _is_read(rule, read)]
    return [
        replace(
            group,
            rules=tuple(
                rule for rule in group.rules if isinstance(rule, RecordingRule) and _is_read(rule, read)
            ),
        )
        for group in groups
    ]


def priced(groups: Iterable[RuleGroup], models: Collection[str]) -> list[RuleGroup]:
    """Keep only the prices of these models: the whole list would take longer than all that reads it."""
    prices = {names.PRICE, names.PRICE_WITHIN}
    return [
        replace(
            group,
            rules=tuple(
                rule
                for rule in group.rules
                if not (isinstance(rule, RecordingRule) and rule.record in prices)
                or rule.labels[MODEL] in models
            ),
        )
        for group in groups
    ]


def priced_models(services: Iterable[Service]) -> set[str]:
    """Name the models of services that have prices."""
    return {price.model for service in services for price in service.prices}


def _read(expr: str, records: AbstractSet[str]) -> Iterator[tuple[str, str]]:
    """List the records that an expression reads, each with the alert whose numbers it reads, or none for any."""
    selectors = references(expr)
    for record in records_read(expr, records):
        named = all(one.name for one in selectors)
        of_record = [one for one in selectors if one.name == record]
        yield from ((record, _alert_of(one)) for one in of_record) if named else [(record, "")]


def _alert_of(selector: Reference) -> str:
    return next((value for label, op, value in selector.matchers if (label, op) == (names.ALERT, "=")), "")


def _is_read(rule: RecordingRule, read: Mapping[str, AbstractSet[str]]) -> bool:
    """Whether an expression that is read can select a series of this rule."""
    alerts = read.get(rule.record, frozenset())
    return bool(alerts) and ("" in alerts or rule.labels.get(names.ALERT, "") in {"", *alerts})


def _without_inputs(groups: Iterable[RuleGroup], trials: Sequence[Trial]) -> list[RuleGroup]:
    """Leave out the rules that record an input."""
    fed = {name.name for trial in trials for name in series_of(trial.case.timeline.phases)}
    return [
        replace(
            group,
            rules=tuple(
                rule for rule in group.rules if isinstance(rule, RecordingRule) and rule.record not in fed
            ),
        )
        for group in groups
    ]


def _inputs(trial: Trial, service: str, begin: int) -> Iterator[TimeSeries]:
    case, step = trial.case, trial.subject.fixture.site.rule_interval
    phases = case.timeline.phases
    for name in series_of(phases):
        values = samples_of(phases, name, trial.step)
        yield _series({"__name__": name.name, **name.labels_of(service)}, values, step, begin)
    steps = case.timeline.seconds // step + 1
    for name, value in {**trial.subject.fixture.constants, **dict(case.constants)}.items():
        if name not in case.without:
            yield _series({"__name__": name.name, **name.labels_of(service)}, [value] * steps, step, begin)


def _series(labels: Mapping[str, str], values: Sequence[float | None], step: int, begin: int) -> TimeSeries:
    """Write values; at its end the series is stale, as records of rules are."""
    times: list[int] = []
    found: list[float] = []
    before: float | None = None
    for place, value in enumerate(values):
        if value is not None or before is not None:
            times.append((begin + place * step) * 1000)
            found.append(STALE_NAN if value is None else value)
        before = value
    return TimeSeries(dict(labels), times, found)
