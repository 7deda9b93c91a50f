"""What was injected when: the answer key of a simulated history, for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, to_builtins

if TYPE_CHECKING:
    from collections.abc import Sequence

    from generator.model.service import Service
    from generator.simulate.fleet import Life
    from generator.simulate.incidents import Incident
    from generator.simulate.scenario import Rollout, Scenario


class Truth(Struct, frozen=True):
    """What a history contains; times are Unix seconds."""

    service: str
    seed: int
    start: float
    end: float
    release: str
    rollouts: tuple[Rollout, ...]
    lives: tuple[Life, ...]
    incidents: tuple[Incident, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as what JSON can hold."""
        return {
            **{name: getattr(self, name) for name in ("service", "seed", "start", "end", "release")},
            "rollouts": [to_builtins(rollout) for rollout in self.rollouts],
            "lives": [to_builtins(life) for life in self.lives],
            "incidents": [_incident(one) for one in self.incidents],
        }


def truth(service: Service, scenario: Scenario, lived: Sequence[Life]) -> Truth:
    """Put together what happens to a service in a scenario."""
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


def _incident(one: Incident) -> dict[str, Any]:
    effect = one.effect
    return {
        "name": effect.name,
        "start": one.start,
        "end": one.end,
        "release": one.release,
        "creeping": effect.creeping,
        "changes": to_builtins(effect.changes),
        "alerts": list(effect.alerts),
    }
