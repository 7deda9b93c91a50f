"""Unit tests of a service's own file: exposed series in, streams and constants out."""

from __future__ import annotations

from math import floor, inf
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model import names
from generator.model.metrics import FACTORS, OTHER, Across, Label
from generator.model.names import SCRAPED_SAMPLES
from generator.model.outside import STREAM, outside_alert
from generator.model.units import duration, plain
from generator.notation.patterns import example, matches
from generator.prometheus.rule_set import changes, who
from generator.promql.expr import series
from generator.streams.raw import bound_text, exposed_series, label_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from generator.model.service import Service, Site
    from generator.model.streams import Source, Stream
    from generator.prometheus.block_yaml import Mapped

_Labels = dict[str, str]

#: Scrapes before the test reads the records; counters are older than that, as the rate of a new counter is a guess.
_SCRAPES, _AGE = 12, 8
#: The instances of a service's first series.
_INSTANCES = ("a", "b")
_EXPOSED_SERIES = 100
_PRECISION = 1e6


class ExposedSeries(Struct, frozen=True):
    """A series of one instance, with its name among its labels; ``pace`` is its gain a second, or a gauge's value.

    A native histogram gains as much in each bucket of ``edges``, which are upper bounds.
    """

    labels: _Labels
    pace: int
    is_gauge: bool
    edges: tuple[float, ...] = ()


def raw_test(service: Service, site: Site) -> Mapped:
    """Write the test of a service's raw pass and constants."""
    scrape = site.scrape_interval
    at = _SCRAPES * scrape + -_SCRAPES * scrape % site.rule_interval
    streams = (*service.streams.values(), *((STREAM,) if outside_alert(service) else ()))
    exposed = list(_exposed(streams, service))
    inputs = dict(_surroundings(streams, service, at // scrape))
    for one in exposed:
        is_second = one.labels["instance"] != _INSTANCES[0]
        inputs[_selector(one.labels)] = (
            f"{one.pace}x{at // scrape}"
            if one.is_gauge
            else _counter(one, one.pace * scrape, at // scrape, restarted=is_second)
        )
    expected = [_stream_test(stream, exposed, service, at) for stream in streams]
    for name, samples in _constants(service, at).items():
        query = series(name, {names.SERVICE: service.name}).now().text
        own = {"__name__": name, names.SERVICE: service.name}
        # A bound that was computed may have more digits than the rule that records it.
        recorded = {_selector({**own, **labels}): float(plain(value)) for labels, value in samples}
        expected.append(_sample_test(query, at, recorded))
    return {
        "name": f"Raw pass and constants of {service.name}",
        "interval": duration(scrape),
        "input_series": [{"series": name, "values": values} for name, values in inputs.items()],
        "promql_expr_test": expected,
    }


def _stream_test(stream: Stream, exposed: Iterable[ExposedSeries], service: Service, at: int) -> Mapped:
    recorded = _recorded(stream, exposed, service)
    exact = {name: floor(value * _PRECISION + 0.5) / _PRECISION for name, value in recorded.items()}
    query = series(names.rate(stream), {names.SERVICE: service.name}).now().text
    return _sample_test(f"round({query}, 0.000001)", at, exact)


def _sample_test(expr: str, at: int, samples: Mapping[str, float]) -> Mapped:
    return {
        "expr": expr,
        "eval_time": duration(at),
        "exp_samples": [
            {"labels": name, "value": int(value) if value == int(value) else value}
            for name, value in samples.items()
        ],
    }


def _selector(labels: Mapping[str, str]) -> str:
    matched = {name: value for name, value in labels.items() if value}
    return series(matched.pop("__name__", ""), matched).now().text


def _counter(one: ExposedSeries, step: int, scrapes: int, *, restarted: bool) -> str:
    """Write a counter that gains ``step`` a scrape; one that restarts begins again at 0 one scrape before the end."""
    begun, each = _amount(one, _AGE * step), _amount(one, step)
    if not restarted:
        return f"{begun}+{each}x{scrapes}"
    half = scrapes - 2
    return f"{begun}+{each}x{half} {each}+{each}x{scrapes - half - 1}"


def _amount(one: ExposedSeries, events: int) -> str:
    """Write a counter's value, or a native histogram with so many events in each bucket, of which each counts as 1."""
    if not one.edges:
        return str(events)
    bounds = " ".join(plain(edge) for edge in one.edges if edge != inf)
    total, buckets = events * len(one.edges), " ".join(str(events) for _ in one.edges)
    form = f"schema:-53 custom_values:[{bounds}]" if bounds else "schema:0"
    return f"{{{{{form} sum:{total} count:{total} buckets:[{buckets}]}}}}"


def _exposed(streams: Iterable[Stream], service: Service) -> Iterator[ExposedSeries]:
    """List the series that an instance exposes: one for each source, for a histogram its outermost buckets.

    The first comes from two instances, of which one restarts meanwhile.
    """
    seen: set[str] = set()
    for stream in streams:
        for source in stream.sources:
            for pace, labels in enumerate(_series(source, stream, service), 1):
                instances = _INSTANCES if not seen else _INSTANCES[:1]
                if (name := _selector(labels)) not in seen:
                    edges = (*service.metrics[source.names[0]].buckets, inf) if source.native else ()
                    yield from (
                        ExposedSeries({**labels, "instance": one}, pace, stream.is_gauge, edges)
                        for one in instances
                    )
                seen.add(name)


def _series(source: Source, stream: Stream, service: Service) -> Iterator[_Labels]:
    exposed = {"__name__": exposed_series(source.names[0], source, stream), **service.selector}
    for name, (source_label, *_) in source.supplied.items():
        label = label_of(name, service)
        if label.joined != source_label:
            exposed.setdefault(source_label, _value(label))
    for source_label, patterns in source.where:
        if not matches(exposed.get(source_label, ""), patterns):
            exposed[source_label] = example(patterns[0])
    if not stream.is_histogram or source.native:
        yield exposed
        return
    for edge in dict.fromkeys((*source.buckets[:1], *source.buckets[-1:], inf)):
        yield {**exposed, names.LE: "+Inf" if edge == inf else plain(edge)}


def _recorded(stream: Stream, exposed: Iterable[ExposedSeries], service: Service) -> dict[str, float]:
    """Compute the events a second of a stream from exposed series; of sources with equal labels the first counts."""
    of_stream: dict[str, float] = {}
    for source in stream.sources:
        of_source: dict[str, float] = {}
        for one in exposed:
            if not _feeds(one.labels, source, stream, service):
                continue
            for bound, events in _events(one, source, stream):
                name = _selector(_translated({**one.labels, **bound}, source, service))
                amount = events * source.scale * (FACTORS[source.unit] if stream.is_gauge else 1)
                # All instances of a gauge have the same value here.
                summed = not stream.is_gauge or stream.across is Across.SUM
                of_source[name] = of_source.get(name, 0) + amount if summed else amount
        of_stream = {**of_source, **of_stream}
    return of_stream


def _events(one: ExposedSeries, source: Source, stream: Stream) -> Iterator[tuple[_Labels, int]]:
    """Count the events a second of a series; those of a native histogram up to each bound."""
    if not one.edges:
        yield {}, one.pace
    elif not stream.is_histogram:
        yield {}, one.pace * len(one.edges)
    else:
        for edge in (*source.buckets, inf):
            below = sum(other <= edge for other in one.edges)
            yield {names.LE: "+Inf" if edge == inf else plain(edge)}, one.pace * below


def _feeds(labels: _Labels, source: Source, stream: Stream, service: Service) -> bool:
    named = labels["__name__"] == exposed_series(source.names[0], source, stream)
    ignored = any(
        matches(labels.get(source_label, ""), label_of(name, service).ignore)
        for name, source_label in source.labels
    )
    return named and not ignored and all(matches(labels.get(label, ""), some) for label, some in source.where)


def _translated(labels: _Labels, source: Source, service: Service) -> _Labels:
    """Rename the labels of a series to the product's names, with its values."""
    renamed = {names.SERVICE: service.name}
    for name, some in source.supplied.items():
        label = label_of(name, service)
        values = (_value(label) if label.joined == one else labels.get(one, "") for one in some)
        value = next(filter(None, values), "")
        renamed[name] = _label_value(label, value)
    if names.LE in labels:
        edges = {plain(edge): bound_text(edge, source.unit) for edge in source.buckets}
        renamed[names.LE] = edges.get(labels[names.LE], labels[names.LE])
    return renamed | dict(source.constants)


def _value(label: Label) -> str:
    """Choose the exposed text for a value of a label."""
    if label.patterns:
        return example(next(iter(label.patterns.values()))[0])
    return next((one for one in label.values if one != OTHER), f"{label.name}-1")


def _label_value(label: Label, exposed: str) -> str:
    """Find the label value for an exposed text."""
    if not label.patterns:
        return exposed
    matching = (value for value, patterns in label.patterns.items() if matches(exposed, patterns))
    return next(matching, OTHER if OTHER in label.values else "")


def _surroundings(streams: tuple[Stream, ...], service: Service, scrapes: int) -> Iterator[tuple[str, str]]:
    """Make the series that Prometheus adds at each scrape, and the instances' ``target_info``."""
    scraped = {"__name__": SCRAPED_SAMPLES, **service.selector, "instance": _INSTANCES[0]}
    yield _selector(scraped), f"{_EXPOSED_SERIES}x{scrapes}"
    labels = (
        service.labels.get(name) for one in streams for source in one.sources for name, _ in source.labels
    )
    joined = {label.joined: _value(label) for label in labels if label and label.joined}
    if joined:
        for instance in _INSTANCES:
            info = {"__name__": names.TARGET_INFO, **service.selector, **joined, "instance": instance}
            yield _selector(info), f"1x{scrapes}"


def _constants(service: Service, at: int) -> dict[str, list[tuple[_Labels, float]]]:
    """List the constants by name at a second of the test, and Prometheus's own count of series."""
    by_name: dict[str, list[tuple[_Labels, float]]] = {}
    for name, value, labels in (*_written(service, at), *changes(service)):
        by_name.setdefault(name, []).append((labels, value))
    by_name[names.SCRAPED] = [({}, _EXPOSED_SERIES)]
    return by_name


def _written(service: Service, at: int) -> Iterator[tuple[str, float, _Labels]]:
    yield names.INFO, 1, who(service)
    for name in sorted(service.own_bounds):
        label = service.labels[name]
        for value in label.values:
            yield names.LABEL_VALUE, 1, {names.LABEL: name, name: value}
        if not label.values:
            yield names.LABEL_MAX, label.max_live, {names.LABEL: name}
    for one in service.objectives.values():
        if service.signals[one.signal].shared and service.wrote(one):
            yield names.OBJECTIVE, one.bound, {names.SIGNAL: one.signal}
            if one.window:
                yield names.OBJECTIVE_WINDOW, one.window, {names.SIGNAL: one.signal}
    if service.runs_per_hour:
        yield names.TRAFFIC, service.runs_per_hour, {}
    if service.hours:
        zone = service.hours.zone
        if zone and zone.season:
            yield names.CLOCK, zone.added_at(at), {}
        yield names.HOURS, service.hours.at(at), {names.WORDS: service.hours.words}
