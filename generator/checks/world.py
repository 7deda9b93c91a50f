"""The closed world: every series that code exposes or rules record, and its labels.

Shared rules are inferred once for all services that feed the same streams, and each service's own on top of that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, reduce
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.checks.series import (
    THIS,
    Data,
    alert_series,
    data_series,
    exposed,
    feeds,
    made_by_prometheus,
    of_prometheus,
    states_of,
)
from generator.model import names
from generator.model.outside import STREAM, outside_alert
from generator.model.rules import RecordingRule, Rule, RuleGroup, SharedRules
from generator.promql.infer import Inferred, infer, names_read
from generator.promql.shape import NOTHING, Shape, constant, labelled, shape, union
from generator.promql.syntax import PromqlError

if TYPE_CHECKING:
    from generator.model.service import Service
    from generator.prometheus.compiled import Compiled

#: The largest number of rounds for rules that read each other in a circle; one that reads itself takes two.
_ROUNDS = 5

#: The board's row of a signal that only one service has.
_OWN_ROW = shape({label: constant(value) for label, value in ((names.SERVICE, THIS), (names.SIGNAL, ""))})

#: An alert that only one service has.
_OWN_ALERT = shape(
    {
        label: constant(value)
        for label, value in (
            (names.SERVICE, THIS),
            (names.SIGNAL, ""),
            (names.SEVERITY, ""),
            ("alertname", ""),
            ("alertstate", ""),
        )
    }
)


class KnownRule(Struct, frozen=True):
    """A rule with its group and interval, and the series that it writes.

    ``inferred`` is None when it does not parse.
    """

    group: str
    interval: int
    rule: Rule
    inferred: Inferred | None
    shape: Shape

    @property
    def reads(self) -> tuple[str, ...]:
        """The names of the series that it reads."""
        return tuple(dict.fromkeys(read.name for read in self.inferred.reads)) if self.inferred else ()


class SharedWorld(Struct, frozen=True, eq=False):
    """The shared rules as they are for every service that feeds the same streams.

    Attributes:
        written: The records of services' files for them.
        recorded: Their own records.
        builtin: The series that Prometheus adds.
        rules: The rules, in order.
        readers: For each series that others write as well, the indices of the rules that depend on it.
    """

    written: Mapping[str, Shape]
    recorded: Mapping[str, Shape]
    builtin: Mapping[str, Shape]
    rules: tuple[KnownRule, ...]
    readers: Mapping[str, tuple[int, ...]]

    @property
    def series(self) -> dict[str, Shape]:
        """All of their series."""
        return {**self.builtin, **self.written, **self.recorded}


class SharedPart(Struct, frozen=True, eq=False):
    """The shared rules for a service: the same object for all services with the same data."""

    rules: tuple[KnownRule, ...]


class World(Struct, frozen=True):
    """The series of a service by name, and the rules about it.

    Attributes:
        raw: The series that its code exposes.
        written: The records of services' files for the shared rules, a part of ``recorded``.
        recorded: The records about it, by its own rules or the shared ones.
        builtin: The series that Prometheus adds.
        own: Its own rules, in order.
        shared: The shared rules for this service.
    """

    raw: Mapping[str, Shape]
    written: Mapping[str, Shape]
    recorded: Mapping[str, Shape]
    builtin: Mapping[str, Shape]
    own: tuple[KnownRule, ...]
    shared: SharedPart

    @property
    def rules(self) -> tuple[KnownRule, ...]:
        """All rules about the service."""
        return (*self.own, *self.shared.rules)

    @property
    def series(self) -> dict[str, Shape]:
        """All series."""
        return {**self.builtin, **self.raw, **self.recorded}


@lru_cache(maxsize=8)
def shared_world(rules: SharedRules, data: Data) -> SharedWorld:
    """Infer the reads and records of the shared rules for a service with this data."""
    files = data_series(rules.streams, data)
    series = {**of_prometheus(), **states_of(NOTHING), **files}
    every = list(_written_down(rules.groups))
    if not any(
        isinstance(one.rule, RecordingRule) and one.rule.record == names.BOARD_CURRENT for one in every
    ):
        # Then only services' own signals have rows, and the shared rule of the status reads these.
        series[names.BOARD_CURRENT] = _OWN_ROW
    recording = _settled([one for one in every if isinstance(one.rule, RecordingRule)], series, files)
    alerting = [_known(one, series) for one in every if not isinstance(one.rule, RecordingRule)]
    found = [*recording, *alerting]
    either = (names.BOARD_CURRENT, names.BOARD_TREND, names.ALERTS, names.ALERTS_FOR_STATE)
    readers = {name: _standing_on(name, found) for name in either}
    # Without alerts in the library, the status reads services' own.
    series |= states_of(alert_series(alerting) if alerting else _OWN_ALERT)
    _again(found, sorted({*readers[names.ALERTS], *readers[names.ALERTS_FOR_STATE]}), series)
    builtin = {**of_prometheus(), **states_of(series[names.ALERTS])}
    recorded = {name: one for name, one in series.items() if name not in files and name not in builtin}
    return SharedWorld(files, recorded, builtin, tuple(found), readers)


def _standing_on(name: str, rules: Sequence[KnownRule]) -> tuple[int, ...]:
    """Find the recording rules that read a series, directly or indirectly."""
    reached, found = {name}, {}
    for index, known in enumerate(rules):
        if isinstance(known.rule, RecordingRule) and not reached.isdisjoint(known.reads):
            found[index] = known
            reached.add(known.rule.record)
    return tuple(found)


def world(service: Service, compiled: Compiled, everyone: SharedWorld) -> World:
    """Infer the reads and records of a service's own rules, on top of those of the shared rules."""
    raw, targets = exposed(service), made_by_prometheus(service)
    everything = everyone.series
    series = {**everything, **targets, **raw}
    own = list(_written_down((*compiled.recording, *compiled.alerting), service))
    recorders = [one for one in own if isinstance(one.rule, RecordingRule)]
    recording = [_listed(one) for one in _settled(recorders, series, everyone.written)]
    alerting = [_known(one, series) for one in own if not isinstance(one.rule, RecordingRule)]
    if alerting:
        series |= states_of(union(series[names.ALERTS], alert_series(alerting)))
    # A library may record none of these, where none of its signals has a trend.
    both = [(name, series.get(name, NOTHING), everything.get(name, NOTHING)) for name in everyone.readers]
    changed = tuple((name, now) for name, now, before in both if now != before)
    shared, again = _for_service(everyone, changed)
    records = {one.rule.record: series[one.rule.record] for one in own if isinstance(one.rule, RecordingRule)}
    recorded = {**everyone.written, **everyone.recorded, **records, **again}
    builtin = {**everyone.builtin, **targets, **states_of(series[names.ALERTS])}
    return World(raw, everyone.written, recorded, builtin, (*recording, *alerting), shared)


@lru_cache(maxsize=32)
def _for_service(
    everyone: SharedWorld, changed: tuple[tuple[str, Shape], ...]
) -> tuple[SharedPart, Mapping[str, Shape]]:
    """Infer those shared rules again that depend on a record that a service's own rules write as well.

    Returns:
        The rules, and the series that they now record differently.
    """
    rules, series = list(everyone.rules), {**everyone.series, **dict(changed)}
    before = dict(series)
    numbers = sorted({number for name, _ in changed for number in everyone.readers[name]})
    _again(rules, numbers, series, [name for name, _ in changed])
    return SharedPart(tuple(rules)), {name: one for name, one in series.items() if one is not before[name]}


def of_library(rules: SharedRules) -> SharedWorld:
    """Infer the shared rules for a service that feeds every stream, with every label."""
    return shared_world(rules, Data(feeds((*rules.streams, STREAM)), marks=rules.marks))


def data_of(rules: SharedRules, service: Service) -> Data:
    """Describe the streams and promises of a service."""
    outside = (STREAM,) if outside_alert(service) else ()
    fed = feeds((*service.streams.values(), *outside))
    promised = frozenset(name for name in service.objectives if service.signals[name].shared)
    return Data(fed, service.profile, promised, rules.marks)


def of_service(rules: SharedRules, service: Service) -> SharedWorld:
    """Infer the shared rules for a service."""
    return shared_world(rules, data_of(rules, service))


def _again(
    rules: list[KnownRule], numbers: Iterable[int], series: dict[str, Shape], settled: Collection[str] = ()
) -> None:
    """Infer some of the rules again, in order, and all their records that are not ``settled``."""
    for number in numbers:
        known = rules[number]
        again = _Rule(known.group, known.interval, known.rule, known.rule.expr, ())
        rules[number] = _known(again, series)
        if isinstance(known.rule, RecordingRule) and (record := known.rule.record) not in settled:
            series[record] = reduce(union, (one.shape for one in rules if _records(one, record)))


def _records(known: KnownRule, name: str) -> bool:
    return isinstance(known.rule, RecordingRule) and known.rule.record == name


def _listed(known: KnownRule) -> KnownRule:
    """Replace the values that a service lists by their set."""
    name = known.rule.labels.get(names.LABEL, "")
    if isinstance(known.rule, RecordingRule) and known.rule.record == names.LABEL_VALUE and name:
        labels = {**dict(known.shape.labels), name: (name,)}
        return replace(known, shape=shape(labels))
    return known


def shared(expr: str, service: Service) -> str:
    """Replace the service's name by ``THIS``, so that services with no other difference share one inference."""
    return expr.replace(f'{names.SERVICE}="{service.name}"', f'{names.SERVICE}="{THIS}"')


class _Rule(Struct, frozen=True):
    """A rule, its shared text, and the names of the series that it reads."""

    group: str
    interval: int
    rule: Rule
    text: str
    reads: tuple[str, ...]


def _written_down(groups: Iterable[RuleGroup], service: Service | None = None) -> Iterator[_Rule]:
    for group in groups:
        for rule in group.rules:
            text = shared(rule.expr, service) if service else rule.expr
            try:
                reads = names_read(text)
            except PromqlError:
                reads = ()
            yield _Rule(group.name, group.interval, rule, text, reads)


def _settled(rules: Sequence[_Rule], series: dict[str, Shape], given: Collection[str]) -> list[KnownRule]:
    """Infer each rule and add its record to ``series``, except those whose series are ``given``.

    A rule may read a later record, or its own: it is inferred again once that is known.
    """
    known: dict[int, KnownRule] = {}
    seen: dict[int, tuple[Shape | None, ...]] = {}
    records = [rule.rule.record if isinstance(rule.rule, RecordingRule) else "" for rule in rules]
    parts: dict[str, dict[int, Shape]] = {
        name: {-1: series.get(name, NOTHING)} for name in records if name and name not in given
    }
    series.update({name: first[-1] for name, first in parts.items()})
    for _ in range(_ROUNDS):
        before = seen.copy()
        for index, rule in enumerate(rules):
            reads = tuple(map(series.get, rule.reads))
            if seen.get(index) != reads:
                seen[index], known[index] = reads, _known(rule, series)
                if (record := records[index]) in parts:
                    parts[record][index] = known[index].shape
                    series[record] = reduce(union, parts[record].values())
        if seen == before:
            break
    return [known[index] for index in range(len(rules))]


def _known(rule: _Rule, series: Mapping[str, Shape]) -> KnownRule:
    try:
        inferred = infer(rule.text, series)
    except PromqlError:
        return KnownRule(rule.group, rule.interval, rule.rule, None, NOTHING)
    values = {**rule.rule.labels}
    if values.get(names.SERVICE):
        values[names.SERVICE] = THIS
    labels = tuple([(label, constant(value)) for label, value in values.items()])
    return KnownRule(rule.group, rule.interval, rule.rule, inferred, labelled(inferred.shape, labels))
