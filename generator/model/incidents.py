"""Incidents as they really happened, or as they were simulated: what the alerts are judged by."""

from __future__ import annotations

from math import inf

from msgspec import Struct


class Incident(Struct, frozen=True):
    """A time at which something was wrong.

    Attributes:
        name: Its name.
        start: When it began, Unix seconds.
        end: When it was over.
        alerts: Those that exist to catch it, none where nothing should fire; None means any ticket or page.
        service: The service that it happened to; empty for all.
        impact: What it meant for users; may be empty.
    """

    name: str
    start: float
    end: float
    alerts: tuple[str, ...] | None = None
    service: str = ""
    impact: str = ""

    @property
    def harmless(self) -> bool:
        """Whether nothing should fire in it."""
        return self.alerts == ()

    def concerns(self, service: str) -> bool:
        """Whether it happened to a service."""
        return self.service in {"", service}

    def is_for(self, alert: str) -> bool:
        """Whether an alert exists to catch it."""
        return self.alerts is None or alert in self.alerts

    def overlaps(self, other: Incident) -> bool:
        """Whether both are at one time, and a firing could belong to either."""
        services = not self.service or not other.service or self.service == other.service
        times = self.start < other.end and other.start < self.end
        return services and times and not self._apart(other)

    def _apart(self, other: Incident) -> bool:
        """Whether their alerts tell them apart."""
        both = self.alerts, other.alerts
        return () in both or (None not in both and not set(self.alerts or ()) & set(other.alerts or ()))


class Rollout(Struct, frozen=True):
    """A release that began to replace another; ``at`` is Unix seconds."""

    release: str
    at: float


class Incidents(Struct, frozen=True):
    """A list of incidents.

    Attributes:
        incidents: In the order of the list.
        service: The only service that it is about; empty for all.
        start: From when on the list is complete, Unix seconds.
        end: Until when.
        rollouts: Releases, for a drawing.
    """

    incidents: tuple[Incident, ...]
    service: str = ""
    start: float = -inf
    end: float = inf
    rollouts: tuple[Rollout, ...] = ()

    def judges(self, service: str) -> bool:
        """Whether the list is about a service."""
        return self.service in {"", service}
