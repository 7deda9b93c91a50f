"""The usual forms of those parts that only a few kinds of alerts have in a form of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model.panels import ALERTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from generator.alerts.condition import Ground
    from generator.model.alerts import Alert, AlertKind
    from generator.model.rules import RecordingRule
    from generator.promql.expr import Expr


def records(_alert: Alert, _kind: AlertKind, _ground: Ground, /) -> Iterable[RecordingRule]:
    """Record nothing: an alert reads what is recorded of its signal."""
    return ()


def labels(_kind: AlertKind, _ground: Ground, /) -> Mapping[str, str]:
    """Add no labels."""
    return {}


def variant_parts(_kind: AlertKind, /) -> Mapping[str, str]:
    """Have no parts that a service can change, besides those of every alert."""
    return {}


def compared(_alert: Alert, _kind: AlertKind, _ground: Ground, /) -> Expr | None:
    """Compare no value: the alert is about the existence of series."""
    return None


def panel(alert: Alert, _kind: AlertKind, /) -> str:
    """Link the panel of the signal."""
    return alert.signal


def list_of_alerts(_alert: Alert, _kind: AlertKind, /) -> str:
    """Link the list of alerts, where no panel shows the subject."""
    return ALERTS
