"""Named incidents, each a span of time and its changes of behaviour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.simulate.vocabulary import vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable

    from generator.model.service import Service

#: In ``Conditions.hidden``: no metric is exposed.
EVERYTHING = "*"
UNPRICED_MODEL = "experimental-model"
UNDECLARED_TOOL = "undeclared_tool"
#: The most runs of an instance that are stuck at once, and the seconds between two calls of such a run.
MOST_STUCK, SECONDS_A_LOOP = 20, 3.0

_FACTORS = ("traffic", "latency", "tokens")


class Conditions(Struct, frozen=True):
    """The behaviour of agents at a time; the defaults are an ordinary time.

    Attributes:
        traffic: Factor on arrivals.
        latency: Factor on the time of every step.
        tokens: Factor on the tokens of every LLM step.
        failing: Share of runs that fail at an LLM step, in addition to the ordinary ones.
        limited: Share of runs that continue until the limit of steps.
        stuck: Share of runs that call ``tool`` again and again and never finish.
        tool: The tool that fails, that gets stuck, or that is undeclared.
        tool_errors: Share of its calls that fail.
        tool_share: Share of all calls that go to it, in addition to the ordinary ones.
        model: The model that ``model_share`` of the runs use.
        model_share: See ``model``.
        hidden: Metrics that are not exposed, or EVERYTHING.
    """

    traffic: float = 1
    latency: float = 1
    tokens: float = 1
    failing: float = 0
    limited: float = 0
    stuck: float = 0
    tool: str = ""
    tool_errors: float = 0
    tool_share: float = 0
    model: str = ""
    model_share: float = 0
    hidden: tuple[str, ...] = ()


ORDINARY = Conditions()


class Effect(Struct, frozen=True):
    """The effect of a kind of incident.

    Attributes:
        name: Its name.
        changes: The behaviour of agents.
        alerts: The alerts that exist to catch it.
        creeping: Factors grow from 1 to their full value over the span.
        restarts: Every instance restarts once, one after another.
        released: It comes with a release, and concerns that release only.
    """

    name: str
    changes: Conditions = ORDINARY
    alerts: tuple[str, ...] = ()
    creeping: bool = False
    restarts: bool = False
    released: bool = False


class SimulatedIncident(Struct, frozen=True):
    """An effect from ``start`` to ``end`` (Unix seconds); only on instances of ``release``, unless that is empty."""

    effect: Effect
    start: float
    end: float
    release: str = ""

    def concerns(self, time: float, release: str) -> bool:
        """Whether it affects an instance of ``release`` at a Unix time."""
        return self.start <= time < self.end and self.release in {"", release}

    def at(self, time: float) -> Conditions:
        """Return its changes at a Unix time within its span."""
        changes = self.effect.changes
        if not self.effect.creeping:
            return changes
        part = (time - self.start) / (self.end - self.start)
        return replace(changes, **{name: 1 + (getattr(changes, name) - 1) * part for name in _FACTORS})


def effects(service: Service) -> tuple[Effect, ...]:
    """List every kind of incident, with its effect on a service."""
    return _effects(vocabulary(service).tools[0])


def incident_names() -> tuple[str, ...]:
    """List the names of all kinds of incidents."""
    return tuple(effect.name for effect in _effects(""))


def _effects(tool: str) -> tuple[Effect, ...]:
    return (
        Effect(
            "tool-outage",
            Conditions(tool=tool, tool_errors=0.6),
            ("AgentToolErrorRateHigh", "AgentToolErrorRateRising"),
        ),
        Effect(
            "success-drop-after-release",
            Conditions(failing=0.2),
            ("AgentSuccessRateLow", "AgentSuccessRateDrop", "AgentSuccessRateRegression"),
            released=True,
        ),
        Effect(
            "token-growth-after-release",
            Conditions(tokens=1.5),
            ("AgentTokensPerRunRegression", "AgentCostPerRunRegression"),
            released=True,
        ),
        Effect("tool-spam-loop", Conditions(stuck=1, tool=tool), ("AgentToolCallsPerRunHigh",)),
        Effect(
            "latency-creep",
            Conditions(latency=4),
            ("AgentLatencyP95High", "AgentLatencyP95Rising"),
            creeping=True,
        ),
        Effect("limit-reached", Conditions(limited=0.3), ("AgentStopReasonShift",)),
        Effect(
            "cost-explosion",
            Conditions(tokens=40),
            ("AgentCostPerRunRising", "AgentCostForecastExceeded", "AgentCostBudgetExceeded"),
        ),
        Effect("unpriced-model", Conditions(model=UNPRICED_MODEL, model_share=0.3), ("AgentTokensUnpriced",)),
        Effect("exporter-gone", Conditions(hidden=(EVERYTHING,)), ("AgentMetricAbsent",)),
        Effect(
            "undeclared-label-value",
            Conditions(tool=UNDECLARED_TOOL, tool_share=0.2),
            ("AgentUndeclaredLabelValue",),
        ),
        Effect("night-low", Conditions(traffic=0.02)),
        Effect("rolling-restart", restarts=True),
    )


def incident(name: str, service: Service, start: float, end: float, release: str = "") -> SimulatedIncident:
    """Return the incident ``name`` of a service.

    Raises:
        ValueError: no incident has that name, or it ends before it starts.
    """
    if end <= start:
        message = f"incident {name} ends before it starts"
        raise ValueError(message)
    by_name = {effect.name: effect for effect in effects(service)}
    if name not in by_name:
        message = f'there is no incident "{name}"; there are {", ".join(by_name)}'
        raise ValueError(message)
    return SimulatedIncident(by_name[name], start, end, release)


def conditions_at(incidents: Iterable[SimulatedIncident], time: float, release: str) -> Conditions:
    """Merge the incidents of a time: factors multiply, of shares and names the last one counts."""
    merged = ORDINARY
    for one in incidents:
        if one.concerns(time, release):
            merged = _merge(merged, one.at(time))
    return merged


def _merge(one: Conditions, other: Conditions) -> Conditions:
    factors = {name: getattr(one, name) * getattr(other, name) for name in _FACTORS}
    shares = {
        name: getattr(other, name) or getattr(one, name)
        for name in (
            "failing",
            "limited",
            "stuck",
            "tool",
            "tool_errors",
            "tool_share",
            "model",
            "model_share",
        )
    }
    return Conditions(**factors, **shares, hidden=one.hidden + other.hidden)
