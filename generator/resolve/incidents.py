"""Resolve a written list of incidents, by which alerts are judged; contradictions are errors at their place."""

from __future__ import annotations

import re
from datetime import datetime
from math import inf
from typing import TYPE_CHECKING

from generator.diagnostics import Findings, Note, Result
from generator.diagnostics.wording import did_you_mean
from generator.model.incidents import Incident, Incidents, Rollout
from generator.notation.names import look_up
from generator.notation.times import is_day

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from generator.spec.types import IncidentSpec, IncidentsSpec, Text

_UNIX = re.compile(r"[0-9]{1,11}(?:\.[0-9]+)?")
#: Exclusive; beyond the last one no clock can add a zone.
_FIRST_YEAR, _LAST_YEAR = 1969, 9999
_TIMES = "write a time with its zone, such as 2026-03-21T09:12Z or 2026-03-21T10:12+01:00"


def resolve_incidents(
    spec: IncidentsSpec, services: Collection[str], alerts: Collection[str] | None
) -> Result[Incidents]:
    """Resolve a list; ``services`` and ``alerts`` are the names of all that exist; None where some are not known."""
    findings, known = Findings(), dict.fromkeys(services, "")
    for name in (one for each in spec.incidents if each.alerts for one in each.alerts.values):
        if alerts is not None and name.value not in alerts:
            findings.error(
                "reference/unknown-alert",
                f'no service has an alert "{name.value}"',
                name.span,
                did_you_mean(name.value, alerts, "alerts"),
            )
    start, end = _span(spec.start, spec.end, "the list", findings)
    of = _service(spec.service, known, findings)
    read = ((one, _incident(one, known, of, findings)) for one in spec.incidents)
    sound = [(one, incident) for one, incident in read if incident]
    rollouts = [Rollout(one.release, _time(one.at, findings) or 0.0) for one in spec.rollouts]
    for message, one, other in _overlaps(sound):
        findings.error(
            "incident/overlap",
            message,
            one.name.span,
            "join them, end one where the other starts, or give each the alerts that are for it alone",
            Note("the other one is here", other.name.span),
        )
    incidents = Incidents(
        tuple(incident for _, incident in sound),
        of,
        -inf if start is None else start,
        inf if end is None else end,
        tuple(rollouts),
    )
    return Result.failed(*findings.all) if findings.failed else Result(incidents, findings.all)


def _incident(spec: IncidentSpec, known: Mapping[str, str], of: str, findings: Findings) -> Incident | None:
    """Resolve an incident; None where its times are missing or wrong."""
    start, end = _span(spec.start, spec.end, f'incident "{spec.name.value}"', findings)
    service = _service(spec.service, known, findings) or of
    alerts = None if spec.alerts is None else tuple(one.value for one in spec.alerts.values)
    if start is None or end is None or end <= start:
        return None
    return Incident(spec.name.value, start, end, alerts, service, spec.impact or "")


def _service(name: Text | None, known: Mapping[str, str], findings: Findings) -> str:
    if name is not None:
        look_up(name, known, "service", findings)
    return name.value if name else ""


def _overlaps(
    incidents: Sequence[tuple[IncidentSpec, Incident]],
) -> Iterator[tuple[str, IncidentSpec, IncidentSpec]]:
    """Find each incident that overlaps an earlier one, once."""
    written = sorted(incidents, key=lambda pair: (pair[1].start, pair[0].name.span))
    for index, (spec, one) in enumerate(written):
        other = next((pair for pair in written[:index] if one.overlaps(pair[1])), None)
        if other is not None:
            message = (
                f'incident "{one.name}" starts before "{other[1].name}" ends: a firing may belong to either'
            )
            yield message, spec, other[0]


def _span(
    start: Text | None, end: Text | None, what: str, findings: Findings
) -> tuple[float | None, float | None]:
    """Read both ends of a span; ``what`` is its name in the message."""
    begins, ends = _time(start, findings), _time(end, findings)
    if begins is not None and ends is not None and end is not None and ends <= begins:
        message = f"{what} ends before it starts" if ends < begins else f"{what} ends as it starts"
        findings.error("incident/ends-first", message, end.span, "write an end that is later than the start")
    return begins, ends


def _time(text: Text | None, findings: Findings) -> float | None:
    """Read a time, as Unix seconds; None where there is none or it is wrong."""
    if text is None:
        return None
    day = is_day(text.value)
    if not day and _UNIX.fullmatch(text.value):
        return float(text.value)
    read = None if day else _iso(text.value)
    if read is None:
        what = "is a day, and no time in it" if day else "is no time since 1970"
        findings.error("incident/no-time", f'"{text.value}" {what}', text.span, _TIMES)
        return None
    if read.tzinfo is None:
        findings.error(
            "incident/no-zone",
            f"{text.value} has no zone: it is another time in each of them",
            text.span,
            f"write {text.value}Z if it is UTC, else its offset from UTC, as in {text.value}+01:00",
        )
        return None
    return read.timestamp()


def _iso(text: str) -> datetime | None:
    """Read a date with a time; None for any other text."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read if _FIRST_YEAR < read.year < _LAST_YEAR else None
