"""An audit for programs: one JSON object."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from msgspec import to_builtins

from generator.diagnostics import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from generator.audit.audit import Audit
    from generator.audit.findings import Finding
    from generator.audit.seen import Observed, ObservedMetric, UnknownMetric

FORMAT_VERSION = 1


def as_json(audits: Sequence[Audit]) -> str:
    """Write ``{"version", "source", "summary": {severity: count}, "services": [...]}``, in ASCII.

    Each service has ``metrics`` (``series`` is 0 where nothing is exposed), ``undeclared`` metrics, ``turnover``
    and ``findings``; a finding is a diagnostic with ``metric`` and ``fix``, which is null or has ``file``, ``yaml``
    and ``copy_of``.
    """
    counts = Counter(finding.diagnostic.severity for audit in audits for finding in audit.findings)
    report = {
        "version": FORMAT_VERSION,
        "source": audits[0].seen.place if audits else "",
        "summary": {str(severity): counts[severity] for severity in Severity},
        "services": [_service(audit) for audit in audits],
    }
    return json.dumps(report, indent=2) + "\n"


def _service(audit: Audit) -> dict[str, Any]:
    seen = audit.seen
    return {
        "service": seen.service.name,
        "violated": audit.violated,
        "instances": seen.instances,
        "replicas": seen.service.replicas,
        "exposed_series": seen.exposed,
        "metrics": [_metric(name, seen) for name in seen.service.metrics],
        "undeclared": [_stranger(one) for one in seen.strangers],
        "turnover": dict(seen.turnover),
        "findings": [_finding(finding) for finding in audit.findings],
    }


def _metric(name: str, seen: Observed) -> dict[str, Any]:
    declared = {"name": name, "type": str(seen.service.metrics[name].type)}
    found = seen.metrics.get(name)
    if found is None:
        return {**declared, "series": 0}
    return {
        **declared,
        "series": found.series,
        "bound": seen.allowed(found),
        "budget": seen.budget.metric,
        "exposed_types": sorted(found.described.types),
        "contributes_most": found.most.name if found.most else None,
        "labels": _labels(found),
    }


def _labels(observed: ObservedMetric) -> dict[str, Any]:
    return {
        label.name: {"values": label.values, "series_lacking": label.lacking, "series_saved": label.saved}
        for label in observed.labels.values()
    }


def _stranger(unknown: UnknownMetric) -> dict[str, Any]:
    return {
        "name": unknown.stranger.name,
        "type": next(iter(sorted(unknown.described.types)), unknown.stranger.shape),
        "series": unknown.stranger.series,
        "labels": dict(unknown.labels),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    fix = to_builtins(finding.fix) if finding.fix else None
    return {**to_builtins(finding.diagnostic), "metric": finding.metric, "fix": fix}
