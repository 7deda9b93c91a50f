"""The closed world of a service: every series that its code exposes or its rules record, and its labels."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.checks.exposed import exposed, made_by_prometheus
from generator.model import names
from generator.model.rules import RecordingRule
from generator.promql.infer import Inferred, infer, names_read
from generator.promql.shape import NOTHING, Shape, constant, labelled, union
from generator.promql.syntax import PromqlError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from generator.model.rules import AlertingRule, RuleGroup
    from generator.model.service import Service
    from generator.prometheus.compiled import Compiled
    from generator.prometheus.shared import SharedRules

#: Rules that read each other in a circle are given up after so many rounds; one that reads itself takes two.
_ROUNDS = 5
#: Stands for the service's own name in what is inferred; no service can be called so.
THIS = "THIS SERVICE"


class Known(Struct, frozen=True):
    """A rule, where it stands, and the series that it writes; ``inferred`` is None when it does not parse."""

    group: RuleGroup
    rule: RecordingRule | AlertingRule
    inferred: Inferred | None
    shape: Shape


class World(Struct, frozen=True):
    """The series of a service by name, raw, recorded and Prometheus's own, and all its rules in order."""

    raw: Mapping[str, Shape]
    recorded: Mapping[str, Shape]
    builtin: Mapping[str, Shape]
    rules: tuple[Known, ...]

    @property
    def series(self) -> dict[str, Shape]:
        """All of them."""
        return {**self.builtin, **self.raw, **self.recorded}


def world(service: Service, compiled: Compiled, common: SharedRules) -> World:
    """Infer what every rule about a service reads and writes: its own, and those that all share."""
    raw, builtin = exposed(service), made_by_prometheus(service)
    series = {**builtin, **raw}
    every = [*compiled.recording, *common.groups, *compiled.alerting]
    written = list(_written_down(every, service))
    recording = _settled([one for one in written if isinstance(one.rule, RecordingRule)], series)
    recorded = {name: series[name] for name in series if name not in raw and name not in builtin}
    alerting = (_known(one, series) for one in written if not isinstance(one.rule, RecordingRule))
    return World(raw, recorded, builtin, (*recording, *alerting))


def shared(expr: str, service: Service) -> str:
    """Put ``THIS`` for the service's name, so that services that differ in nothing else share what is inferred."""
    return expr.replace(f'{names.SERVICE}="{service.name}"', f'{names.SERVICE}="{THIS}"')


class _Rule(Struct, frozen=True):
    """A rule, its shared text, and the names of the series that it reads."""

    group: RuleGroup
    rule: RecordingRule | AlertingRule
    text: str
    reads: tuple[str, ...]


def _written_down(groups: Iterable[RuleGroup], service: Service) -> Iterator[_Rule]:
    for group in groups:
        for rule in group.rules:
            text = shared(rule.expr, service)
            try:
                yield _Rule(group, rule, text, names_read(text))
            except PromqlError:
                yield _Rule(group, rule, text, ())


def _settled(rules: Sequence[_Rule], series: dict[str, Shape]) -> list[Known]:
    """Infer each rule and add its record to ``series``.

    A rule may read what stands after it, or itself: it is inferred again once that is known.
    """
    found: dict[int, Known] = {}
    seen: dict[int, tuple[Shape | None, ...]] = {}
    records = [rule.rule.record if isinstance(rule.rule, RecordingRule) else "" for rule in rules]
    parts: dict[str, dict[int, Shape]] = {record: {} for record in records if record}
    series.update(dict.fromkeys(parts, NOTHING))
    for _ in range(_ROUNDS):
        before = seen.copy()
        for index, rule in enumerate(rules):
            reads = tuple(map(series.get, rule.reads))
            if seen.get(index) != reads:
                seen[index], found[index] = reads, _known(rule, series)
                if record := records[index]:
                    parts[record][index] = found[index].shape
                    series[record] = reduce(union, parts[record].values())
        if seen == before:
            break
    return [found[index] for index in range(len(rules))]


def _known(rule: _Rule, series: Mapping[str, Shape]) -> Known:
    try:
        inferred = infer(rule.text, series)
    except PromqlError:
        return Known(rule.group, rule.rule, None, NOTHING)
    values = {**rule.rule.labels}
    if values.get(names.SERVICE):
        values[names.SERVICE] = THIS
    labels = tuple([(label, constant(value)) for label, value in values.items()])
    return Known(rule.group, rule.rule, inferred, labelled(inferred.shape, labels))
