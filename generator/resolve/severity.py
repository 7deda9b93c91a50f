"""The severity of an alert: that of the crossed bound, or, without bounds, of its key ``severity``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.model.alerts import AlertSeverity, BurnRate
from generator.model.units import parse_duration
from generator.resolve.sweeps import SWEEPS

if TYPE_CHECKING:
    from generator.diagnostics.findings import Findings
    from generator.model.alerts import Alert
    from generator.spec.types import AlertKindSpec, AlertSpec, Entry, Text

#: The kinds without a bound: their condition is true or false.
BOUNDLESS = ("idle", "unpriced", *SWEEPS)


def severity(entry: Entry[AlertSpec], default: AlertSeverity) -> AlertSeverity:
    """Take the written severity of an alert without a bound, or else the default."""
    written = entry.value.severity
    return default if written is None else AlertSeverity(written.value)


def capped(alert: Alert, most: AlertSeverity | None) -> Alert:
    """Limit the severity of an alert to ``most``: keep the first allowed bound, or all the paces."""
    order = tuple(AlertSeverity)
    allowed = order[order.index(most) :] if most else order
    over = tuple(tier for tier in alert.tiers if tier.severity not in allowed)
    if most is None or not over:
        return alert
    kept = alert.tiers[len(over) :]
    if isinstance(alert.kind, BurnRate):
        paces = tuple(dict.fromkeys(burn for tier in alert.tiers for burn in tier.burns))
        return replace(alert, tiers=(replace(over[-1], severity=most, burns=paces),))
    return replace(alert, tiers=kept or (replace(over[-1], severity=most),))


def check_severity(entry: Entry[AlertSpec], kind: str, findings: Findings) -> None:
    """Refuse keys without effect: bounds where nothing is compared, a severity where bounds set it."""
    alert, spec = entry.key.value, entry.value
    if kind in BOUNDLESS:
        for name, text in (("warning", spec.warning), ("critical", spec.critical)):
            if text is not None:
                findings.error(
                    "alert/severity",
                    f"{alert} is true or not, without a bound, and would ignore {name}: {text.value}",
                    text.span,
                    f"leave {name} out"
                    if spec.severity
                    else f"write severity: {name}{_how_long(text, spec.idle)}",
                )
    elif spec.severity is not None:
        findings.error(
            "alert/severity",
            f"{alert} is as severe as the bound that is crossed, and would ignore severity: {spec.severity.value}",
            spec.severity.span,
            f"write the bound itself: {spec.severity.value}: ...; a profile's bound can be changed, not left out",
        )


def _how_long(text: Text, idle: AlertKindSpec | None) -> str:
    """Show the right key for a time that was written as a bound."""
    if idle is None or idle.signal is None or parse_duration(text.value) is None:
        return ""
    return (
        f"; to wait for {text.value} without a run: idle: {{signal: {idle.signal.value}, over: {text.value}}}"
    )
