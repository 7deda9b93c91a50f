"""The checks of an audit, which compares a spec with the existing series: each yields differences from the spec."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.audit.checks import labels, metrics, series
from generator.audit.observe import Observed, observe
from generator.diagnostics import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from generator.audit.findings import Finding
    from generator.audit.source import AuditSource
    from generator.model.service import Model, Service

_CHECKS: tuple[Callable[[Observed], Iterator[Finding]], ...] = (
    series.check_interval,
    metrics.check_presence,
    metrics.check_types,
    labels.check,
    series.check,
)
_ORDER = tuple(Severity)


class Audit(Struct, frozen=True):
    """The observed series of a service, and their contradictions to its spec, the worst first."""

    seen: Observed
    findings: tuple[Finding, ...]

    @property
    def violated(self) -> bool:
        """Whether the spec is violated."""
        return any(finding.diagnostic.severity is Severity.ERROR for finding in self.findings)


def audit(source: AuditSource, service: Service, model: Model) -> Audit:
    """Observe the series of a service in ``source``, and compare them with its spec.

    Raises:
        LiveError: the source fails.
    """
    seen = observe(source, service, model)
    findings = [finding for check in _CHECKS for finding in check(seen)]
    ordered = sorted(findings, key=lambda finding: _ORDER.index(finding.diagnostic.severity))
    return Audit(seen, tuple(ordered))
