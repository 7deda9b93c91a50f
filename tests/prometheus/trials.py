"""A generated case of an alert, tried on a real Prometheus: raw series in, records, and what the alert says when."""

from __future__ import annotations

from functools import cached_property
from itertools import chain as joined
from typing import TYPE_CHECKING

from generator.prometheus.witness.case import Trial
from generator.prometheus.witness.exposed import Exposed
from generator.prometheus.witness.history import begun_at
from generator.prometheus.witness.kinds import cases
from msgspec import Struct
from msgspec.structs import replace

from generator.live.reads import records_read
from generator.live.remote_write import TimeSeries
from generator.model.rules import AlertingRule, RecordingRule
from generator.prometheus.compiled import compile_rules
from tests.prometheus.chain import T0, renamed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from generator.prometheus.witness.case import Case, Moment
    from generator.prometheus.witness.history import Phase, SeriesId

    from generator.model.rules import RuleGroup
    from generator.model.service import Service, Site
    from tests.prometheus.chain import Chain


class Tried(Struct, frozen=True, dict=True):
    """A case whose raw series and records are in Prometheus."""

    chain: Chain
    case: Case

    @cached_property
    def rules(self) -> tuple[AlertingRule, ...]:
        """The rules of the case's alert and severity; the label that it fires by comes from its series."""
        return tuple(
            rule
            for group in compile_rules(self.chain.service, self.chain.site).alerting
            for rule in group.rules
            if isinstance(rule, AlertingRule)
            and (rule.alert, rule.labels["severity"]) == (self.case.alert.name, self.case.severity)
            and all(
                rule.labels.get(name) == (None if name == self.case.alert.by else value)
                for name, value in self.case.labels
            )
        )

    def contradictions(self, rules: Sequence[AlertingRule] | None = None) -> list[Moment]:
        """List the moments at which the alert, or these rules in its place, does not do what it must."""
        firing = set[int]()
        for rule in self.rules if rules is None else rules:
            firing |= self._firing(rule)
        return [moment for moment in self.case.moments if (T0 + moment.seconds in firing) != moment.fires]

    def _firing(self, rule: AlertingRule) -> set[int]:
        """Keep the rule's ``for`` and ``keep_firing_for`` by hand: the instants at which it fires."""
        end = T0 + sum(phase.seconds for phase in self.case.phases)
        step = self.chain.site.rule_interval
        active = [
            {round(time) for time in series.timestamps}
            for series in self.chain.api.query_range(rule.expr, T0, end, step).series
            if dict(self.case.labels).items() <= {**series.labels, **rule.labels}.items()
        ]
        return set(joined.from_iterable(_held(rule, times, range(T0, end + 1, step)) for times in active))


def _held(rule: AlertingRule, active: set[int], instants: range) -> Iterator[int]:
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


def try_out(chain: Chain, alert: int, tier: int) -> list[Tried]:
    """Run every case of one of a service's alerts and of one of its tiers, each as a service of its own."""
    found = []
    for number in range(len(_cases(chain.service, chain.site, alert, tier))):
        service = renamed(chain.service, f"{chain.service.name}-{number}")
        one = Tried(replace(chain, service=service), _cases(service, chain.site, alert, tier)[number])
        one.chain.write(_raw(one.case.phases, chain.site.scrape_interval))
        end = T0 + sum(phase.seconds for phase in one.case.phases)
        one.chain.evaluate(T0, end, needed(service, chain.site, [rule.expr for rule in one.rules]))
        found.append(one)
    return found


def _cases(service: Service, site: Site, alert: int, tier: int) -> tuple[Case, ...]:
    chosen = service.alerts[alert]
    return cases(Trial(chosen, chosen.tiers[tier], Exposed(service), site.scrape_interval))


def needed(service: Service, site: Site, exprs: Iterable[str]) -> list[RuleGroup]:
    """Leave of the recording rules what expressions read, directly or through others."""
    groups = compile_rules(service, site).recording
    rules = [rule for group in groups for rule in group.rules if isinstance(rule, RecordingRule)]
    records = {rule.record for rule in rules}
    read, found = set[str](), set(joined.from_iterable(records_read(expr, records) for expr in exprs))
    while found:
        read |= found
        of_these = (records_read(rule.expr, records) for rule in rules if rule.record in found)
        found = set(joined.from_iterable(of_these)) - read
    return [
        replace(
            group,
            rules=tuple(
                rule for rule in group.rules if isinstance(rule, RecordingRule) and rule.record in read
            ),
        )
        for group in groups
    ]


def _raw(phases: Sequence[Phase], scrape: int) -> Iterator[TimeSeries]:
    ids = sorted({name for phase in phases for name in (*phase.load, *phase.levels)}, key=str)
    for name in ids:
        samples = list(_samples(name, phases, scrape))
        times, values = [time for time, _ in samples], [value for _, value in samples]
        yield TimeSeries({"__name__": name.name, **dict(name.labels)}, times, values)


def _samples(name: SeriesId, phases: Sequence[Phase], scrape: int) -> Iterator[tuple[int, float]]:
    at, value = T0, begun_at([phase.load.get(name) for phase in phases], scrape)
    if name in phases[0].load or name in phases[0].levels:
        yield at * 1000, phases[0].levels.get(name, value)
    for phase in phases:
        value = 0.0 if phase.restarted else value
        for _ in range(phase.seconds // scrape):
            at += scrape
            if name in phase.load:
                value += phase.load[name]
                yield at * 1000, value
            elif name in phase.levels:
                yield at * 1000, phase.levels[name]
