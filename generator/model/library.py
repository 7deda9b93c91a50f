"""The library as meant, the facts of each profile, and what services change: all that shared rules are made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.diagnostics import Span
    from generator.model.alerts import Alert
    from generator.model.service import Inclusion, Objective, Price
    from generator.model.signals import Signal
    from generator.model.streams import Stream

#: The variant that turns an alert off.
OFF = "off"


class ProfileFacts(Struct, frozen=True):
    """What shared rules know of a profile, as data.

    Attributes:
        name: The profile.
        feeds: For each stream the metric that feeds it.
        values: The listed values of each label.
        max_live: The default largest number of live values of each label that is bounded by number.
        objectives: Its default objectives.
    """

    name: str
    feeds: Mapping[str, str]
    values: Mapping[str, tuple[str, ...]]
    max_live: Mapping[str, int]
    objectives: Mapping[str, Objective]


class Library(Struct, frozen=True):
    """Streams, signals and default alerts, the same for every service; alerts have bounds as they are written.

    ``origins`` is where each part was written, by dotted path, as of a service.
    """

    streams: Mapping[str, Stream]
    signals: Mapping[str, Signal]
    alerts: tuple[Alert, ...]
    runs: Stream | None
    profiles: tuple[ProfileFacts, ...]
    prices: tuple[Price, ...]
    inclusions: tuple[Inclusion, ...]
    origins: Mapping[str, Span]


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
