"""Incidents, real or simulated: the measure of how good the alerts are."""

from __future__ import annotations

from math import inf

from msgspec import Struct


class Incident(Struct, frozen=True):
    """A time at which something was wrong.

    Attributes:
        name: Its name.
        start: The beginning, in Unix seconds.
        end: The end, in Unix seconds.
        alerts: The alerts that should catch it, empty where nothing should fire; None for any ticket or page.
        service: The affected service; empty for all.
        impact: The effect on users; may be empty.
    """

    name: str
    start: float
    end: float
    alerts: tuple[str, ...] | None = None
    service: str = ""
    impact: str = ""

    @property
    def harmless(self) -> bool:
        """Whether no alert should fire during it."""
        return self.alerts == ()

    def concerns(self, service: str) -> bool:
        """Whether it happened to a service."""
        return self.service in {"", service}

    def is_for(self, alert: str) -> bool:
        """Whether an alert should catch it."""
        return self.alerts is None or alert in self.alerts

    def overlaps(self, other: Incident) -> bool:
        """Whether both overlap in time, so that a firing could belong to either."""
        services = not self.service or not other.service or self.service == other.service
        times = self.start < other.end and other.start < self.end
        return services and times and not self._apart(other)

    def _apart(self, other: Incident) -> bool:
        """Whether their alerts distinguish them."""
        both = self.alerts, other.alerts
        return () in both or (None not in both and not set(self.alerts or ()) & set(other.alerts or ()))


class Rollout(Struct, frozen=True):
    """A release that began to replace another; ``at`` is Unix seconds."""

    release: str
    at: float


class Incidents(Struct, frozen=True):
    """A list of incidents.

    Attributes:
        incidents: The incidents in the order of the list.
        service: The only service that it is about; empty for all.
        start: The time from which the list is complete, Unix seconds.
        end: The time until which it is complete.
        rollouts: The releases, for a drawing.
    """

    incidents: tuple[Incident, ...]
    service: str = ""
    start: float = -inf
    end: float = inf
    rollouts: tuple[Rollout, ...] = ()

    def judges(self, service: str) -> bool:
        """Whether the list is about a service."""
        return self.service in {"", service}
