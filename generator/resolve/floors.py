"""Floors: the fewest events, or bad events, on which an alert fires; a floor without effect is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model.alerts import Change, Threshold
from generator.model.signals import Cost, Count, Level, divisor

if TYPE_CHECKING:
    from generator.diagnostics.findings import Findings
    from generator.model.alerts import AlertKind
    from generator.model.signals import Signal
    from generator.spec.types import AlertSpec, Entry

_COMPARED = frozenset({"threshold", "change", "regression"})
#: The kinds of alerts that read each floor.
_READ_BY = {
    "min_events": _COMPARED | {"absence", "fall"},
    "min_bad_events": _COMPARED | {"burn_rate", "overflow", "undeclared"},
}


def check_floors(entry: Entry[AlertSpec], kind: str, findings: Findings) -> None:
    """Refuse a floor that a kind of alert does not read: it would be ignored."""
    read = [name for name, kinds in _READ_BY.items() if kind in kinds]
    floors = {"min_events": entry.value.min_events, "min_bad_events": entry.value.min_bad_events}
    for name, floor in floors.items():
        if floor and floor.value and name not in read:
            findings.error(
                "alert/no-events",
                f"{entry.key.value} would ignore {name}: alerts of the kind {kind} "
                + (f"have only the floor {read[0]}" if read else "have no floor of events"),
                floor.span,
                f"write {read[0]} if that is meant, else leave {name} out" if read else f"leave {name} out",
            )


def check_floor_of(
    entry: Entry[AlertSpec], kind: AlertKind | None, signal: Signal, findings: Findings
) -> None:
    """Refuse a floor where there are no events: a count, a gauge or a sum of money has none behind it."""
    floors = {"min_events": entry.value.min_events}
    if isinstance(signal.kind, Level):
        floors["min_bad_events"] = entry.value.min_bad_events
    on_none = isinstance(signal.kind, Count | Level) or (
        isinstance(signal.kind, Cost) and divisor(signal) is None
    )
    for name, fewest in floors.items():
        if fewest and fewest.value and on_none and isinstance(kind, Threshold | Change):
            findings.error(
                "alert/no-events",
                f'"{signal.name}" is no share of events, nor for each of them: it cannot have too few',
                fewest.span,
                f"leave {name} out",
            )
