"""Incidents as a call of ``simulate`` gives them: ``NAME[@START[+DURATION]]``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.commands.call_error import CallError
from generator.commands.on_specs import check_known
from generator.commands.span import instant, length, written
from generator.model.units import parse_duration
from generator.simulate.incidents import effects
from generator.simulate.staging import Wanted

if TYPE_CHECKING:
    from generator.commands.span import Span
    from generator.model.service import Service


def wanted(text: str, service: Service, within: Span) -> Wanted:
    """Read an incident; START is a time, or a duration after the start of the span.

    It starts in the middle and lasts a quarter of the span where nothing else is said, and ends with the span.

    Raises:
        CallError: an unknown name, a time that is none, or one outside the span.
    """
    name, at, when = text.partition("@")
    known = [effect.name for effect in effects(service)]
    check_known(name, known, "incident")
    whole = within.end - within.start
    begin, lasting = _parts(when)
    start = _start(begin, within) if at else within.start + whole / 2
    if not within.start <= start < within.end:
        raise CallError(
            f"incident {name} starts outside the span, at {written(start)}",
            f"the span is from {written(within.start)} to {written(within.end)}",
        )
    end = start + (length(lasting) if lasting else whole / 4)
    return Wanted(name, start, min(end, within.end))


def _parts(when: str) -> tuple[str, str]:
    """Cut at the last ``+``, unless it belongs to a time (``+01:00``)."""
    begin, plus, lasting = when.rpartition("+")
    return (begin, lasting) if plus and ":" not in lasting else (when, "")


def _start(text: str, within: Span) -> float:
    after = parse_duration(text)
    return instant(text, within.end) if after is None else within.start + after
