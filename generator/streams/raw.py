"""The raw pass: each exposed series is read once an interval, and becomes a stream."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.model import names
from generator.model.metrics import FACTORS, OTHER, TARGET_LABELS, Label
from generator.model.names import SCRAPED_SAMPLES
from generator.model.streams import MODEL, TOKEN_TYPE, Source, Stream
from generator.model.units import plain, scientific
from generator.promql.expr import (
    Expr,
    Series,
    aggregate,
    any_of,
    binary,
    call,
    escape_regex,
    escaped,
    labelled,
    literal,
    number,
    series,
    top,
    total,
)
from generator.streams.scope import rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from generator.model.rules import RecordingRule
    from generator.model.service import Service, Site


_THOUSANDTH = 0.001
_DIGITS = 3
#: Functions of native histograms alone.
_OF_NATIVE = ("histogram_sum(", "histogram_count(")
_EXPONENT_FROM, _EXPONENT_BELOW = 1_000_000, 0.0001
_WHOLE = re.compile(r"[0-9]+")
_BELOW_ALL = Expr("-Inf")
#: The label that distinguishes amounts to subtract, for a moment.
_SUBTRACTED = "subtracted"
#: In place of 0, up to which Prometheus counts nothing, not even what is 0.
_JUST_ABOVE_ZERO = 1e-12


def reads_native(record: str, expr: str) -> bool:
    """Whether a rule of a raw pass reads native histograms."""
    return record.endswith(names.NATIVE_RATE) or any(text in expr for text in _OF_NATIVE)


def raw_pass(stream: Stream, service: Service, site: Site) -> tuple[RecordingRule, ...]:
    """Read the series behind a stream of a service, and sum its instances away; native histograms get their buckets."""
    parts = [_part(source, stream, service, site) for source in stream.sources]
    is_whole = len(parts) == 1 and _is_plain(stream, service)
    kept = _without_bounds(stream) if stream.is_native else stream.kept
    whole = parts[0] if is_whole else aggregate(stream.across, any_of(parts), kept)
    if not stream.is_native:
        return (rule(names.rate(stream), whole, service=service.name),)
    return (
        rule(names.native_rate(stream), whole, service=service.name),
        rule(names.rate(stream), _buckets(stream, service), service=service.name),
    )


def _without_bounds(stream: Stream) -> tuple[str, ...]:
    return tuple(label for label in stream.kept if label != names.LE)


def _buckets(stream: Stream, service: Service) -> Expr:
    """Count the events up to each declared bound: exactly at a histogram's own bounds, else by interpolation."""
    histogram = series(names.native_rate(stream), {names.SERVICE: service.name}).now()
    count = call("histogram_count", histogram)
    # Without events a fraction is no number, and the count is 0.
    source = stream.sources[0]
    shares = [
        (call("histogram_fraction", _BELOW_ALL, number(bound or _JUST_ABOVE_ZERO), histogram) >= number(0))
        | count
        for bound in source.buckets
    ]
    below = [
        _up_to(share * count, bound_text(bound, source.unit))
        for bound, share in zip(source.buckets, shares, strict=True)
    ]
    events = any_of([*below, _up_to(count, "+Inf")])
    subtracted = any(source.minus for source in stream.sources)
    return call("clamp_min", events, number(0)) if subtracted else events


def _up_to(events: Expr, bound: str) -> Expr:
    return labelled(events, names.LE, bound)


def _is_plain(stream: Stream, service: Service) -> bool:
    """Whether labels and values are exposed under their own names, so that one sum is enough."""
    (source,) = stream.sources
    renamed = source.constants or any(name != exposed for name, exposed in source.labels)
    renamed = renamed or any(_default(name, stream, service) for name, _ in source.labels)
    return not renamed and not any(label_of(name, service).patterns for name, _ in source.labels)


def _part(source: Source, stream: Stream, service: Service, site: Site) -> Expr:
    """Read one source: sum its instances, then give its labels and values the product's names."""
    expr = _summed(source.names, source, stream, service, site)
    if source.minus:
        less = _summed(source.minus, source, stream, service, site)
        # A sum, and no difference: where nothing is to be subtracted, there is no series of it.
        expr = aggregate("sum", expr | labelled(number(-1) * less, _SUBTRACTED, "yes"), _kept(source, stream))
        if not stream.is_native:
            expr = call("clamp_min", expr, number(0))
    if source.scale != 1:
        expr = expr * number(source.scale)
    kept = _replaced(source, stream, service)
    for name in kept:
        expr = _copied(expr, f"exposed_{name}", name, "$1", "(.*)")
    for name, some in source.supplied.items():
        exposed = tuple(f"exposed_{one}" if one in kept else one for one in some)
        expr = translated(expr, name, exposed, label_of(name, service), _default(name, stream, service))
    for name, value in source.constants:
        expr = labelled(expr, name, value)
    return expr


def _replaced(source: Source, stream: Stream, service: Service) -> list[str]:
    """List the labels of the source that get another value before all that need theirs have read it."""
    read = source.supplied
    kept = []
    for name, own in read.items():
        others = {one for other, some in read.items() if other != name for one in some}
        stays = (
            own == (name,) and not label_of(name, service).patterns and not _default(name, stream, service)
        )
        if (name in others and not stays) or (name in own and len(own) > 1):
            kept.append(name)
    return kept


def _summed(spellings: tuple[str, ...], source: Source, stream: Stream, service: Service, site: Site) -> Expr:
    """Sum a metric to the source labels that the stream needs.

    Instances of two versions may have it under two names at once: each instance counts, under the first that it has.
    """
    rates = any_of([_rates(name, source, stream, service, site) for name in spellings])
    if stream.is_histogram and not source.native:
        rates = _in_base_units(rates, source)
    summed = aggregate(stream.across, rates, _kept(source, stream))
    return summed * number(FACTORS[source.unit]) if stream.is_gauge and FACTORS[source.unit] != 1 else summed


def _rates(name: str, source: Source, stream: Stream, service: Service, site: Site) -> Expr:
    """Read a metric of each instance, with the labels that its target has."""
    exposed = _selected(name, source, stream, service)
    rates = exposed.now() if stream.is_gauge else call("rate", exposed.over(site.raw_window))
    if source.native and source.value:
        rates = call(f"histogram_{source.value}", rates)
    if not stream.is_histogram:
        # A sum with a NaN of one instance would be NaN: no comparison is true then, and the service would look healthy.
        rates = rates >= (_BELOW_ALL if stream.is_gauge else number(0))
    if labels := target_labels(source, service):
        classic = stream.is_histogram and not source.native
        whole = exposed.where(**{names.LE: "+Inf"}) if classic else exposed
        instances = whole.now() if stream.is_gauge else call("rate", whole.over(site.raw_window))
        rates = _with_target_info(rates, instances, labels, service, site)
    return rates


def _kept(source: Source, stream: Stream) -> list[str]:
    """List the source labels that a stream needs."""
    kept = {exposed for _, exposed in source.labels}
    return sorted(kept | {names.LE} if stream.is_histogram and not source.native else kept)


def target_labels(source: Source, service: Service) -> list[str]:
    """List the source labels that are not in a metric, but in its target's ``target_info``."""
    return sorted({exposed for label, exposed in source.labels if label_of(label, service).joined == exposed})


def exposed_series(name: str, source: Source, stream: Stream) -> str:
    """Select the series of a metric that feed a stream."""
    if source.native:
        return name
    suffix = "_bucket" if stream.is_histogram else f"_{source.value}" if source.value else ""
    return f"{name}{suffix}"


def _selected(name: str, source: Source, stream: Stream, service: Service) -> Series:
    selected = series(exposed_series(name, source, stream), service.selector)
    for label, patterns in source.where:
        selected = (
            selected.where("=~", **{label: "|".join(patterns)})
            if _is_pattern(patterns)
            else selected.one_of(label, patterns)
        )
    for label, exposed in source.labels:
        if ignored := label_of(label, service).ignore:
            selected = selected.where("!~", **{exposed: "|".join(ignored)})
    return selected


def label_of(name: str, service: Service) -> Label:
    """Find a label; a label of generated instrumentation is in no spec."""
    return service.labels.get(name) or Label(name, "", (), 1)


def _is_pattern(patterns: tuple[str, ...]) -> bool:
    return any(set(pattern) & set(".*+\\") for pattern in patterns)


def _with_target_info(rates: Expr, instances: Expr, labels: list[str], service: Service, site: Site) -> Expr:
    """Add labels of each instance's ``target_info``, and nothing to an instance without one.

    An instance may have several for a while: without staleness markers after a restart, and where a collector exposes
    several pods as one. The one of most scrapes is taken, of equals the one that Prometheus has longer.
    """
    by = (*TARGET_LABELS, *labels)
    scrapes = call("count_over_time", series(names.TARGET_INFO, service.selector).over(site.raw_window))
    one = aggregate("group", top(scrapes, TARGET_LABELS), by)
    none = aggregate("group", instances, TARGET_LABELS)
    return binary("*", rates, binary("or", one, none, on=TARGET_LABELS), on=TARGET_LABELS, group_left=labels)


def _default(name: str, stream: Stream, service: Service) -> str:
    """Find the value for series without a label: foreign tokens without a model are ``other``, which has no price."""
    is_priced = {MODEL, TOKEN_TYPE} <= set(stream.labels)
    return OTHER if name == MODEL and is_priced and not service.emitted_here else ""


def translated(expr: Expr, name: str, some: Sequence[str], label: Label, default: str = "") -> Expr:
    """Rename a label and translate its values; of several that may have the value, the first that is not empty has it.

    A value that matches no pattern becomes ``other``, and one that is missing the ``default``.
    """
    exposed = some[0]
    if len(some) > 1:
        exposed = f"said_{name}"
        for one in reversed(some):
            expr = _copied(expr, exposed, one, "$1", "(.+)")
    if not label.patterns and not default:
        return expr if name == exposed else _copied(expr, name, exposed, "$1", "(.*)")
    source = exposed
    if name == exposed:
        # A replacement in place would give two series to two values of one meaning.
        source = f"exposed_{name}"
        expr = _copied(expr, source, exposed, "$1", "(.*)")
    if not label.patterns:
        expr = expr if name == exposed else _copied(expr, name, source, "$1", "(.*)")
        return _copied(expr, name, source, default, "")
    rest = OTHER if OTHER in label.values else default
    expr = _copied(expr, name, source, rest, ".*")
    for value, patterns in label.patterns.items():
        expr = _copied(expr, name, source, escaped(value), "|".join(patterns))
    return expr


def _copied(expr: Expr, name: str, exposed: str, value: str, pattern: str) -> Expr:
    return call("label_replace", expr, literal(name), literal(value), literal(exposed), literal(pattern))


def scraped(service: Service) -> RecordingRule:
    """Count the series of a service's targets."""
    return rule(names.SCRAPED, total(series(SCRAPED_SAMPLES, service.selector).now()), service=service.name)


def bound_text(bound: float, unit: str) -> str:
    """Write a bucket's bound in the spelling of streams: 2000 ms are ``2.000``, and 8 steps are ``8``."""
    text = plain(bound)
    if FACTORS[unit] != _THOUSANDTH:
        return text
    if not _WHOLE.fullmatch(text):
        return plain(bound * _THOUSANDTH)
    padded = text.rjust(_DIGITS + 1, "0")
    return f"{padded[:-_DIGITS]}.{padded[-_DIGITS:]}"


def _in_base_units(expr: Expr, metric: Source) -> Expr:
    """Convert the bounds of buckets to base units, including undeclared whole bounds.

    The exposed bound stays in a label until all is summed: while a library changes its spelling, an instance has a
    bucket in both.
    """
    expr = _copied(expr, f"exposed_{names.LE}", names.LE, "$1", "(.+)")
    if FACTORS[metric.unit] == _THOUSANDTH:
        for before, after in _shifts(metric):
            expr = _rewritten(expr, before, after)
    else:
        expr = _rewritten(expr, "([0-9]+)[.]0", "$1")
    for bound in metric.buckets:
        for spelling in _odd_spellings(bound, metric.unit):
            expr = _rewritten(expr, spelling, bound_text(bound, metric.unit))
    return expr


def _shifts(metric: Source) -> list[tuple[str, str]]:
    """Move the decimal point of whole bounds by three digits, with a pattern for each number of digits that occurs."""
    lengths = {len(text) for bound in metric.buckets if _WHOLE.fullmatch(text := plain(bound))}
    shifts = []
    if any(length > _DIGITS for length in lengths):
        shifts.append((f"([0-9]+)([0-9]{{{_DIGITS}}})([.]0)?", "$1.$2"))
    short = sorted((length for length in lengths if length <= _DIGITS), reverse=True)
    return shifts + [(f"([0-9]{{{each}}})([.]0)?", f"0.{'0' * (_DIGITS - each)}$1") for each in short]


def _odd_spellings(bound: float, unit: str) -> list[str]:
    """List the spellings of a bound that no pattern of whole numbers matches."""
    text = plain(bound)
    spellings = [] if _WHOLE.fullmatch(text) or FACTORS[unit] != _THOUSANDTH else [text]
    if bound >= _EXPONENT_FROM or 0 < bound < _EXPONENT_BELOW:
        spellings.append(scientific(bound))
    return [escape_regex(spelling) for spelling in spellings]


def _rewritten(expr: Expr, before: str, after: str) -> Expr:
    le = literal(names.LE)
    return call("label_replace", expr, le, literal(after), le, literal(before))


def as_classic(service: Service) -> Service:
    """Read the histograms of a service from their classic series."""
    streams = {name: _classic(stream) for name, stream in service.streams.items()}
    metrics = {name: replace(metric, native=False) for name, metric in service.metrics.items()}
    return replace(service, streams=streams, metrics=metrics)


def _classic(stream: Stream) -> Stream:
    return replace(stream, sources=tuple(replace(source, native=False) for source in stream.sources))
