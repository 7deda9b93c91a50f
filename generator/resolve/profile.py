"""A profile that no service uses: what is wrong with it is told before one does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.diagnostics.findings import Findings
from generator.resolve.label_names import refused_declaration
from generator.resolve.labels import resolve_labels
from generator.resolve.metrics import resolve_metrics
from generator.resolve.signals import SignalScope, resolve_signals
from generator.spec.types import BoundSpec, Entry, ServiceSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.diagnostics import Diagnostic
    from generator.model.service import Site
    from generator.spec.types import ProfileSpec


def check_unused(profile: ProfileSpec, site: Site) -> tuple[Diagnostic, ...]:
    """Find what is wrong with the labels, metrics and signals of a profile, which no service can mend.

    Its objectives and alerts are not judged: a service changes them key by key, and says what they may stand on.
    """
    findings = Findings()
    for entry in profile.labels:
        if found := refused_declaration(entry.key, profile):
            findings.add(found)
    bare = _bare(profile)
    labels = resolve_labels(profile, bare, findings)
    metrics = resolve_metrics(profile, bare, labels, findings)
    resolve_signals(profile, bare, SignalScope(site, metrics, labels, findings))
    return findings.all


def _bare(profile: ProfileSpec) -> ServiceSpec:
    """Stand in for a service that bounds what it has to, and adds nothing."""
    return ServiceSpec(
        span=profile.span,
        service=profile.profile,
        profile=profile.profile,
        description=None,
        owner="",
        selector=(),
        replicas=None,
        traffic=None,
        labels=tuple(_bounds(profile)),
        metrics=(),
        signals=(),
        objectives=(),
        budget=None,
        alerts=(),
        links=(),
        adapters=(),
    )


def _bounds(profile: ProfileSpec) -> Iterator[Entry[BoundSpec]]:
    for entry in profile.labels:
        if not entry.value.values:
            yield Entry(entry.key, BoundSpec(entry.value.span, (), 1, None))
