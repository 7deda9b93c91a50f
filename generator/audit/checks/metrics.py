"""Metrics: missing, not declared, of another type, in another unit, with other buckets."""

from __future__ import annotations

import re
from math import inf, isclose, isfinite
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.audit.findings import (
    Finding,
    declaration,
    of_service,
    other_buckets,
    redeclared,
    remark,
    suspicion,
    violation,
)
from generator.audit.translated import alternatives
from generator.diagnostics.wording import closest, listed
from generator.model.identifiers import unbounded
from generator.model.metrics import FACTORS, IN_WORDS, Metric, MetricType, unit_in_name
from generator.model.names import LE
from generator.model.units import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from generator.audit.observe import Observed, ObservedHistogram, ObservedMetric, UnknownMetric

_PLAIN = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,99}")
#: Usual buckets of observations, until the author chooses better ones.
_BUCKETS = (1.0, 10.0, 100.0, 1000.0)
_TIMES = {"milliseconds": "ms", "ms": "ms", "seconds": "s", "s": "s"}
_FULL = {**IN_WORDS, "": "no unit"}
_OTHER = {"ms": "s", "s": "ms"}
#: The number of observations from which their average is meaningful.
_ENOUGH = 20
_LISTED = 8


def check_presence(seen: Observed) -> Iterator[Finding]:
    """Compare the names."""
    if seen.elsewhere is not None:
        yield _nothing(seen)
        return
    yield from _foreign(seen)
    for metric in seen.service.metrics.values():
        if not metric.foreign and metric.name not in seen.metrics:
            yield _missing(metric, seen)
    for stranger in seen.strangers:
        yield _undeclared(stranger, seen)


def _nothing(seen: Observed) -> Finding:
    """Report once: a missing service is one problem, not one for each metric."""
    service = seen.service
    wanted = ", ".join(f'{label}="{value}"' for label, value in service.selector.items())
    message = f"nothing of {service.name} is at {seen.place}: no series that its selector picks ({wanted})"
    if seen.unknown:
        names = ", ".join(f'"{label}"' for label in seen.unknown)
        help_ = (
            f"no series of {service.runs.metric} has the label {names}: external labels of a Prometheus are not on "
            "its own series. Leave it out of the selector, or set it at the scrape, by relabel_configs"
        )
        return Finding(violation("audit/no-series", message, seen, "", help_))
    if not seen.elsewhere:
        help_ = "check that the service runs and is scraped, and that its names are the spec's"
        return Finding(violation("audit/no-series", message, seen, "", help_))
    there = seen.elsewhere[0]
    labels = ", ".join(f'{label}="{value}"' for label, value in there.items())
    help_ = f"{service.runs.metric} is there with {labels}: if that is this service, say so in its selector"
    fix = of_service(service, selector=dict(there))
    return Finding(violation("audit/no-series", message, seen, "", help_), fix=fix)


def _foreign(seen: Observed) -> Iterator[Finding]:
    """Report foreign metrics that exist under none of their names; most appear with their first event."""
    quiet = []
    yield from _respelled(seen)
    for metric in seen.service.metrics.values():
        either = alternatives(metric, seen.service)
        known = {*seen.metrics, *seen.respelled}
        if not metric.foreign or either & known or metric.name != min(either):
            continue
        name = " or ".join(sorted(either))
        if seen.service.runs.metric not in either:
            quiet.append(name)
            continue
        message = (
            f"{name} is not exposed, and its events are the {seen.service.run}s of {seen.service.profile}"
        )
        help_ = "switch it on in the source, as the profile's description says, and let the scrape keep it"
        yield Finding(violation("audit/missing-metric", message, seen, "", help_), metric.name)
    if quiet:
        have = "has" if len(quiet) == 1 else "have"
        message = f"{', '.join(quiet)} {have} no series yet"
        help_ = "they appear with their first event, or the source has them switched off: see the profile's description"
        yield Finding(remark("audit/not-used-yet", message, seen, "", help_))


def _respelled(seen: Observed) -> Iterator[Finding]:
    """Report foreign metrics that another version or exporter names in another way, so that nobody waits for them."""
    for name, exposed in seen.respelled.items() if not seen.service.emitted_here else ():
        message = f"{name} is not exposed, and {exposed} is, which is not read"
        help_ = (
            f"if it is the same, name it in a profile that extends {seen.service.profile}, in the stream that reads "
            f"{name}: of: {exposed}, with its unit; or let the exporter write the unit as the other name has it"
        )
        yield Finding(suspicion("audit/missing-metric", message, seen, "", help_), name)


def _missing(metric: Metric, seen: Observed) -> Finding:
    path = f"metrics.{metric.name}"
    similar = _similar(metric, seen)
    if metric.sparse and not similar:
        message = f"{metric.name} has no series yet"
        help_ = "it is declared sparse: it appears with its first event"
        return Finding(remark("audit/not-used-yet", message, seen, path, help_), metric.name)
    message = f"{metric.name} is declared and not exposed"
    help_ = (
        f"{similar} is exposed and not declared: if it is meant, rename it in the code"
        if similar
        else "expose it as declared; labelled series can be created at zero when the process starts"
    )
    return Finding(violation("audit/missing-metric", message, seen, path, help_), metric.name)


def _similar(metric: Metric, seen: Observed) -> str | None:
    """Find the metric that exists under another name: without ``_total``, or with another unit."""
    strangers = [one.stranger.name for one in seen.strangers]
    bare = metric.name.removesuffix("_total")
    if bare in strangers:
        return bare
    nearest = closest(metric.name, strangers)
    # The last word is the unit or the type: the rest must be the same.
    return nearest if nearest and nearest.startswith(bare.rpartition("_")[0]) else None


def _undeclared(unknown: UnknownMetric, seen: Observed) -> Finding:
    name, stranger = unknown.stranger.name, unknown.stranger
    said = next(iter(sorted(unknown.described.types)), "") or stranger.shape
    message = f"{name} is exposed ({stranger.series:,} series) and not declared"
    if said not in set(MetricType) or (said == MetricType.COUNTER) != name.endswith("_total"):
        kind = f"a {said}" if said else "of no known type"
        help_ = (
            f"it is {kind}, and specs declare gauges, histograms and counters that end in _total: rename it"
        )
        return Finding(suspicion("audit/undeclared-metric", message, seen, "", help_), name)
    wrong = [label for label in unknown.labels if label not in seen.service.labels]
    if not _PLAIN.fullmatch(name):
        help_ = "specs know names of letters, digits and underscores: rename it in the code"
        return Finding(violation("audit/undeclared-metric", message, seen, "", help_), name)
    forbidden = next((f'label "{label}" {why}' for label in wrong if (why := unbounded(label))), "")
    if wrong:
        what = forbidden or f"the profile has no label {', '.join(wrong)}"
        help_ = f"no bound counts it, and {what}: stop exposing it, or mend its labels and declare it"
        return Finding(violation("audit/undeclared-metric", message, seen, "", help_), name)
    metric = Metric(
        name,
        MetricType(said),
        "Say what it counts." if said == MetricType.COUNTER else "Say what it measures.",
        unit_in_name(name),
        tuple(unknown.labels),
        (unknown.bounds or _BUCKETS) if said == MetricType.HISTOGRAM else (),
    )
    help_ = "no bound counts it: declare it, or stop exposing it"
    fix = of_service(seen.service, metrics={name: declaration(metric)})
    return Finding(violation("audit/undeclared-metric", message, seen, "", help_), name, fix)


def check_types(seen: Observed) -> Iterator[Finding]:
    """Compare the type and the unit of each metric."""
    if other := [observed for observed in seen.metrics.values() if observed.other_form and not seen.lone]:
        yield _other_form(other, seen)
    bare = [observed for observed in seen.metrics.values() if _is_bare(observed) and observed not in other]
    if bare:
        yield _no_buckets(bare, seen)
    for observed in seen.metrics.values():
        if observed.metric.foreign and not observed.metric.buckets:
            continue  # its sum, its count or its value is read, whatever its type
        wrong = list(_type(observed, seen))
        yield from wrong
        if not wrong:
            yield from _counter(observed, seen)
            yield from _units(observed, seen)


_MADE: Mapping[MetricType, str] = MappingProxyType(
    {
        MetricType.COUNTER: "rates and increases of what may fall are wrong: make it a counter in the code",
        MetricType.HISTOGRAM: "quantiles are computed from classic buckets: make it a histogram in the code",
        MetricType.GAUGE: "a level needs a value that goes up and down: make it a gauge, or count its events",
    }
)


def _type(observed: ObservedMetric, seen: Observed) -> Iterator[Finding]:
    metric, types = observed.metric, observed.described.types
    if _is_bare(observed) or not types or metric.type in types:
        return
    exposed = f"exposed as {_a(min(types))}"
    message = f"{metric.name} is declared {_a(metric.type)} and {exposed}"
    help_ = _MADE[metric.type]
    yield Finding(violation("audit/type", message, seen, f"metrics.{metric.name}", help_), metric.name)


def _is_bare(observed: ObservedMetric) -> bool:
    """Whether a histogram was scraped without its buckets."""
    is_one = not observed.described.types or observed.metric.type in observed.described.types
    classic = observed.metric.is_histogram and not observed.metric.native
    return bool(classic and observed.metric.buckets and observed.histogram is None and is_one)


def _other_form(other: Sequence[ObservedMetric], seen: Observed) -> Finding:
    """Report all histograms in another form than rules read once: they have one cause."""
    first = other[0].metric
    names, are = _named(other), "is" if len(other) == 1 else "are"
    if first.native:
        message = f"{names} {are} stored with classic buckets, and the rules read native histograms"
        help_ = (
            "leave histograms: native out of the spec; or let the scrape store native ones: scrape_native_histograms: "
            "true, or convert_classic_histograms_to_nhcb: true"
        )
    else:
        message = (
            f"{names} {are} stored natively, and the rules read classic buckets, so that they stay empty"
        )
        help_ = (
            'set histograms: native in site.yaml, with oldest_prometheus: "3.0" or later, and generate and apply; '
            "or let the scrape keep classic buckets, by always_scrape_classic_histograms: true and without "
            "convert_classic_histograms_to_nhcb"
        )
    return Finding(violation("audit/histograms", message, seen, f"metrics.{first.name}", help_), first.name)


def _named(several: Sequence[ObservedMetric]) -> str:
    first = several[0].metric.name
    return first if len(several) == 1 else f"{first} and {len(several) - 1} more histograms"


def _no_buckets(bare: Sequence[ObservedMetric], seen: Observed) -> Finding:
    """Report all histograms without buckets once: they have one cause."""
    first = bare[0].metric
    message = f"{_named(bare)} came without buckets: quantiles, and records and alerts that depend on them, stay empty"
    help_ = (
        "let the scrape keep classic buckets: no rule of metric_relabel_configs that drops _bucket or le, and "
        "always_scrape_classic_histograms: true where native histograms are scraped; or expose a classic histogram"
    )
    return Finding(violation("audit/no-buckets", message, seen, f"metrics.{first.name}", help_), first.name)


def _a(type_: str) -> str:
    return f"{'an' if type_[0] in 'aeiou' else 'a'} {type_}"


def _counter(observed: ObservedMetric, seen: Observed) -> Iterator[Finding]:
    metric, path = observed.metric, f"metrics.{observed.metric.name}"
    help_ = "a counter begins at 0 and only grows: count events, and expose what goes up and down under another name"
    if observed.below_zero:
        message = f"{metric.name} is a counter, and {_series(observed.below_zero)} below zero or no number"
        yield Finding(violation("audit/not-a-counter", message, seen, path, help_), metric.name)
    elif observed.falling:
        message = (
            f"{metric.name} is a counter, and {_series(observed.falling)} falling again and again within 10m"
        )
        yield Finding(suspicion("audit/not-a-counter", message, seen, path, help_), metric.name)


def _series(count: int) -> str:
    return f"{count:,} series are" if count > 1 else "1 series is"


def _units(observed: ObservedMetric, seen: Observed) -> Iterator[Finding]:
    metric = observed.metric
    described = next(
        (unit for unit in sorted(observed.described.units) if _contradicts(unit, metric.unit)), None
    )
    if described:
        message = f"{metric.name} is declared in {_FULL[metric.unit]}, and the exposition says {described}"
        yield _unit(message, observed, seen)
    histogram = observed.histogram
    if histogram is None:
        return
    wanted, there = metric.buckets, sorted(bound for bound in histogram.bounds if isfinite(bound))
    other = _OTHER.get(metric.unit, "")
    if metric.foreign and there[:1] == [0] and wanted[0] > 0:
        there = there[1:]  # no event takes less than no time
    if wanted == tuple(there):
        yield from _average(observed, histogram, seen)
    elif other and not described and _same(_converted(wanted, metric.unit, other), there):
        message = (
            f"the buckets of {metric.name} are the declared ones in {_FULL[other]}, not {_FULL[metric.unit]}"
        )
        yield _unit(message, observed, seen)
    else:
        yield _buckets(observed, histogram, there, seen)


def _contradicts(described: str, unit: str) -> bool:
    return described in _TIMES and unit in _OTHER and _TIMES[described] != unit


def _unit(message: str, observed: ObservedMetric, seen: Observed) -> Finding:
    """Blame the spec where the metric's name has the other unit, else the code."""
    metric, other = observed.metric, _OTHER[observed.metric.unit]
    path, fix = f"metrics.{metric.name}", None
    help_ = (
        f"observe {_FULL[metric.unit]} in the code, or declare it in {_FULL[other]}, with a name that says so"
    )
    if unit_in_name(metric.name) == other:
        help_ = "its name says the same: declare it so"
        buckets = tuple(_converted(metric.buckets, metric.unit, other))
        fix = redeclared(seen.service, replace(metric, unit=other, buckets=buckets))
    return Finding(violation("audit/unit", message, seen, path, help_), metric.name, fix)


def _converted(bounds: Sequence[float], unit: str, other: str) -> list[float]:
    return [bound * FACTORS[unit] / FACTORS[other] for bound in bounds]


def _same(one: Sequence[float], other: Sequence[float]) -> bool:
    return len(one) == len(other) and all(isclose(a, b) for a, b in zip(one, other, strict=True))


def _average(observed: ObservedMetric, histogram: ObservedHistogram, seen: Observed) -> Iterator[Finding]:
    """Suspect the unit where the average is far outside the buckets, and inside them in the other unit."""
    metric, unit = observed.metric, observed.metric.unit
    if unit not in _OTHER or histogram.count < _ENOUGH or not isfinite(histogram.sum):
        return
    average = histogram.sum / histogram.count
    first, last = metric.buckets[0], metric.buckets[-1]
    other = _OTHER[unit]
    meant = average * FACTORS[other] / FACTORS[unit]
    outside = average < first / 10 or average > last * 10
    if outside and first <= meant <= last:
        message = (
            f"{metric.name} is {plain(round(average, 3))} {unit} on average, outside its buckets ({plain(first)} to "
            f"{plain(last)}); in {_FULL[other]} it would be inside"
        )
        help_ = f"does the code observe {_FULL[other]}? the spec says {unit}"
        path = f"metrics.{metric.name}"
        yield Finding(suspicion("audit/unit", message, seen, path, help_), metric.name)


def _buckets(
    observed: ObservedMetric, histogram: ObservedHistogram, there: list[float], seen: Observed
) -> Finding:
    metric, wanted = observed.metric, observed.metric.buckets
    lacking = [bound for bound in wanted if bound not in there]
    extra = [bound for bound in there if bound not in wanted]
    parts = [f"lacks {_bounds(lacking)}"] * bool(lacking) + [f"has {_bounds(extra)} besides"] * bool(extra)
    message = f"{metric.name} has other buckets than declared: it {' and '.join(parts)}"
    if metric.foreign:
        help_ = "quantiles are read from those that are there; a profile that extends this one may say which"
        return Finding(suspicion("audit/buckets", message, seen, f"labels.{LE}", help_), metric.name)
    whole = histogram.bounds.get(inf, 0)
    partial = {count for bound, count in histogram.bounds.items() if isfinite(bound)} - {whole}
    path = f"metrics.{metric.name}"
    if partial or not there:
        help_ = "not all of its series have the same: finish the rollout, then audit again"
        return Finding(violation("audit/buckets", message, seen, path, help_), metric.name)
    help_ = "rules and quantiles are made for the declared ones: use them in the code, or declare those that are there"
    fix = other_buckets(seen.service, metric, there)
    return Finding(violation("audit/buckets", message, seen, path, help_), metric.name, fix)


def _bounds(bounds: Sequence[float]) -> str:
    return listed(map(plain, bounds), _LISTED)
