"""A profile that no service uses: its errors are reported before a service uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.diagnostics.findings import Findings
from generator.resolve.label_names import refused_declaration
from generator.resolve.labels import resolve_labels
from generator.resolve.metrics import resolve_metrics
from generator.resolve.signals import SignalScope, resolve_signals
from generator.resolve.streams import by_any_name, check_feeds, resolve_streams
from generator.spec.types import BoundSpec, Entry, ServiceSpec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.diagnostics import Diagnostic
    from generator.model.labels import Label
    from generator.model.signals import Signal
    from generator.model.streams import Stream
    from generator.resolve.service import Base
    from generator.spec.types import ProfileSpec


class Measured(Struct, frozen=True):
    """The parts of every service of a profile: the fed streams, and the signals computed from them."""

    streams: Mapping[str, Stream]
    signals: Mapping[str, Signal]


def check_unused(profile: ProfileSpec, base: Base) -> tuple[Diagnostic, ...]:
    """Find the errors of a profile's labels, metrics and signals, which no service can fix.

    Its objectives and alerts are not judged: a service changes them key by key, and writes the objectives that they
    depend on.
    """
    findings = Findings()
    for entry in profile.labels:
        if found := refused_declaration(entry.key, profile):
            findings.add(found)
    measured(profile, base, findings)
    return findings.all


def measured(profile: ProfileSpec, base: Base, findings: Findings) -> Measured:
    """Resolve the streams and signals of a profile, with all their errors."""
    bare = _bare(profile)
    labels = resolve_labels(profile, bare, findings)
    metrics = resolve_metrics(profile, bare, labels, findings)
    check_feeds(profile, bare, labels, base.site.oldest_prometheus, findings)
    fed = resolve_streams(profile, metrics, labels, base, findings)
    scope = SignalScope(base.site, by_any_name(fed.streams.values()), labels, findings)
    return Measured(fed.streams, resolve_signals(base.signals, profile, bare, scope))


def labels_of(profile: ProfileSpec, findings: Findings) -> dict[str, Label]:
    """Resolve the labels of a profile, with placeholders for the bounds that a service must give."""
    return resolve_labels(profile, _bare(profile), findings)


def _bare(profile: ProfileSpec) -> ServiceSpec:
    """Make a placeholder for a service, with the required bounds and no additions."""
    return ServiceSpec(
        span=profile.span,
        service=profile.profile,
        profile=profile.profile,
        description=None,
        owner=profile.profile,
        selector=(),
        replicas=None,
        traffic=None,
        labels=tuple(_bounds(profile)),
        segments=(),
        metrics=(),
        signals=(),
        objectives=(),
        budget=None,
        alerts=(),
        alert_labels=(),
        links=(),
        adapters=(),
        series_budget=None,
        scrape_interval=None,
        histograms=None,
        environments=(),
        severity_at_most=None,
        inhabits=None,
    )


def _bounds(profile: ProfileSpec) -> Iterator[Entry[BoundSpec]]:
    for entry in profile.labels:
        if not entry.value.values:
            yield Entry(entry.key, BoundSpec(entry.value.span, (), 1, None))
