"""The answer key of a simulated history: the list of incidents by which ``replay`` judges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

    from generator.model.service import Service
    from generator.simulate.fleet import Life
    from generator.simulate.incidents import SimulatedIncident
    from generator.simulate.scenario import Scenario, SimulatedRollout


class Truth(Struct, frozen=True):
    """The contents of a history; times are Unix seconds."""

    service: str
    seed: int
    start: float
    end: float
    release: str
    rollouts: tuple[SimulatedRollout, ...]
    lives: tuple[Life, ...]
    incidents: tuple[SimulatedIncident, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it in the form of the schema of incidents."""
        return {
            "service": self.service,
            "start": self.start,
            "end": self.end,
            "incidents": [_incident(one) for one in self.incidents],
            "rollouts": [{"release": one.release, "at": one.at} for one in self.rollouts],
            "simulation": {"seed": self.seed, "release": self.release},
        }


def truth(service: Service, scenario: Scenario, lived: Sequence[Life]) -> Truth:
    """Collect the truth about a service in a scenario."""
    return Truth(
        service.name,
        scenario.seed,
        scenario.start,
        scenario.end,
        scenario.release,
        scenario.rollouts,
        tuple(lived),
        scenario.incidents,
    )


def _incident(one: SimulatedIncident) -> dict[str, Any]:
    effect = one.effect
    return {
        "name": effect.name,
        "start": one.start,
        "end": one.end,
        "alerts": list(effect.alerts),
        **({"release": one.release} if one.release else {}),
    }
