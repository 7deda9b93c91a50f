"""Labels of foreign metrics: those that are read, and those that are summed away but cost series nevertheless."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.audit.findings import Finding, remark, suspicion
from generator.audit.translated import dropped
from generator.diagnostics.printable import quoted
from generator.diagnostics.suggest import listed
from generator.model.identifiers import unbounded
from generator.model.names import LE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.audit.seen import Observed

_LISTED = 10
#: The number of series from which the cost of an unread label is reported.
_MUCH = 100


def labels(seen: Observed) -> Iterator[Finding]:
    """Compare the labels that the profile reads, each once, with all metrics that should have them."""
    absent: dict[tuple[str, str], list[str]] = {}
    strays: dict[tuple[str, str], dict[str, list[str]]] = {}
    for name, observed in seen.metrics.items():
        for one in observed.translations:
            key = one.label, one.exposed
            if one.is_absent:
                absent.setdefault(key, []).append(name)
            for value in one.strays:
                strays.setdefault(key, {}).setdefault(value, []).append(name)
    for (label, exposed), metrics in absent.items():
        yield _absent(label, exposed, list(dict.fromkeys(metrics)), seen)
    for (label, exposed), values in strays.items():
        yield _strays(label, exposed, values, seen)


def _absent(label: str, exposed: str, metrics: list[str], seen: Observed) -> Finding:
    message = (
        f'no series of {listed(metrics)} has the label "{exposed}", by which its profile tells the {label}'
    )
    help_ = (
        "the source may have it switched off, or be another version: its values count as other. Let the source "
        "expose it, or say in a profile that extends this one which label it is"
    )
    return Finding(suspicion("audit/missing-label", message, seen, f"labels.{label}", help_), metrics[0])


def _strays(name: str, exposed: str, values: Mapping[str, list[str]], seen: Observed) -> Finding:
    label = seen.service.labels[name]
    shown = ", ".join(quoted(value) for value in sorted(values)[:_LISTED])
    rest = f" and {len(values) - _LISTED} more" if len(values) > _LISTED else ""
    metrics = list(dict.fromkeys(metric for found in values.values() for metric in found))
    message = (
        f'label "{exposed}" has {shown}{rest}, which is no {name} that the spec knows (in {listed(metrics)})'
    )
    help_ = (
        f"it counts as other: in a profile that extends this one, say which {name} it is, or ignore it"
        if label.patterns
        else "it counts as other: list it in the service, if it is meant"
    )
    return Finding(suspicion("audit/undeclared-value", message, seen, f"labels.{name}", help_), metrics[0])


def costs(seen: Observed) -> Iterator[Finding]:
    """Count the cost of labels that are summed away: the source may be configured to omit them."""
    cost: dict[str, int] = {}
    for observed in seen.metrics.values():
        if not observed.metric.foreign:
            continue
        read = {one.exposed for one in observed.translations}
        known = dropped(observed.metric, seen.service)
        for name, label in observed.labels.items():
            if name not in read and name != LE and (name in known or unbounded(name) or label.saved >= _MUCH):
                cost[name] = cost.get(name, 0) + label.saved
    for name, series in sorted(cost.items(), key=lambda item: (-item[1], item[0])):
        if series:
            yield _cost(name, series, seen)


def _cost(name: str, series: int, seen: Observed) -> Finding:
    every = sum(observed.series for observed in seen.metrics.values() if observed.metric.foreign)
    message = f'label "{name}" is summed away, and costs {series:,} of {every:,} series at the source'
    setting = _setting(name, seen)
    help_ = (
        setting
        or f"leave it out at the source, or at the scrape (metric_relabel_configs, action: labeldrop, regex: {name})"
    )
    say = suspicion if series >= _MUCH else remark
    return Finding(say("audit/dropped-label", message, seen, "", help_))


def _setting(name: str, seen: Observed) -> str:
    """Find the sentence of the profile about how its source omits a label."""
    sentences = seen.service.about_profile.split(". ")
    return next((f"{one.removesuffix('.')}." for one in sentences if name in one), "")
