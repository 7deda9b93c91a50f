"""Series that rules may read besides records: exposed ones, Prometheus's own, a service's streams and constants."""

from __future__ import annotations

from functools import reduce
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model import names
from generator.model.outside import STREAM
from generator.model.rules import AlertingRule, Rule
from generator.model.streams import MODEL, TOKEN_TYPE, Stream
from generator.promql.shape import ABSENT, NOTHING, Origin, Shape, constant, grouped, labelled, shape, union
from generator.signals.prices import WITHIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from generator.checks.world import KnownRule
    from generator.model.metrics import Metric
    from generator.model.service import Service

#: The placeholder for a service's own name in inferred results; no service can have this name.
THIS = "THIS SERVICE"
#: Values that are not counted: each series has one.
_ANY = constant("")
#: The labels of each constant besides the service; each service's file records some of them.
CONSTANTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        names.INFO: (names.OWNER, names.PROFILE, names.RUN_WORD),
        names.OBJECTIVE: (names.SIGNAL,),
        names.OBJECTIVE_WINDOW: (names.SIGNAL,),
        names.TRAFFIC: (),
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
        names.PROFILE_STREAM: (names.PROFILE, names.STREAM, names.METRIC),
        names.PROFILE_LABEL_VALUE: (names.PROFILE, names.LABEL),
        names.PROFILE_LABEL_MAX: (names.PROFILE, names.LABEL),
        names.PRICE: (MODEL, TOKEN_TYPE),
        names.PRICE_WITHIN: (MODEL, TOKEN_TYPE, WITHIN),
    }
)
#: A stream that a profile feeds: its record, its stem, and the labels that the record keeps.
Feed = tuple[str, str, tuple[str, ...]]
#: For each target, independent of its metrics.
_OF_TARGETS = (
    "up",
    "scrape_duration_seconds",
    "scrape_samples_post_metric_relabeling",
    "scrape_samples_scraped",
    "scrape_series_added",
)
_TARGET_LABELS = ("job", "instance")
#: Prometheus's own counts of its rules, where it scrapes itself.
_OF_RULES = (names.RULE_FAILURES, names.RULE_MISSES)
_RULE_LABELS = ("job", "instance", names.RULE_GROUP)
_STATES = (*constant("firing"), *constant("pending"))


class Data(Struct, frozen=True):
    """The input of services' files for the shared rules, as far as series depend on it.

    Attributes:
        feeds: The streams.
        profile: The profile; empty for any.
        promised: The signals with an objective; None for any.
        marks: The labels of alerts that authors chose.
    """

    feeds: tuple[Feed, ...]
    profile: str = ""
    promised: frozenset[str] | None = None
    marks: tuple[str, ...] = ()


def buckets(stem: str) -> str:
    """Name the set of a histogram's bucket bounds; no label can have this name."""
    return f"{names.LE}:{stem}"


def feeds(streams: Iterable[Stream]) -> tuple[Feed, ...]:
    """Describe the streams that shared rules read, in the order of their names."""
    return tuple(sorted((names.rate(one), one.stem, one.kept) for one in streams if one.shared))


def data_series(library: Iterable[Stream], data: Data) -> dict[str, Shape]:
    """Build the series of data for the shared rules; a library stream without a source has no series."""
    shapes = {names.rate(stream): NOTHING for stream in (*library, STREAM)}
    shapes |= {record: _stream(stem, labels) for record, stem, labels in data.feeds}
    labels = sorted({label for stream in library for label in stream.labels})
    values = {name: (ABSENT, name) for name in labels}
    known: dict[str, dict[str, Origin]] = {
        names.INFO: {names.PROFILE: constant(data.profile)},
        names.OBJECTIVE: _signals(data.promised),
        names.OBJECTIVE_WINDOW: _signals(data.promised),
        names.LABEL_VALUE: dict(values),
        names.PROFILE_LABEL_VALUE: dict(values),
    }
    constants = {**CONSTANTS, names.INFO: (*CONSTANTS[names.INFO], *data.marks)}
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
    selected = {label: constant(value) for label, value in service.selector.items()}
    if any(label.joined for label in service.labels.values()):
        selected = {**dict.fromkeys(_TARGET_LABELS, _ANY), **selected}
    native = {
        name
        for stream in service.streams.values()
        for source in stream.sources
        if source.native
        for name in (*source.names, *source.minus)
    }
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
    """Find the labels by which a stream reads only a part of a foreign metric."""
    sources = (source for stream in service.streams.values() for source in stream.sources)
    read = (source for source in sources if metric.name in (*source.names, *source.minus))
    return {label: _ANY for source in read for label, _ in source.where}


def made_by_prometheus(service: Service) -> dict[str, Shape]:
    """The series about a service's targets."""
    target = shape(dict.fromkeys((*service.selector, *_TARGET_LABELS), _ANY), exposed=True)
    joined: dict[str, Origin] = {
        label.joined: (name,) for name, label in service.labels.items() if label.joined
    }
    info = shape({**dict.fromkeys((*service.selector, *_TARGET_LABELS), _ANY), **joined}, exposed=True)
    return {**dict.fromkeys(_OF_TARGETS, target), names.TARGET_INFO: info}


def of_prometheus() -> dict[str, Shape]:
    """The series about Prometheus's own rules."""
    return dict.fromkeys(_OF_RULES, shape(dict.fromkeys(_RULE_LABELS, _ANY)))


def alert_series(rules: Iterable[KnownRule]) -> Shape:
    """The series of alerts that are pending or fire: with the labels of each, its name and its state."""
    return reduce(union, (_alert(known.rule, known.shape) for known in rules), NOTHING)


def states_of(alerts: Shape) -> dict[str, Shape]:
    """The series that Prometheus keeps of alerts: their states, and the time since each is true, without a state."""
    return {names.ALERTS: alerts, names.ALERTS_FOR_STATE: grouped(alerts, alerts.names - {"alertstate"})}


def _alert(rule: Rule, inner: Shape) -> Shape:
    name = rule.alert if isinstance(rule, AlertingRule) else ""
    return labelled(inner, (("alertname", constant(name)), ("alertstate", _STATES)))
