"""The oldest Prometheus that must run the output: the features that the output does without; native histograms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.diagnostics.wording import listed
from generator.model.service import KEEPS_FIRING, Service

if TYPE_CHECKING:
    from collections.abc import Iterable

    from generator.diagnostics import Findings, Span
    from generator.spec.types import AlertSpec, Entry, Text

#: The panels use ``@ end()``, the rules are tested to load and to evaluate.
LOWEST = (2, 37)
#: The first Prometheus that stores classic histograms as native ones, with the bounds that the source has.
NATIVE_SINCE = (3, 0)
_NATIVE = "native"


def resolve_oldest(written: Text | None, findings: Findings) -> tuple[int, int]:
    """Read ``major.minor``; the default is the first Prometheus with every feature that alerts use."""
    if written is None:
        return KEEPS_FIRING
    major, minor = written.value.split(".")
    version = int(major), int(minor)
    if version < LOWEST:
        findings.error(
            "site/oldest-prometheus",
            f"Prometheus {written.value} is too old for the rules and dashboards",
            written.span,
            f"{LOWEST[0]}.{LOWEST[1]} is the oldest that runs them",
        )
        return KEEPS_FIRING
    return version


def at_once(
    service: Service, written: Iterable[Entry[AlertSpec]], place: Span | None, findings: Findings
) -> Service:
    """Drop ``keep_firing_for`` from every alert of ``service``, and report the alerts whose author wrote it.

    Args:
        service: The service.
        written: The alerts that the service writes or changes.
        place: The place of the oldest Prometheus.
        findings: The list of findings.
    """
    for entry in written:
        if entry.value.keep_firing_for and entry.value.disabled is None:
            findings.warning(
                "alert/ends-at-once",
                f"keep_firing_for of {entry.key.value} does nothing: the oldest Prometheus does not know it",
                entry.value.keep_firing_for.span,
                f"leave it out, or have Prometheus {KEEPS_FIRING[0]}.{KEEPS_FIRING[1]} or later, and set "
                "oldest_prometheus in site.yaml",
            )
    lost = list(dict.fromkeys(alert.name for alert in service.alerts if alert.keep_firing_for))
    if lost:
        findings.info(
            "alert/ends-at-once",
            f"{len(lost)} alerts of {service.name} end as soon as their condition does, without keep_firing_for: "
            f"{listed(lost)}",
            place,
            "an alert that comes and goes notifies each time: a longer group_interval in Alertmanager makes that rarer",
        )
    return replace(service, alerts=tuple(replace(alert, keep_firing_for=0) for alert in service.alerts))


def are_native(written: Text | None, oldest: tuple[int, int], findings: Findings, *, default: bool) -> bool:
    """Read whether histograms are native; without the key they are as ``default`` says."""
    if written is None:
        return default
    if written.value == _NATIVE and oldest < NATIVE_SINCE:
        findings.error(
            "site/native-histograms",
            f"native histograms need Prometheus {NATIVE_SINCE[0]}.{NATIVE_SINCE[1]}, and the oldest here is "
            f"{oldest[0]}.{oldest[1]}",
            written.span,
            'if yours is newer, set oldest_prometheus: "3.0" in site.yaml; else leave histograms out',
        )
    return written.value == _NATIVE
