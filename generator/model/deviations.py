"""Deviations: what a service changes about the alerts that all services share."""

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
    """A shared alert as a service has it where more than numbers differ; ``name`` says what differs."""

    alert: str
    name: str
    alerts: tuple[Alert, ...]


class Deviations(Struct, frozen=True):
    """What a service changes about the shared alerts."""

    overrides: tuple[Override, ...] = ()
    variants: tuple[Variant, ...] = ()
    off: tuple[str, ...] = ()
