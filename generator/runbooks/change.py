"""The way to change an alert, as a spec has it: the file, and the keys with their present values."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model.alerts import (
    Alert,
    AlertSeverity,
    Bound,
    Change,
    Fall,
    Overflow,
    Regression,
    Reported,
    Tier,
)
from generator.model.units import Unit, duration, human, human_change, plain, points

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.service import Service
    from generator.model.signals import Signal

#: No service owns the alerts about the rules of all.
_LIBRARY = "signals.yaml"
_OTHER_TIME = "for is the time that it must hold"


class SpecEntry(Struct, frozen=True):
    """The entry of an alert in a spec, as it may be written.

    Attributes:
        file: The file, below the directory of specs.
        keys: Pairs of a key and its present value.
        remark: The comment on the keys.
        of_all: Whether the file is the library, which all services share.
    """

    file: str
    keys: tuple[tuple[str, str], ...]
    remark: str
    of_all: bool = False


def written_alert(alert: Alert, signal: Signal, service: Service) -> SpecEntry:
    """Write an alert as it is now, as the file of a service may have it."""
    wait = ("for", duration(alert.for_))
    if alert.kind.reports is Reported.VALUE:
        bounds = _bounds(alert, signal)
        return SpecEntry(_file_of(service), (*bounds, wait), f"another bound; {_OTHER_TIME}")
    of_all = alert.about_rules
    file = _LIBRARY if of_all else _file_of(service)
    severities = {
        _severity(tier) for each in service.alerts if each.name == alert.name for tier in each.tiers
    }
    if len(severities) > 1:
        remark = f"{_OTHER_TIME}; severity: critical or warning makes all of them alike"
        return SpecEntry(file, (wait,), remark, of_all)
    severity = ("severity", severities.pop())
    remark = f"critical pages, warning opens a ticket; {_OTHER_TIME}"
    return SpecEntry(file, (severity, wait), remark, of_all)


def _file_of(service: Service) -> str:
    """Name the file of a service: several environments share one, and its name may be any."""
    place = service.where("")
    name = PurePosixPath(place.file.replace("\\", "/")).name if place else f"{service.system}.yaml"
    return f"services/{name}"


def _severity(tier: Tier) -> str:
    """Write a severity; an environment may allow none that a spec can write."""
    return str(AlertSeverity.WARNING if tier.severity is AlertSeverity.INFO else tier.severity)


def _bounds(alert: Alert, signal: Signal) -> Iterator[tuple[str, str]]:
    for tier in alert.tiers:
        if tier.burns:
            yield _severity(tier), ", ".join(burn.text for burn in tier.burns)
        elif tier.written:
            yield _severity(tier), _bound(tier.written, alert, signal)


def _bound(bound: Bound, alert: Alert, signal: Signal) -> str:
    if isinstance(alert.kind, Change | Regression | Fall):
        return human_change(bound.amount, signal.unit)
    if bound.factor is None:
        return _amount(bound.amount, Unit.RATIO if isinstance(alert.kind, Overflow) else signal.unit)
    objective = "objective" if bound.factor == 1 else f"{plain(bound.factor)}x objective"
    if not bound.amount:
        return objective
    shift = abs(bound.amount)
    by = points(shift) if signal.unit.changes_in_points else _amount(shift, signal.unit)
    return f"{objective} {'+' if bound.amount > 0 else '-'} {by}"


def _amount(value: float, unit: Unit) -> str:
    """Write an amount; durations in specs have no fractions."""
    if unit is not Unit.SECONDS:
        return human(value, unit)
    milliseconds = round(value * 1000)
    return f"{milliseconds}ms" if milliseconds % 1000 else duration(milliseconds // 1000)
