"""Cases: a history, and what an alert must say at which moment of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from generator.model.alerts import Alert, AlertSeverity, Tier
    from generator.model.service import Service
    from generator.prometheus.witness.exposed import Exposed
    from generator.prometheus.witness.history import Phase


class Moment(Struct, frozen=True):
    """``seconds`` into a history the alert fires, or does not; ``why`` in a few words."""

    seconds: int
    fires: bool
    why: str


class Case(Struct, frozen=True):
    """What one severity of an alert must do over a history.

    ``labels`` tell its series from those of the same alert about something else.
    """

    name: str
    alert: Alert
    severity: AlertSeverity
    phases: tuple[Phase, ...]
    moments: tuple[Moment, ...]
    labels: tuple[tuple[str, str], ...] = ()

    @property
    def seconds(self) -> int:
        """How long its history is."""
        return sum(phase.seconds for phase in self.phases)


class Trial(Struct, frozen=True):
    """One severity of an alert that cases are made for; ``scrape`` is the scrape interval in seconds."""

    alert: Alert
    tier: Tier
    exposed: Exposed
    scrape: int

    @property
    def service(self) -> Service:
        """The service that the alert is about."""
        return self.exposed.service

    def case(
        self,
        name: str,
        phases: tuple[Phase, ...],
        moments: tuple[Moment, ...],
        labels: tuple[tuple[str, str], ...] = (),
    ) -> Case:
        """Make a case of it."""
        return Case(name, self.alert, self.tier.severity, phases, moments, labels)
