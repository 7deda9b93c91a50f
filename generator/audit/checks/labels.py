"""Labels: missing, extra, with unlisted values, with too many values, or with impossible pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.audit.checks import foreign
from generator.audit.findings import Finding, suspicion, violation
from generator.audit.fixes import listing, of_service
from generator.diagnostics.printable import printable, quoted
from generator.diagnostics.suggest import closest, listed
from generator.model.identifiers import unbounded
from generator.model.labels import OTHER
from generator.model.names import LE, OUTSIDE
from generator.resolve.label_names import HELP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.audit.seen import Observed, ObservedLabel, ObservedMetric
    from generator.model.labels import Label

_LISTED = 10
#: The longest value that a spec may list.
_LONGEST = 100
_OLD = "exported_"


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
    yield from foreign.labels(seen)
    yield from foreign.costs(seen)
    for name, times in sorted(seen.outside.items()):
        yield _outside(name, times, seen)


def _renamed(seen: Observed) -> dict[str, list[str]]:
    """Find labels that Prometheus renamed, as the target has one of the same name, with their metrics."""
    found: dict[str, list[str]] = {}
    for metric in seen.metrics.values():
        for name in metric.labels:
            if name.startswith(_OLD):
                found.setdefault(name, []).append(metric.metric.name)
    return found


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
    shown = ", ".join(quoted(value) for value in values[:_LISTED])
    rest = f" and {len(values) - _LISTED} more" if len(values) > _LISTED else ""
    message = f'label "{label.name}" has {shown}{rest}, which the spec does not list (in {", ".join(strays)})'
    path = f"labels.{label.name}"
    if label.name == seen.service.tokens.model:
        help_ = "list it if it is meant, and give it a price in prices.yaml; else map it to other in the code"
    elif OTHER in label.values:
        help_ = 'list it if it is meant; else map it to "other" in the code'
    else:
        help_ = f"say one of {listed(label.values)} in the code, or list it if it is meant"
    # A flood of values is not a list to paste, and a value that no spec may contain cannot be listed.
    listable = len(values) <= _LISTED and all(map(may_be_listed, values))
    fix = listing(seen.service, label, values) if listable else None
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
