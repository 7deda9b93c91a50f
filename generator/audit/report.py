"""An audit, for people as a table and problems with their solutions, and for programs as one JSON object.

So is an audit of foreign dashboards and rule files, with the unknown names of each file.
"""

from __future__ import annotations

import json
from collections import Counter
from textwrap import indent
from typing import TYPE_CHECKING, Any

from msgspec import Struct, to_builtins

from generator.audit.phantoms import InProfiles, NameSource, Phantom
from generator.audit.translated import alternatives
from generator.diagnostics import Severity
from generator.diagnostics.formats import render_text, summary
from generator.diagnostics.wording import counted, printable
from generator.model.names import LE
from generator.model.units import human_number, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from generator.audit.checks import Audit
    from generator.audit.findings import Finding
    from generator.audit.observe import Observed, ObservedMetric, UnknownMetric
    from generator.model.metrics import Metric

_HEAD = ("metric", "series", "bound", "of bound", "of budget", "most by")
_NUMBERS = range(1, 5)
_FORMAT_VERSION = 1


def as_text(audits: Sequence[Audit], sources: Mapping[str, str], *, colour: bool = False) -> Iterator[str]:
    """Write the tables and findings of all services; ``sources`` are the specs' texts, for excerpts."""
    for audit in audits:
        yield from _table(audit.seen)
        yield "\n"
        yield from _findings(audit, sources, colour=colour)


def _table(seen: Observed) -> Iterator[str]:
    many = "instance" if seen.instances == 1 else "instances"
    yield f"{seen.service.name} at {printable(seen.place)} ({human_number(seen.instances)} {many})\n"
    rows = [
        _HEAD,
        *(_row(metric, seen) for metric in seen.service.metrics.values() if _is_listed(metric, seen)),
    ]
    rows += [
        (f"{one.stranger.name} (undeclared)", human_number(one.stranger.series), "", "", "", "")
        for one in seen.strangers
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    for row in rows:
        cells = [
            cell.rjust(width) if column in _NUMBERS else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield f"  {'  '.join(cells)}".rstrip() + "\n"


def _is_listed(metric: Metric, seen: Observed) -> bool:
    """Whether a metric has a row: it exists, or it is the first of several names of which none exists."""
    elsewhere = alternatives(metric, seen.service) & seen.metrics.keys()
    return metric.name in seen.metrics or not (metric.alternative or elsewhere)


def _row(metric: Metric, seen: Observed) -> tuple[str, ...]:
    observed = seen.metrics.get(metric.name)
    if observed is None:
        return metric.name, "none", "", "", "", ""
    allowed, expected = seen.allowed(observed), observed.series * seen.scale
    return (
        metric.name,
        human_number(observed.series),
        human_number(allowed),
        percent(observed.series / allowed),
        percent(expected / seen.budget.metric),
        _most(observed),
    )


def _most(observed: ObservedMetric) -> str:
    most = observed.most
    if most is None:
        return ""
    name = "buckets" if most.name == LE else most.name
    return f"{name} ({human_number(most.values)}): {percent(most.saved / observed.series)}"


def _findings(audit: Audit, sources: Mapping[str, str], *, colour: bool) -> Iterator[str]:
    for finding in audit.findings:
        text = render_text([finding.diagnostic], sources, colour=colour)
        # The summary of a single finding tells nothing.
        yield text.rpartition("\n\n")[0] + "\n"
        yield from _fix(finding)
        yield "\n"
    counts = summary(finding.diagnostic for finding in audit.findings)
    clean = not any(finding.diagnostic.severity is not Severity.INFO for finding in audit.findings)
    yield f"{audit.seen.service.name}: {'as its spec says' if clean else counts}\n\n"


def _fix(finding: Finding) -> Iterator[str]:
    fix = finding.fix
    if fix:
        copy = f", a copy of {printable(fix.copy_of)}" if fix.copy_of else ""
        yield f"  in {printable(fix.file)}{copy}:\n\n{indent(fix.yaml, '    ')}"


def as_json(audits: Sequence[Audit]) -> str:
    """Write ``{"version", "source", "summary": {severity: count}, "services": [...]}``, in ASCII.

    Each service has ``metrics`` (``series`` is 0 where nothing is exposed), ``undeclared`` metrics, ``turnover``
    and ``findings``; a finding is a diagnostic with ``metric`` and ``fix``, which is null or has ``file``, ``yaml``
    and ``copy_of``.
    """
    counts = Counter(finding.diagnostic.severity for audit in audits for finding in audit.findings)
    report = {
        "version": _FORMAT_VERSION,
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
    observed = seen.metrics.get(name)
    if observed is None:
        return {**declared, "series": 0}
    return {
        **declared,
        "series": observed.series,
        "bound": seen.allowed(observed),
        "budget": seen.budget.metric,
        "exposed_types": sorted(observed.described.types),
        "contributes_most": observed.most.name if observed.most else None,
        "labels": _labels(observed),
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


_UNRECORDED = (
    "load the rule file that does, such as those of output/; a rule without a result records nothing"
)


class CheckedFile(Struct, frozen=True):
    """A file, the number of its queries, and their problems."""

    file: str
    queries: int
    phantoms: tuple[Phantom, ...]


def phantoms_as_text(files: Sequence[CheckedFile], known: NameSource) -> Iterator[str]:
    """List the unknown names in each file, and count them."""
    for one in files:
        yield f"{printable(one.file)}: {_queries(one.queries)}, {_counts(one.phantoms)}\n"
        yield from (f"  {line}\n" for phantom in one.phantoms for line in _lines(phantom, known))
    total = [phantom for one in files for phantom in one.phantoms]
    where = "a profile" if isinstance(known, InProfiles) else printable(known.place)
    yield f"in total: {_counts(total)}\n" if total else f"all that they name is known to {where}\n"


def _counts(phantoms: Sequence[Phantom]) -> str:
    """Count the names, of metrics and of labels, and the queries that could not be read."""
    unread = sum(bool(one.expr) for one in phantoms)
    names = counted(len(phantoms) - unread, "unknown name")
    return f"{names}, {_queries(unread)} not read" if unread else names


def _queries(count: int) -> str:
    return "1 query" if count == 1 else f"{count} queries"


def _lines(phantom: Phantom, known: NameSource) -> Iterator[str]:
    is_known, way = "nothing exposes it", phantom.help
    if isinstance(known, InProfiles):
        is_known = "no profile knows it"
    elif ":" in phantom.metric and not phantom.label:  # only records have colons
        is_known, way = "nothing there has recorded it", way or _UNRECORDED
    place = printable(phantom.place or "no title")
    if phantom.expr:
        yield f"{place}: not read, since {phantom.help}: {printable(phantom.expr)}"
        return
    help_ = f": {printable(way)}" if way else ""
    if phantom.label:
        yield f'{place}: label "{printable(phantom.label)}" of {printable(phantom.metric)}, {is_known}{help_}'
    else:
        yield f"{place}: metric {printable(phantom.metric)}, {is_known}{help_}"


def phantoms_as_json(files: Sequence[CheckedFile], known: NameSource) -> Iterator[str]:
    """Write ``{"version", "source", "files": [...]}``, in ASCII."""
    yield json.dumps({"version": 1, "source": known.place, "files": to_builtins(files)}, indent=2) + "\n"
