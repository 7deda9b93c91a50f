"""Receivers and services fit each other: every alert has a receiver, and every receiver can get an alert."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.diagnostics import Diagnostic, Findings
from generator.diagnostics.wording import did_you_mean, listed
from generator.model import names
from generator.model.alerts import AlertSeverity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from generator.prometheus.alertmanager import Routing
    from generator.spec.types import Entry, OneOrMany, ReceiverSpec

#: The labels by which any alert of a service can be chosen, besides its author's labels.
_ALWAYS = (names.OWNER, names.SERVICE, names.SEVERITY, names.ENVIRONMENT)
#: The labels of an alert about the rules themselves.
_OF_RULES = {names.SEVERITY: str(AlertSeverity.WARNING)}
WantedEntries = tuple["Entry[OneOrMany]", ...]


def check_receivers(
    receivers: Sequence[Entry[ReceiverSpec]], services: Sequence[Routing]
) -> tuple[Diagnostic, ...]:
    """Find alerts without a receiver, and receivers without alerts; ``services`` are all services."""
    if not receivers:
        return ()
    findings = Findings()
    for receiver in receivers:
        _check_wanted(receiver, services, findings)
    every = [receiver.value.for_ for receiver in receivers]
    if all(every) and not any(_takes(wanted, _OF_RULES) for wanted in every):
        findings.warning(
            "receiver/fallback",
            "alerts about the rules themselves have no owner, and no receiver gets them",
            receivers[0].key.span,
            'add a receiver without "for": it gets all alerts that no other receiver gets',
        )
    for service in services:
        _check_reached(service, every, findings)
    return findings.all


def _check_reached(service: Routing, every: Sequence[WantedEntries], findings: Findings) -> None:
    severities = {
        labels[names.SEVERITY] for labels in _alerts(service) if not any(_takes(one, labels) for one in every)
    }
    if lost := [severity for severity in map(str, AlertSeverity) if severity in severities]:
        findings.error(
            "receiver/missing",
            f"no receiver gets alerts of {service.service} with the owner {service.owner} and the severity "
            f"{' or '.join(lost)}",
            service.place,
            f'add a receiver to site.yaml, for: {{owner: {service.owner}}}, or one without "for", for all the rest',
        )


def _check_wanted(receiver: Entry[ReceiverSpec], services: Sequence[Routing], findings: Findings) -> None:
    known, wanted = _known(services), receiver.value.for_
    wrong = [_is_wrong(entry, receiver.key.value, known, findings) for entry in wanted]
    if not any(wrong) and not any(_takes(wanted, one) for each in services for one in _alerts(each)):
        wants = listed(f"{entry.key.value} {_values(entry)}" for entry in wanted)
        findings.warning(
            "receiver/unused",
            f'receiver "{receiver.key.value}" gets no alert: none has {wants}',
            receiver.key.span,
            "remove it, or ask for less",
        )


def _is_wrong(
    entry: Entry[OneOrMany], receiver: str, known: Mapping[str, tuple[str, ...]], findings: Findings
) -> bool:
    """Report a label that no alert has, and wanted values that none has; return whether there is any."""
    label = entry.key.value
    if label not in known:
        findings.error(
            "receiver/label",
            f'no alert has a label "{label}" to choose it by',
            entry.key.span,
            did_you_mean(label, known, "alert_labels adds others; labels of alerts"),
        )
        return True
    wrong = [value for value in entry.value.values if value.value not in known[label]]
    for value in wrong:
        if label == names.SEVERITY:
            findings.error(
                "receiver/severity",
                f'receiver "{receiver}" asks for the severity "{value.value}", which no alert has',
                value.span,
                did_you_mean(value.value, known[label], "severities"),
            )
        else:
            findings.warning(
                "receiver/unused",
                f'receiver "{receiver}" gets no alert: none has the {label} "{value.value}"',
                value.span,
                did_you_mean(value.value, known[label], "there are") or "remove it",
            )
    return bool(wrong)


def _values(entry: Entry[OneOrMany]) -> str:
    return " or ".join(value.value for value in entry.value.values)


def _known(services: Iterable[Routing]) -> dict[str, tuple[str, ...]]:
    """List the labels by which alerts can be chosen, and their values."""
    found: dict[str, dict[str, None]] = {label: {} for label in _ALWAYS}
    found[names.SEVERITY] = dict.fromkeys(map(str, AlertSeverity))
    for service in services:
        for labels in _alerts(service):
            for label, value in labels.items():
                found.setdefault(label, {})[value] = None
    return {label: tuple(values) for label, values in found.items()}


def _alerts(service: Routing) -> Iterator[Mapping[str, str]]:
    """List the labels of a service's alerts, one kind of them after another."""
    own = {names.OWNER: service.owner, names.SERVICE: service.service, **service.marks}
    return ({**own, **dict(kind)} for kind in service.kinds)


def _takes(wanted: WantedEntries, labels: Mapping[str, str]) -> bool:
    return all(
        labels.get(entry.key.value) in {value.value for value in entry.value.values} for entry in wanted
    )
