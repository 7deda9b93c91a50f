"""Alerts that are turned off: the text is a reason, and what changes them besides has no effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.alerts.registry import BY_KEY
from generator.diagnostics.wording import listed
from generator.spec.types import Located

if TYPE_CHECKING:
    from generator.diagnostics import Findings, Span
    from generator.spec.types import AlertSpec, Entry, Inhabited, Text

#: Words for yes and no, of which an author may expect that they turn an alert on or off.
_NO_REASONS = frozenset({"yes", "no", "on", "off", "y", "n", "true", "false", "0", "1"})
_OFF = "disabled"


def check_reason(entry: Entry[AlertSpec], findings: Findings) -> None:
    """Refuse a word such as ``no`` as the reason why an alert is off."""
    reason = entry.value.disabled
    if reason and reason.value.casefold() in _NO_REASONS:
        findings.error(
            "schema/value",
            f'"alerts.{entry.key.value}.disabled" is the reason why the alert is off, and "{reason.value}" is none',
            reason.span,
            'write the reason: disabled: "why nobody needs it here"; to have the alert on, write disabled only where '
            "it is to be off",
        )


def check_changes(
    change: Entry[AlertSpec], reason: Text | None, inhabited: Inhabited | None, findings: Findings
) -> None:
    """Warn of a change of an alert that is off for a ``reason``.

    Declared parts of an alert are no change, nor are those of a service that one of its environments turns off.
    """
    if reason is None:
        return
    whole, places = inhabited.whole if inhabited else None, _places(change)
    declares = not change.value.written.isdisjoint(BY_KEY)
    if whole and (declares or reason.span.lies_in(whole)):
        places = {key: span for key, span in places.items() if span and span.lies_in(whole)}
    elif declares:
        return
    if places:
        findings.warning(
            "alert/changed-while-off",
            f"{change.key.value} would ignore {listed(places)}: it is disabled",
            next(filter(None, places.values()), change.key.span),
            _way_out(change, reason, len(places)),
        )


def _places(change: Entry[AlertSpec]) -> dict[str, Span | None]:
    """Find the places of the written keys besides ``disabled``; a plain text has none."""
    values = {name: getattr(change.value, name) for name in sorted(change.value.written - {_OFF})}
    return {
        name.removesuffix("_"): value.span if isinstance(value, Located) else None
        for name, value in values.items()
    }


def _way_out(change: Entry[AlertSpec], reason: Text, count: int) -> str:
    leave = f"leave {'it' if count == 1 else 'them'} out, or"
    if reason.span.lies_in(change.value.span):
        return f"{leave} remove disabled"
    if reason.span.file == change.key.span.file:
        return f"{leave} write disabled only into the environments in which the alert is to be off"
    return f"{leave} write an alert of another name: {reason.span.file} turns this one off"
