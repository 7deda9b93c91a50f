"""Declared metrics that do not exist, and existing metrics that are not declared."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.audit.findings import Finding, declaration, of_service, remark, suspicion, violation
from generator.audit.translated import alternatives
from generator.diagnostics.suggest import closest
from generator.model.identifiers import unbounded
from generator.model.metrics import Metric, MetricType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.audit.seen import Observed, UnknownMetric

#: The unit for the last word of a name.
_UNITS = {"ms": "ms", "milliseconds": "ms", "seconds": "s", "usd": "usd"}
_PLAIN = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,99}")
#: Usual buckets of observations, until the author chooses better ones.
_BUCKETS = (1.0, 10.0, 100.0, 1000.0)


def check(seen: Observed) -> Iterator[Finding]:
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
    for metric in seen.service.metrics.values():
        either = alternatives(metric, seen.service)
        if not metric.foreign or either & seen.metrics.keys() or metric.name != min(either):
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
        _UNITS.get(name.removesuffix("_total").rpartition("_")[2], ""),
        tuple(unknown.labels),
        (unknown.bounds or _BUCKETS) if said == MetricType.HISTOGRAM else (),
    )
    help_ = "no bound counts it: declare it, or stop exposing it"
    fix = of_service(seen.service, metrics={name: declaration(metric)})
    return Finding(violation("audit/undeclared-metric", message, seen, "", help_), name, fix)
