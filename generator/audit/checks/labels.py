"""Labels: missing, extra, with unlisted values, with too many values, or with impossible pairs.

Of foreign metrics, the labels that a profile reads; and those that are summed away, but cost series nevertheless.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.audit.findings import Finding, longer_list, of_service, remark, suspicion, violation
from generator.audit.translated import absent, dropped
from generator.diagnostics.wording import closest, listed, printable, quoted
from generator.model.identifiers import unbounded
from generator.model.metrics import OTHER, TARGET_LABELS, Label
from generator.model.names import LE, OUTSIDE, TARGET_INFO
from generator.model.streams import MODEL
from generator.notation.names import HELP

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from generator.audit.observe import Observed, ObservedLabel, ObservedMetric
    from generator.audit.translated import ObservedTranslation

_LISTED = 10
#: The longest value that a spec may list.
_LONGEST = 100
_OLD = "exported_"
_WORD = re.compile("[^a-z0-9]+")
#: The number of series from which the cost of an unread label is reported.
_MUCH = 100


def check(seen: Observed) -> Iterator[Finding]:
    """Compare labels and values, metric by metric; a stray value is reported once, with all metrics that have it."""
    taken = _renamed(seen)
    for name, metrics in taken.items():
        yield _taken_name(name, metrics, seen)
    for observed in seen.metrics.values():
        if observed.metric.foreign:
            continue
        extra = [name for name in observed.labels if name not in observed.metric.labels and name != LE]
        extra = [name for name in extra if name not in taken and f"{_OLD}{name}" not in taken]
        for name in observed.metric.labels:
            if name not in seen.service.selector and f"{_OLD}{name}" not in taken:
                yield from _missing(observed, name, extra, seen)
        for name in extra:
            yield _extra(observed, observed.labels[name], seen)
        yield from _pairs(observed, seen)
    for observed in seen.metrics.values():
        yield from _beside(observed, seen)
    for label in seen.service.labels.values():
        yield from _values(label, seen)
    yield from foreign_labels(seen)
    yield from _costs(seen)
    for name, times in sorted(seen.outside.items()):
        yield _outside(name, times, seen)


def _renamed(seen: Observed) -> dict[str, list[str]]:
    """Find labels that Prometheus renamed, as the target has one of the same name, with their metrics."""
    renamed: dict[str, list[str]] = {}
    for metric in seen.metrics.values():
        for name in metric.labels:
            if name.startswith(_OLD):
                renamed.setdefault(name, []).append(metric.metric.name)
    return renamed


def _taken_name(moved: str, metrics: list[str], seen: Observed) -> Finding:
    """Report a label name with two owners, once for all metrics."""
    name = moved.removeprefix(_OLD)
    where = metrics[0] if len(metrics) == 1 else f"{len(metrics)} metrics"
    message = f'a label of the target is called "{name}" as well, so that of the code is "{moved}" in {where}'
    if name in seen.service.labels:
        help_ = (
            f"what is broken down by {name} shows the target's: let the scrape keep the code's (honor_labels: true, of "
            f"a ServiceMonitor honorLabels), or drop the target's by relabel_configs (action: labeldrop, regex: {name})"
        )
    elif name in TARGET_LABELS:
        help_ = (
            f"it tells the processes behind a collector or a gateway apart, which are one {name} otherwise: let the "
            "scrape keep the code's (honor_labels: true, of a ServiceMonitor honorLabels)"
        )
    else:
        help_ = (
            "it is the target's: take it out of the code, or drop the moved one at the scrape by "
            f"metric_relabel_configs (action: labeldrop, regex: {moved})"
        )
    path = f"labels.{name}" if name in seen.service.labels else ""
    return Finding(violation("audit/taken-label", message, seen, path, help_), metrics[0])


def _outside(label: str, times: float, seen: Observed) -> Finding:
    """Report values that generated instrumentation counted instead of exposing them: the bound holds."""
    often = "once" if times == 1 else f"{times:,.0f} times"
    message = f'label "{label}" was given a value outside the spec {often} since the code was started'
    help_ = "they were not exposed; the service's log names the first: list them if they are meant, else say other"
    return Finding(suspicion("audit/outside-value", message, seen, f"labels.{label}", help_), OUTSIDE)


def _missing(observed: ObservedMetric, name: str, extra: list[str], seen: Observed) -> Iterator[Finding]:
    label = observed.labels.get(name)
    lacking = observed.counted if label is None else label.lacking
    if not lacking:
        return
    metric = observed.metric
    part = (
        "has no label"
        if lacking >= observed.counted
        else f"has {lacking:,} of {observed.counted:,} series without label"
    )
    similar = closest(name, extra) if label is None else None
    help_ = (
        f'"{similar}" is there instead: rename it in the code'
        if similar
        else "set it in the code, on every series"
    )
    message = f'{metric.name} {part} "{name}"'
    path = f"metrics.{metric.name}.labels.{name}"
    yield Finding(violation("audit/missing-label", message, seen, path, help_), metric.name)


def _extra(observed: ObservedMetric, label: ObservedLabel, seen: Observed) -> Finding:
    metric, name = observed.metric, label.name
    message = f'{metric.name} has a label "{name}" ({_counted(label.values)}) that its spec does not declare'
    why = unbounded(name)
    if why:
        help_ = f"it {why}: {HELP}"
    elif name in seen.service.labels:
        help_ = f"take it out of the code, or add it to the labels of {metric.name}"
    else:
        help_ = f"take it out of the code, or declare it in the profile, with a bound, and as a label of {metric.name}"
    return Finding(
        violation("audit/extra-label", message, seen, f"metrics.{metric.name}", help_), metric.name
    )


def _counted(values: int) -> str:
    return f"{values:,} values" if values != 1 else "1 value"


def _values(label: Label, seen: Observed) -> Iterator[Finding]:
    there = {
        observed.metric.name: observed.labels[label.name]
        for observed in seen.metrics.values()
        if label.name in observed.metric.labels
        and label.name in observed.labels
        and not observed.metric.foreign
    }
    strays = {name: one for name, one in there.items() if one.strays}
    if strays:
        yield _undeclared(label, strays, seen)
    elif not label.values:
        over = {name: one for name, one in there.items() if one.values > label.max_live}
        if over:
            yield _too_many(label, over, seen)


def _undeclared(label: Label, strays: dict[str, ObservedLabel], seen: Observed) -> Finding:
    values = sorted({value for one in strays.values() for value in one.strays})
    shown = listed(map(quoted, values), _LISTED)
    message = f'label "{label.name}" has {shown}, which the spec does not list (in {", ".join(strays)})'
    path = f"labels.{label.name}"
    if label.name == MODEL:
        help_ = "list it if it is meant, and give it a price in prices.yaml; else map it to other in the code"
    elif OTHER in label.values:
        help_ = 'list it if it is meant; else map it to "other" in the code'
    else:
        help_ = f"say one of {listed(label.values)} in the code, or list it if it is meant"
    # A flood of values is not a list to paste, and a value that no spec may contain cannot be listed.
    listable = len(values) <= _LISTED and all(map(may_be_listed, values))
    fix = longer_list(seen.service, label, values) if listable else None
    return Finding(violation("audit/undeclared-value", message, seen, path, help_), next(iter(strays)), fix)


def may_be_listed(value: str) -> bool:
    """Whether a spec may contain a value: it is not too long, and all its characters are visible."""
    return len(value) <= _LONGEST and printable(value) == value


def _too_many(label: Label, over: dict[str, ObservedLabel], seen: Observed) -> Finding:
    name, most = max(over.items(), key=lambda item: item[1].values)
    message = f'label "{label.name}" of {name} has {most.values:,} live values, and its spec allows {label.max_live:,}'
    bound: dict[str, float] = {"max_live": most.values}
    if label.new_per_week:
        bound["new_per_week"] = label.new_per_week
    help_ = "retire what is old, or allow more"
    diagnostic = violation("audit/too-many-values", message, seen, f"labels.{label.name}", help_)
    return Finding(diagnostic, name, of_service(seen.service, labels={label.name: bound}))


def _pairs(observed: ObservedMetric, seen: Observed) -> Iterator[Finding]:
    for name, groups in observed.pairs.items():
        label = seen.service.labels[name]
        # An undeclared value is reported as such.
        known = seen.service.labels[label.determines].values if label.determines else ()
        wrong = [
            (value, other)
            for value, other in groups.counts
            if value in label.determined and other in known and label.determined[value] != other
        ]
        if wrong:
            value, other = min(wrong)
            message = (
                f"{observed.metric.name} has {name}={quoted(value)} with {label.determines}={quoted(other)}, "
                f"and the spec says {quoted(label.determined[value])}"
            )
            more = f" ({len(wrong)} such pairs)" if len(wrong) > 1 else ""
            help_ = "set both at once in the code, or change what the value means in the profile"
            path = f"labels.{name}"
            yield Finding(
                violation("audit/impossible-pair", message + more, seen, path, help_), observed.metric.name
            )


def _beside(observed: ObservedMetric, seen: Observed) -> Iterator[Finding]:
    """Compare the number of a label's values for one value of another label with its bound in the spec."""
    for (name, other), (value, most) in observed.beside.items():
        allowed = dict(seen.service.labels[name].per)[other]
        if most > allowed:
            message = (
                f'label "{name}" of {observed.metric.name} has {most:,} values for {other}={quoted(value)}, '
                f"and its spec allows {allowed:,} per {other}"
            )
            help_ = f"allow more in per: {{{other}: {most}}}, or leave per out"
            path = f"labels.{name}"
            yield Finding(
                violation("audit/too-many-values", message, seen, path, help_), observed.metric.name
            )


def foreign_labels(seen: Observed) -> Iterator[Finding]:
    """Compare the labels that the profile reads, each once, with all metrics that should have them."""
    yield from _absences(seen)
    for informing, label in seen.uninformed.items():
        yield _uninformed(label, informing, seen)
    strays: dict[tuple[str, tuple[str, ...]], dict[str, list[str]]] = {}
    for name, observed in seen.metrics.items():
        for one in observed.translations:
            for value in one.strays:
                strays.setdefault((one.label, one.exposed), {}).setdefault(value, []).append(name)
    for (label, exposed), values in strays.items():
        yield _foreign_strays(label, exposed, values, seen)
    for name, observed in seen.metrics.items():
        for stream, label in observed.unread:
            yield _unread(name, label, stream, seen)


def _absences(seen: Observed) -> Iterator[Finding]:
    """Name the labels that no series of a metric has, and those that none of the series have that are read."""
    lacking: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for name, observed in seen.metrics.items():
        for one in absent(observed.translations, partly=False):
            lacking.setdefault((one.label, one.exposed), []).append(name)
    for (label, exposed), metrics in lacking.items():
        yield _absent(label, exposed, list(dict.fromkeys(metrics)), seen)
    for name, observed in seen.metrics.items():
        for one in absent(observed.translations, partly=True):
            yield _partly_absent(one, name, seen)


def _absent(label: str, exposed: tuple[str, ...], metrics: list[str], seen: Observed) -> Finding:
    message = f"no series of {listed(metrics)} has the label {_either(exposed)}, by which its profile tells the {label}"
    help_ = (
        "the source may have it switched off, or be another version: its values count as other. Let the source "
        f"expose it, or {_instead(label, exposed, metrics, seen)}"
    )
    return Finding(suspicion("audit/missing-label", message, seen, f"labels.{label}", help_), metrics[0])


def _partly_absent(one: ObservedTranslation, metric: str, seen: Observed) -> Finding:
    message = (
        f"the series of {metric} that are read by {listed(one.where)} have no label {_either(one.exposed)}, by which "
        f"its profile tells the {one.label}"
    )
    help_ = (
        f"the source leaves it out there, and what these series count is of no {one.label}: it is in all totals, and "
        f"in nothing by {one.label}"
    )
    return Finding(remark("audit/missing-label", message, seen, f"labels.{one.label}", help_), metric)


def _either(exposed: Iterable[str]) -> str:
    return " or ".join(f'"{one}"' for one in exposed)


def _instead(label: str, exposed: tuple[str, ...], metrics: Collection[str], seen: Observed) -> str:
    """Describe how a profile reads the label under another name, with the likely name if the source has one."""
    there = {one for name in metrics for one in seen.metrics[name].labels}
    others = (one for one in there.difference(exposed) if label in _WORD.split(one.lower()))
    likely = min(others, key=_by_length, default="")
    if not likely:
        return "say in a profile that extends this one which label it is"
    streams = (
        f"{stream.name}: {{labels: {{{label}: [{', '.join((*exposed, likely))}]}}}}"
        for stream in seen.service.streams.values()
        if any(feed.supplied.get(label) == exposed and {*feed.names} & {*metrics} for feed in stream.sources)
    )
    return (
        f'read "{likely}" as well, if that is it: in the profile, or one that extends it, streams: '
        f"{{{', '.join(streams)}}}"
    )


def _by_length(name: str) -> tuple[int, str]:
    return len(name), name


def _uninformed(label: str, exposed: str, seen: Observed) -> Finding:
    message = f'no {TARGET_INFO} has the label "{exposed}", by which its profile tells the {label}'
    attribute = exposed.replace("_", ".")
    help_ = (
        f"all is measured, without a {label}. Set the resource's attribute {attribute} at the source "
        f"(OTEL_RESOURCE_ATTRIBUTES={attribute}=...), and let its exporter and the scrape keep {TARGET_INFO}"
    )
    return Finding(suspicion("audit/missing-label", message, seen, f"labels.{label}", help_), TARGET_INFO)


def _foreign_strays(
    name: str, exposed: tuple[str, ...], values: Mapping[str, list[str]], seen: Observed
) -> Finding:
    label = seen.service.labels[name]
    shown = listed(map(quoted, sorted(values)), _LISTED)
    metrics = list(dict.fromkeys(metric for found in values.values() for metric in found))
    message = (
        f"label {_either(exposed)} has {shown}, which is no {name} that the spec knows (in {listed(metrics)})"
    )
    help_ = (
        f"it counts as {_counted_as(label)}: in the profile, or one that extends it, say which {name} it is, or ignore "
        "it"
        if label.patterns
        else "it counts as other: list it in the service, if it is meant"
    )
    return Finding(suspicion("audit/undeclared-value", message, seen, f"labels.{name}", help_), metrics[0])


def _counted_as(label: Label) -> str:
    """Name the value that one which matches no pattern gets; a closed list has none for it."""
    return OTHER if OTHER in label.values else f"none of {listed(label.values)}"


def _unread(name: str, label: str, stream: str, seen: Observed) -> Finding:
    message = f'{name} has the label "{label}", and the stream {stream} does not read it'
    help_ = (
        f"let it, under streams in the profile: {stream}: {{labels: {{{label}: {label}}}}}, beside the labels that are "
        f"there; or say that it is summed away: drop: [{label}]"
    )
    return Finding(suspicion("audit/unread-label", message, seen, f"labels.{label}", help_), name)


def _costs(seen: Observed) -> Iterator[Finding]:
    """Count the cost of labels that are summed away: the source may be configured to omit them."""
    cost: dict[str, int] = {}
    for observed in seen.metrics.values():
        if not observed.metric.foreign:
            continue
        read = {exposed for one in observed.translations for exposed in one.exposed}
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
