"""Deviations: the changes of a service to the alerts that all services share."""

from __future__ import annotations

from msgspec import Struct

from generator.model.alerts import Alert

#: The variant that turns an alert off.
OFF = "off"


class Override(Struct, frozen=True):
    """A number of a shared alert that a service changes; ``severity`` is empty where all severities share it."""

    alert: str
    severity: str
    part: str
    value: float
    words: str


class Variant(Struct, frozen=True):
    """A service's own form of a shared alert, which differs in more than numbers; ``name`` names the difference."""

    alert: str
    name: str
    alerts: tuple[Alert, ...]


class Deviations(Struct, frozen=True):
    """The changes of a service to the shared alerts."""

    overrides: tuple[Override, ...] = ()
    variants: tuple[Variant, ...] = ()
    off: tuple[str, ...] = ()
