"""An audit for people: a table of the existing series, then the problems and their solutions."""

from __future__ import annotations

from textwrap import indent
from typing import TYPE_CHECKING

from generator.diagnostics import Severity
from generator.diagnostics.printable import printable
from generator.diagnostics.text import render_text, summary
from generator.model.names import LE
from generator.reports.numbers import number, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from generator.audit.audit import Audit
    from generator.audit.findings import Finding
    from generator.audit.seen import Observed, ObservedMetric
    from generator.model.metrics import Metric

_HEAD = ("metric", "series", "bound", "of bound", "of budget", "most by")
_NUMBERS = range(1, 5)


def as_text(audits: Sequence[Audit], sources: Mapping[str, str], *, colour: bool = False) -> Iterator[str]:
    """Write the tables and findings of all services; ``sources`` are the specs' texts, for excerpts."""
    for audit in audits:
        yield from _table(audit.seen)
        yield "\n"
        yield from _findings(audit, sources, colour=colour)


def _table(seen: Observed) -> Iterator[str]:
    many = "instance" if seen.instances == 1 else "instances"
    yield f"{seen.service.name} at {printable(seen.place)} ({number(seen.instances)} {many})\n"
    rows = [_HEAD, *(_row(metric, seen) for metric in seen.service.metrics.values())]
    rows += [
        (f"{one.stranger.name} (undeclared)", number(one.stranger.series), "", "", "", "")
        for one in seen.strangers
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    for row in rows:
        cells = [
            cell.rjust(width) if column in _NUMBERS else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield f"  {'  '.join(cells)}".rstrip() + "\n"


def _row(metric: Metric, seen: Observed) -> tuple[str, ...]:
    found = seen.metrics.get(metric.name)
    if found is None:
        return metric.name, "none", "", "", "", ""
    allowed, expected = seen.allowed(found), found.series * seen.scale
    return (
        metric.name,
        number(found.series),
        number(allowed),
        percent(found.series / allowed),
        percent(expected / seen.budget.metric),
        _most(found),
    )


def _most(observed: ObservedMetric) -> str:
    most = observed.most
    if most is None:
        return ""
    name = "buckets" if most.name == LE else most.name
    return f"{name} ({number(most.values)}): {percent(most.saved / observed.series)}"


def _findings(audit: Audit, sources: Mapping[str, str], *, colour: bool) -> Iterator[str]:
    for finding in audit.findings:
        text = render_text([finding.diagnostic], sources, colour=colour)
        # The summary of a single finding tells nothing.
        yield text.rpartition("\n\n")[0] + "\n"
        yield from _fix(finding)
        yield "\n"
    told = summary(finding.diagnostic for finding in audit.findings)
    clean = not any(finding.diagnostic.severity is not Severity.INFO for finding in audit.findings)
    yield f"{audit.seen.service.name}: {'as its spec says' if clean else told}\n\n"


def _fix(finding: Finding) -> Iterator[str]:
    fix = finding.fix
    if fix:
        copy = f", a copy of {printable(fix.copy_of)}" if fix.copy_of else ""
        yield f"  in {printable(fix.file)}{copy}:\n\n{indent(fix.yaml, '    ')}"
