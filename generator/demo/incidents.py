"""Incidents that are switched on and off while agents work."""

from __future__ import annotations

import time
from threading import Lock
from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.model.units import HOUR
from generator.simulate.incidents import Conditions, Effect, SimulatedIncident, conditions, effects

if TYPE_CHECKING:
    from generator.model.service import Service

#: A creeping effect is complete after this time.
_CREEPING = HOUR


def demo_incidents(service: Service) -> dict[str, Effect]:
    """Find the incidents that can be shown, by name, with the alerts that the service has.

    Processes that keep running cannot show a restart.
    """
    alerts = {alert.name for alert in service.alerts}
    return {
        effect.name: replace(effect, alerts=tuple(name for name in effect.alerts if name in alerts))
        for effect in effects(service)
        if not effect.restarts
    }


class Switches:
    """The incidents that are on; any thread may read or switch them."""

    def __init__(self, service: Service, release: str) -> None:
        self.known = demo_incidents(service)
        self._release = release
        self._on: dict[str, SimulatedIncident] = {}
        self._released = 0
        self._lock = Lock()

    def toggle(self, name: str) -> SimulatedIncident | None:
        """Switch an incident; None when that ended it.

        Raises:
            KeyError: it does not exist.
        """
        effect = self.known[name]
        with self._lock:
            if self._on.pop(name, None):
                return None
            release = ""
            if effect.released:
                self._released += 1
                release = f"{self._release}.{self._released}"
            now = time.time()
            self._on[name] = found = SimulatedIncident(effect, now, now + _CREEPING, release)
            return found

    @property
    def on(self) -> tuple[str, ...]:
        """The names of the incidents that are on, in the order of their start."""
        with self._lock:
            return tuple(self._on)

    @property
    def release(self) -> str:
        """The current release: the newest one that an incident brought, else the original one."""
        with self._lock:
            return next((one.release for one in reversed(self._on.values()) if one.release), self._release)

    def now(self) -> Conditions:
        """Return the current behaviour of agents."""
        release, time_ = self.release, time.time()
        with self._lock:
            lasting = [
                SimulatedIncident(one.effect, one.start, max(one.end, time_ + 1), one.release)
                for one in self._on.values()
            ]
        return conditions(lasting, time_, release)
