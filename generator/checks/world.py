"""The closed world: every series that code exposes or rules record, and its labels.

Besides records, rules may read exposed series, Prometheus's own, and a service's streams and constants. Shared rules
are inferred once for all services that feed the same streams, and each service's own on top of that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, reduce
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.model import names
from generator.model.metrics import TARGET_LABELS
from generator.model.outside import STREAM, outside_alert
from generator.model.rules import AlertingRule, RecordingRule, Rule, RuleGroup, SharedRules
from generator.model.streams import MODEL, TOKEN_TYPE, Stream
from generator.promql.infer import Inferred, infer, names_read
from generator.promql.shape import (
    ABSENT,
    NOTHING,
    Origin,
    Shape,
    aggregated,
    constant,
    relabelled,
    shape,
    union,
)
from generator.promql.syntax import PromqlError
from generator.signals.prices import WITHIN

if TYPE_CHECKING:
    from generator.model.metrics import Metric
    from generator.model.service import Service
    from generator.prometheus.rule_set import Compiled

#: The placeholder for a service's own name in inferred results; no service can have this name.
THIS = "THIS SERVICE"
#: Values that are not counted: each series has one.
_ANY = constant("")
#: The labels of each constant besides the service; each service's file records some of them.
_CONSTANTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        names.INFO: (names.OWNER, names.PROFILE, names.RUN_WORD),
        names.OBJECTIVE: (names.SIGNAL,),
        names.OBJECTIVE_WINDOW: (names.SIGNAL,),
        names.TRAFFIC: (),
        names.HOURS: (names.WORDS,),
        names.LABEL_VALUE: (names.LABEL,),
        names.LABEL_MAX: (names.LABEL,),
        names.OVERRIDE: (names.ALERT, names.PART, names.SEVERITY, names.WORDS),
        names.VARIANT: (names.ALERT, names.VARIANT_LABEL),
        names.LINK: ("link", "url", "url_of_release"),
        names.SCRAPED: (),
    }
)
#: The labels of the shared files' data of profiles and of prices; any of it may be missing.
_OF_ALL: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        names.PROFILE_STREAM: (names.PROFILE, names.STREAM, names.METRIC, names.EMITTED),
        names.PROFILE_LABEL_VALUE: (names.PROFILE, names.LABEL),
        names.PROFILE_LABEL_MAX: (names.PROFILE, names.LABEL),
        names.PRICE: (MODEL, TOKEN_TYPE),
        names.PRICE_WITHIN: (MODEL, TOKEN_TYPE, WITHIN),
    }
)
#: A stream that a profile feeds: its record, its stem, and the labels that the record keeps.
Feed = tuple[str, str, tuple[str, ...]]
#: Prometheus's own counts of its rules, where it scrapes itself.
_OF_RULES = (names.RULE_FAILURES, names.RULE_MISSES)
_RULE_LABELS = ("job", "instance", names.RULE_GROUP)
_STATES = (*constant("firing"), *constant("pending"))
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


@lru_cache(maxsize=8)
def shared_world(rules: SharedRules, data: Data) -> SharedWorld:
    """Infer the reads and records of the shared rules for a service with this data."""
    files = _data_series(rules.streams, data)
    series = {**_of_prometheus(), **states_of(NOTHING), **files}
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
    series |= states_of(_alert_series(alerting) if alerting else _OWN_ALERT)
    _again(found, sorted({*readers[names.ALERTS], *readers[names.ALERTS_FOR_STATE]}), series)
    builtin = {**_of_prometheus(), **states_of(series[names.ALERTS])}
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
    raw, targets = exposed(service), _made_by_prometheus(service)
    everything = everyone.series
    series = {**everything, **targets, **raw}
    own = list(_written_down((*compiled.recording, *compiled.alerting), service))
    recorders = [one for one in own if isinstance(one.rule, RecordingRule)]
    recording = [_listed(one) for one in _settled(recorders, series, everyone.written)]
    alerting = [_known(one, series) for one in own if not isinstance(one.rule, RecordingRule)]
    if alerting:
        states = states_of(union(series[names.ALERTS], _alert_series(alerting)))
        series |= states
        if any(names.ALERTS in known.reads for known in recording):
            series = {**everything, **targets, **raw, **states}  # anew: a record would be added to itself
            recording = [_listed(one) for one in _settled(recorders, series, everyone.written)]
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
    return Data(fed, service.profile, promised, rules.marks, service.hours is not None)


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


def _nameless(expr: str, service: Service) -> str:
    """Write ``THIS`` for the service's name, so that services with no other difference share one inference."""
    return expr.replace(f'{names.SERVICE}="{service.name}"', f'{names.SERVICE}="{THIS}"')


def nameless_selector(service: Service) -> dict[str, str]:
    """Return the selector as ``_nameless`` writes it: targets may carry the service's name as a label of that name."""
    own = service.selector.get(names.SERVICE) == service.name
    return {**service.selector, names.SERVICE: THIS} if own else dict(service.selector)


class _Rule(Struct, frozen=True):
    """A rule, its text without the service's name, and the names of the series that it reads."""

    group: str
    interval: int
    rule: Rule
    text: str
    reads: tuple[str, ...]


def _written_down(groups: Iterable[RuleGroup], service: Service | None = None) -> Iterator[_Rule]:
    for group in groups:
        for rule in group.rules:
            text = _nameless(rule.expr, service) if service else rule.expr
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
    return KnownRule(rule.group, rule.interval, rule.rule, inferred, relabelled(inferred.shape, labels))


class Data(Struct, frozen=True):
    """The input of services' files for the shared rules, as far as series depend on it.

    Attributes:
        feeds: The streams.
        profile: The profile; empty for any.
        promised: The signals with an objective; None for any.
        marks: The labels of alerts that authors chose.
        hours: Whether traffic is promised in certain hours.
    """

    feeds: tuple[Feed, ...]
    profile: str = ""
    promised: frozenset[str] | None = None
    marks: tuple[str, ...] = ()
    hours: bool = True


def buckets(stem: str) -> str:
    """Name the set of a histogram's bucket bounds; no label can have this name."""
    return f"{names.LE}:{stem}"


def feeds(streams: Iterable[Stream]) -> tuple[Feed, ...]:
    """Describe the streams that shared rules read, in the order of their names."""
    return tuple(sorted((names.rate(one), one.stem, one.kept) for one in streams if one.shared))


def _data_series(library: Iterable[Stream], data: Data) -> dict[str, Shape]:
    """Build the series of data for the shared rules; a library stream without a source has no series."""
    shapes = {names.rate(stream): NOTHING for stream in (*library, STREAM)}
    shapes |= {record: _stream(stem, labels) for record, stem, labels in data.feeds}
    labels = sorted({label for stream in library for label in stream.labels})
    values = {name: (ABSENT, name) for name in labels}
    known: dict[str, dict[str, Origin]] = {
        names.INFO: {names.PROFILE: constant(data.profile)},
        names.OBJECTIVE: _signals(data.promised),
        names.OBJECTIVE_WINDOW: _signals(data.promised),
        names.HOURS: {} if data.hours else {names.WORDS: ()},
        names.LABEL_VALUE: dict(values),
        names.PROFILE_LABEL_VALUE: dict(values),
    }
    constants = {**_CONSTANTS, names.INFO: (*_CONSTANTS[names.INFO], *data.marks)}
    for name, own in constants.items():
        shapes[name] = _constant(
            {**dict.fromkeys(own, _ANY), names.SERVICE: constant(THIS)}, known.get(name, {})
        )
    for name, own in _OF_ALL.items():
        shapes[name] = _constant(dict.fromkeys(own, _ANY), known.get(name, {}))
    return shapes


def _signals(promised: frozenset[str] | None) -> dict[str, Origin]:
    if promised is None:
        return {}
    return {names.SIGNAL: tuple(part for name in sorted(promised) for part in constant(name))}


def _stream(stem: str, labels: Iterable[str]) -> Shape:
    origins: dict[str, Origin] = {name: (name,) for name in labels}
    if names.LE in origins:
        origins[names.LE] = (buckets(stem),)
    return shape({**origins, names.SERVICE: constant(THIS)})


def _constant(labels: dict[str, Origin], known: Mapping[str, Origin]) -> Shape:
    merged = {**labels, **known}
    return shape(merged) if all(merged.values()) else NOTHING


def exposed(service: Service) -> dict[str, Shape]:
    """The series of each metric, those of one instance representing all; no rule reads ``_created``."""
    found = {}
    selected = {label: constant(value) for label, value in nameless_selector(service).items()}
    if any(label.joined for label in service.labels.values()):
        selected = {**dict.fromkeys(TARGET_LABELS, _ANY), **selected}
    native = {name for source in service.sources if source.native for name in source.metrics}
    for metric in service.metrics.values():
        # An exposed value represents one of the label's own, whatever its name is at the source.
        said = {metric.exposed.get(label, label): (label,) for label in metric.labels}
        labels = {**selected, **_asked_for(metric, service), **said}
        if metric.name in native:
            found[metric.name] = shape(labels, exposed=True)
        if metric.is_histogram and not metric.native:
            found[metric.counted] = shape({**labels, names.LE: (buckets(metric.name),)}, exposed=True)
            found[f"{metric.name}_sum"] = found[f"{metric.name}_count"] = shape(labels, exposed=True)
        elif not metric.is_histogram:
            found[metric.counted] = shape(labels, exposed=True)
    return found


def _asked_for(metric: Metric, service: Service) -> dict[str, Origin]:
    """Find the labels that streams read of a foreign metric: one for a part of it, and of one meaning several."""
    read = [source for source in service.sources if metric.name in source.metrics]
    parts = {label: _ANY for source in read for label, _ in source.where}
    labels = {exposed: (name,) for source in read for name, exposed in source.labels}
    return parts | labels if metric.foreign else parts


def _made_by_prometheus(service: Service) -> dict[str, Shape]:
    """The series about a service's targets."""
    target = shape(dict.fromkeys((*service.selector, *TARGET_LABELS), _ANY), exposed=True)
    joined: dict[str, Origin] = {
        label.joined: (name,) for name, label in service.labels.items() if label.joined
    }
    info = shape({**dict.fromkeys((*service.selector, *TARGET_LABELS), _ANY), **joined}, exposed=True)
    return {**dict.fromkeys(names.OF_TARGETS, target), names.TARGET_INFO: info}


def _of_prometheus() -> dict[str, Shape]:
    """The series about Prometheus's own rules."""
    return dict.fromkeys(_OF_RULES, shape(dict.fromkeys(_RULE_LABELS, _ANY)))


def _alert_series(rules: Iterable[KnownRule]) -> Shape:
    """The series of alerts that are pending or fire: with the labels of each, its name and its state."""
    return reduce(union, (_alert(known.rule, known.shape) for known in rules), NOTHING)


def states_of(alerts: Shape) -> dict[str, Shape]:
    """The series that Prometheus keeps of alerts: their states, and the time since each is true, without a state."""
    return {names.ALERTS: alerts, names.ALERTS_FOR_STATE: aggregated(alerts, alerts.names - {"alertstate"})}


def _alert(rule: Rule, inner: Shape) -> Shape:
    name = rule.alert if isinstance(rule, AlertingRule) else ""
    return relabelled(inner, (("alertname", constant(name)), ("alertstate", _STATES)))
