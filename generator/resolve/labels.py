"""Labels: the profile's with the service's bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.diagnostics import Diagnostic, Findings, Note, error
from generator.diagnostics.wording import did_you_mean
from generator.model.metrics import OTHER, Label
from generator.notation.names import refused_declaration, refused_label, undeclared
from generator.notation.patterns import overlap
from generator.spec.types import ELSEWHERE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from generator.spec.types import (
        BoundSpec,
        Entry,
        LabelSpec,
        Names,
        OneOrMany,
        ProfileSpec,
        ServiceSpec,
        Text,
    )


def resolve_labels(profile: ProfileSpec, service: ServiceSpec, findings: Findings) -> dict[str, Label]:
    """Bound every label; an open one without a bound is an error of the service."""
    declared = {entry.key.value: entry for entry in profile.labels}
    bounds = {entry.key.value: entry for entry in service.labels}
    for entry in bounds.values():
        _known(entry, bounds, declared, profile, findings)
    labels = {}
    for name, label in declared.items():
        labels[name] = _label(label, bounds.get(name), profile, service, findings)
        _check_dependence(label, labels[name], declared, findings)
    for name, per in (
        *((entry.key.value, entry.value.per) for entry in profile.labels),
        *((entry.key.value, entry.value.per) for entry in service.labels),
    ):
        _check_per(name, per, labels, findings)
    for entry in service.labels:
        if entry.key.value in labels:
            _check_effect(labels[entry.key.value], entry.value.per, findings)
    return labels


def _check_effect(label: Label, per: Iterable[Entry[int]], findings: Findings) -> None:
    """Warn of a count per another label that allows all values of the label."""
    for one in per:
        if one.value >= label.max_live:
            findings.warning(
                "label/per-without-effect",
                f'"{label.name}" has {label.max_live} values at most, so a limit of {one.value} for each '
                f'"{one.key.value}" changes nothing',
                one.key.span,
                "write the largest number that stands beside one value, or leave per out",
            )


def _known(
    entry: Entry[BoundSpec],
    bounds: Mapping[str, Entry[BoundSpec]],
    declared: Mapping[str, Entry[LabelSpec]],
    profile: ProfileSpec,
    findings: Findings,
) -> None:
    name = entry.key.value
    if name in declared:
        bound = entry.value
        by_number = bound.max_live is not None or bound.new_per_week is not None
        if declared[name].value.values and (bound.values or by_number or not bound.per):
            findings.error(
                "label/bounded-twice",
                f'the profile lists the values of label "{name}" already',
                entry.key.span,
                "leave it out here; a service bounds only the labels that its profile leaves open",
            )
        elif bound.values and by_number:
            findings.error(
                "label/bounded-twice",
                f'label "{name}" has a list of values, and a number of them as well',
                entry.key.span,
                "leave out max_live and new_per_week: a list says both",
            )
    elif finding := refused_label(entry.key):
        findings.add(finding)
    else:
        message = f'profile "{profile.profile.value}" has no label "{name}"'
        left_open = [label for label, one in declared.items() if not one.value.values]
        findings.add(_or_segment(name, undeclared(entry.key, message, left_open, profile, bounds)))


def _or_segment(name: str, found: Diagnostic) -> Diagnostic:
    """Add the way to a label of the service's choice, unless the name is a slip for one that is there."""
    if found.help.startswith("remove it"):
        return found
    own = f"write segments: {{{name}: {{max_live: 20}}}} for a label of the service's choice"
    help_ = f"{found.help} Or {own}" if found.help.endswith("?") else f"{own}; {found.help}"
    return replace(found, help=help_)


def _label(
    entry: Entry[LabelSpec],
    bound: Entry[BoundSpec] | None,
    profile: ProfileSpec,
    service: ServiceSpec,
    findings: Findings,
) -> Label:
    spec, name = entry.value, entry.key.value
    bounds = _bounds(spec, bound.value if bound else None)
    if bounds.max_live is None:
        findings.add(refused_declaration(entry.key, profile) or _unbounded(name, service))
    _check_keys(entry, findings, elsewhere=profile.emitted == ELSEWHERE)
    return Label(
        name=name,
        description=spec.description or "",
        values=bounds.values,
        max_live=bounds.max_live or 1,
        new_per_week=bounds.new_per_week,
        determines=spec.determines.value if spec.determines else None,
        determined={item.key.value: fixed.value for item in spec.values if (fixed := determined(item))},
        limits=tuple(limit.value for limit in spec.limits),
        patterns={
            item.key.value: tuple(text.value for text in item.value.values)
            for item in spec.values
            if item.value and not item.value.single
        },
        ignore=tuple(text.value for text in spec.ignore),
        joined=(spec.label.value if spec.label else name) if spec.from_ else "",
        per=tuple((one.key.value, one.value) for one in ((bound.value.per if bound else ()) or spec.per)),
    )


class _Bounds(Struct, frozen=True):
    """The listed values of a label, the largest number of live ones, None without a bound, and of new ones a week."""

    values: tuple[str, ...]
    max_live: int | None
    new_per_week: float


def _bounds(spec: LabelSpec, own: BoundSpec | None) -> _Bounds:
    """Bound a label as its profile does, else as the service does."""
    values, new_per_week = listed_values(spec), spec.new_per_week or 0.0
    if values or own is None:
        return _Bounds(values, len(values) or spec.max_live, new_per_week)
    values = _listed(own.values, closed=False)
    if own.new_per_week is not None:
        new_per_week = own.new_per_week
    return _Bounds(values, len(values) or own.max_live or spec.max_live, new_per_week)


def _check_per(name: str, per: Iterable[Entry[int]], labels: Mapping[str, Label], findings: Findings) -> None:
    """Check that the labels in ``per`` of another label exist, and that the counts form no circle."""
    for one in per:
        other = one.key.value
        if other not in labels:
            findings.error(
                "reference/unknown-label",
                f'label "{other}" is not declared',
                one.key.span,
                did_you_mean(other, labels),
            )
        elif name in labels and name in _counted_for(other, labels):
            findings.error(
                "label/circle",
                f'"{name}" is counted per "{other}", and "{other}" per "{name}"',
                one.key.span,
                "remove per from one of them: how many values each has is bounded anyway",
            )


def _counted_for(name: str, labels: Mapping[str, Label]) -> set[str]:
    """Find all labels per whose values a label is counted, directly or indirectly; includes the label itself."""
    counted, waiting = {name}, [name]
    while waiting:
        for other, _ in labels[waiting.pop()].per:
            if other in labels and other not in counted:
                counted.add(other)
                waiting.append(other)
    return counted


def _unbounded(name: str, service: ServiceSpec) -> Diagnostic:
    return error(
        "label/unbounded",
        f'label "{name}" has no bound',
        service.span,
        f"list its values under labels, such as {name}: [a, b], or give the largest number of live ones: "
        f"{name}: {{max_live: 20}}",
    )


def determined(item: Entry[OneOrMany | None]) -> Text | None:
    """Read the value of another label that a value determines; a list contains patterns instead."""
    return item.value.values[0] if item.value and item.value.single else None


def _check_keys(entry: Entry[LabelSpec], findings: Findings, *, elsewhere: bool) -> None:
    """Refuse keys that would be ignored: another key that they need is not there, or the module exposes the label."""
    spec, name = entry.value, entry.key.value
    if spec.from_ and not elsewhere:
        findings.error(
            "label/joined-here",
            f'the generated module exposes "{name}" itself, and no {spec.from_.value}',
            spec.from_.span,
            "leave from out, or say emitted: elsewhere where other code exposes the metrics",
        )
    if spec.label and not spec.from_:
        findings.error(
            "label/without-effect",
            f'label "{name}" would ignore label: {spec.label.value}, its name in target_info, as it has no from',
            spec.label.span,
            "write from: target_info beside it, or leave it out; the stream that reads a foreign metric renames its "
            f"labels: labels: {{{name}: {spec.label.value}}}"
            if elsewhere
            else "leave it out: the generated module exposes the label by its own name",
        )
    if spec.closed and not spec.values:
        findings.error(
            "label/without-effect",
            f'label "{name}" would ignore closed: true, as no values are listed beside it',
            entry.key.span,
            "list all of its values there, or leave closed out: the list of a service always has other beside it",
        )


def listed_values(spec: LabelSpec) -> tuple[str, ...]:
    """List the values that a profile gives a label, with ``other`` unless the list is closed; none where it is open."""
    return _listed(tuple(value.key for value in spec.values), closed=bool(spec.closed))


def _listed(values: Names, *, closed: bool) -> tuple[str, ...]:
    listed = tuple(value.value for value in values)
    return listed if closed or not listed or OTHER in listed else (*listed, OTHER)


def _check_dependence(
    entry: Entry[LabelSpec], label: Label, declared: Mapping[str, Entry[LabelSpec]], findings: Findings
) -> None:
    """Check that the determined label exists, value by value, and that the limits are values of the label."""
    spec = entry.value
    _check_circle(entry, declared, findings)
    _check_patterns(entry, findings)
    for limit in spec.limits:
        if label.values and limit.value not in label.values:
            findings.add(_unknown_value(limit, label.name, label.values))
    if spec.determines is None:
        return
    if target := declared.get(spec.determines.value):
        _check_determined(spec, target, findings)
    else:
        findings.error(
            "reference/unknown-label",
            f'label "{spec.determines.value}" is not declared',
            spec.determines.span,
            did_you_mean(spec.determines.value, declared),
        )


def _check_determined(spec: LabelSpec, target: Entry[LabelSpec], findings: Findings) -> None:
    """Check that each value has a value of the determined label."""
    name, allowed = target.key.value, listed_values(target.value)
    for item in spec.values:
        means = determined(item)
        if means is None:
            findings.error(
                "label/undetermined",
                f'"{item.key.value}" has no value of {name}',
                item.key.span,
                f"write {' or '.join(f'{item.key.value}: {value}' for value in allowed[:2] or ('value',))}",
            )
        elif allowed and means.value not in allowed:
            findings.add(_unknown_value(means, name, allowed))


def _unknown_value(value: Text, label: str, allowed: tuple[str, ...]) -> Diagnostic:
    return error(
        "reference/unknown-value",
        f'label "{label}" has no value "{value.value}"',
        value.span,
        did_you_mean(value.value, allowed),
    )


def _check_patterns(entry: Entry[LabelSpec], findings: Findings) -> None:
    """Check that no exposed value matches two patterns: the first would hide the second."""
    patterns = [
        (item.key.value, pattern)
        for item in entry.value.values
        for pattern in (item.value.values if item.value and not item.value.single else ())
    ]
    patterns += [("", pattern) for pattern in entry.value.ignore]
    for index, (value, pattern) in enumerate(patterns):
        for other, before in patterns[:index]:
            if other != value and overlap(pattern.value, before.value):
                meaning = f'"{value}"' if value else "what is ignored"
                findings.error(
                    "label/overlapping-patterns",
                    f'label "{entry.key.value}": one exposed value can be "{other}" and {meaning}',
                    pattern.span,
                    f"make the patterns {pattern.value!r} and {before.value!r} take different values",
                    Note("the other pattern is here", before.span),
                )


def _check_circle(
    entry: Entry[LabelSpec], declared: Mapping[str, Entry[LabelSpec]], findings: Findings
) -> None:
    """Follow the chain of determined labels; a label that determines itself has no bound."""
    chain = [entry.key.value]
    while (target := declared[chain[-1]].value.determines) and target.value in declared:
        if target.value in chain:
            break
        chain.append(target.value)
    if target and target.value == entry.key.value and entry.value.determines:
        findings.error(
            "label/circle",
            f"labels determine each other: {' -> '.join((*chain, target.value))}",
            entry.value.determines.span,
            "remove determines from one of them",
        )
