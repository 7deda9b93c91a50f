"""Random incidents with known causes, each of a service of its own, and the culprits in their alerts.

Streams are drawn minute by minute: releases, tools and models have random shares of the traffic, some of everything
fails by itself, and in the last minutes one thing goes wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from generator.alerts.culprit import OF_ALERT, query
from generator.live.evaluate import evaluate
from generator.live.remote_write import TimeSeries, write
from generator.prometheus.shared import ground_of, shared_rules
from generator.promql.expr import quote
from generator.simulate.draws import poisson, stream
from generator.streams.scope import Scope
from tests.prometheus.chain import T0
from tests.prometheus.trials import needed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from random import Random

    from generator.live.api import PrometheusApi
    from generator.model.service import Model

MINUTES = 150
#: The minutes from an incident's start to the reading of its alert.
AGES = (10, 40)
REASONS = ("step_error", "tool_error", "timeout", "max_steps")
CLASSES = ("timeout", "server_error", "rate_limit", "connection")


class SimulatedService(Struct):
    """A service: the shares of its traffic, and the failures without an incident."""

    runs: float
    releases: dict[str, float]
    tools: dict[str, float]
    models: dict[str, float]
    calls: float
    failing: dict[str, float]
    tool_errors: dict[str, float]
    tokens: dict[tuple[str, str], float]
    llm_errors: dict[str, float]
    errors: dict[str, str] = field(default_factory=dict)
    failing_in: dict[str, dict[str, float]] = field(default_factory=dict)
    calls_in: dict[str, float] = field(default_factory=dict)


class KnownIncident(Struct, frozen=True):
    """An incident.

    Attributes:
        cause: Its kind.
        alert: The alert that is read.
        labels: The labels of the alert besides the service.
        must: The labels that the description must name.
        may: Further labels that it may name.
        before: The service in an ordinary time.
        during: The service while it lasts.
        age: The minutes that it has lasted.
    """

    cause: str
    alert: str
    labels: Mapping[str, str]
    must: Mapping[str, str]
    may: Mapping[str, str]
    before: SimulatedService
    during: SimulatedService
    age: int


def incidents(seed: int, count: int) -> tuple[KnownIncident, ...]:
    """Draw incidents of every kind in turn."""
    kinds = tuple(CAUSES)
    return tuple(
        _incident(stream(seed, "incident", str(place)), kinds[place % len(kinds)]) for place in range(count)
    )


def _incident(rng: Random, cause: str) -> KnownIncident:
    drawn = rng.randrange(2**32)
    before, during = (_world(stream(drawn, "world")) for _ in range(2))
    alert, labels, must, may = CAUSES[cause](rng, before, during)
    return KnownIncident(cause, alert, labels, must, may, before, during, rng.randint(*AGES))


def _shares(rng: Random, names: Sequence[str]) -> dict[str, float]:
    weights = [rng.uniform(0.15, 1) for _ in names]
    return {name: weight / sum(weights) for name, weight in zip(names, weights, strict=True)}


def _world(rng: Random) -> SimulatedService:
    releases = [f"v{number}" for number in range(rng.randint(1, 3))]
    tools = [f"tool_{number}" for number in range(rng.randint(3, 6))]
    models = [f"model-{number}" for number in range(rng.randint(2, 3))]
    own = rng.uniform(0.004, 0.02)
    return SimulatedService(
        runs=rng.uniform(4, 40),
        releases=_shares(rng, releases),
        tools=_shares(rng, tools),
        models=_shares(rng, models),
        calls=rng.uniform(2, 4),
        failing={reason: own * share for reason, share in _shares(rng, REASONS).items()},
        tool_errors={tool: rng.uniform(0.002, 0.02) for tool in tools},
        tokens={
            (model, kind): rng.uniform(500, 2000) for model in models for kind in ("prompt", "completion")
        },
        llm_errors={model: rng.uniform(0.002, 0.01) for model in models},
    )


Found = tuple[str, dict[str, str], dict[str, str], dict[str, str]]
_LOW = "AgentSuccessRateLow"


def _release(rng: Random, before: SimulatedService, during: SimulatedService) -> Found:
    """One release of several fails."""
    for world in (before, during):
        world.releases.setdefault("v1", 0.5)
        total = sum(world.releases.values())
        world.releases = {name: share / total for name, share in world.releases.items()}
    bad, reason = rng.choice(sorted(during.releases)), rng.choice(REASONS)
    during.failing_in[bad] = {reason: rng.uniform(0.15, 0.7)}
    return _LOW, {}, {"release": bad}, {"stop_reason": reason}


def _rollout(rng: Random, _before: SimulatedService, during: SimulatedService) -> Found:
    """A release replaces all others, and fails."""
    reason = rng.choice(REASONS)
    during.releases = {"v9": 1.0}
    during.failing_in["v9"] = {reason: rng.uniform(0.15, 0.6)}
    return _LOW, {}, {"release": "v9"}, {"stop_reason": reason}


def _tool(rng: Random, _before: SimulatedService, during: SimulatedService) -> Found:
    """A tool fails, and ends runs."""
    tool = _break(rng, during)
    return _LOW, {}, {"tool": tool, "stop_reason": "tool_error"}, {}


def _class(rng: Random, _before: SimulatedService, during: SimulatedService) -> Found:
    """A tool fails in one way."""
    tool = _break(rng, during)
    during.errors[tool] = rng.choice(CLASSES)
    labels, must = {"tool": tool}, {"error_class": during.errors[tool]}
    return "AgentToolErrorRateHigh", labels, must, {}


def _break(rng: Random, during: SimulatedService) -> str:
    tool = rng.choice(sorted(during.tools))
    during.tool_errors[tool] = rng.uniform(0.3, 1)
    ended = min(0.9, during.calls * during.tools[tool] * during.tool_errors[tool]) * rng.uniform(0.6, 1)
    during.failing = {**during.failing, "tool_error": ended}
    return tool


def _model(rng: Random, _before: SimulatedService, during: SimulatedService) -> Found:
    """A model fails, and ends runs."""
    model = rng.choice(sorted(during.models))
    during.llm_errors[model] = rng.uniform(0.3, 0.9)
    during.failing = {**during.failing, "step_error": during.models[model] * during.llm_errors[model]}
    return _LOW, {}, {"model": model, "stop_reason": "step_error"}, {}


def _everywhere(rng: Random, _before: SimulatedService, during: SimulatedService) -> Found:
    """All runs fail more often, equally for every reason: nothing stands out."""
    share = rng.uniform(0.2, 0.6)
    during.failing = dict.fromkeys(REASONS, share / len(REASONS))
    return _LOW, {}, {}, {}


def _reason(rng: Random, _before: SimulatedService, during: SimulatedService) -> Found:
    """All runs fail more often, for one reason."""
    during.failing = {**during.failing, "timeout": rng.uniform(0.2, 0.6)}
    return _LOW, {}, {"stop_reason": "timeout"}, {}


def _loop(rng: Random, _before: SimulatedService, during: SimulatedService) -> Found:
    """Agents call one tool again and again."""
    tool = rng.choice(sorted(during.tools))
    during.calls_in[tool] = rng.uniform(10, 60)
    return "AgentToolCallsPerRunHigh", {}, {"tool": tool}, {}


def _loops(rng: Random, before: SimulatedService, during: SimulatedService) -> Found:
    """Agents call every tool more often, in one release of several."""
    _release(rng, before, during)
    during.failing_in.clear()
    during.calls *= rng.uniform(8, 20)
    return "AgentToolCallsPerRunHigh", {}, {}, {}


def _dear(rng: Random, _before: SimulatedService, during: SimulatedService) -> Found:
    """A new release sends one model far more."""
    model = rng.choice(sorted(during.models))
    during.releases, times = {"v9": 1.0}, rng.uniform(8, 20)
    during.tokens = {
        (of, kind): amount * (times if of == model else 1) for (of, kind), amount in during.tokens.items()
    }
    return "AgentTokensPerRunRegression", {"release": "v9"}, {"model": model}, {}


CAUSES: dict[str, Callable[[Random, SimulatedService, SimulatedService], Found]] = {
    "a release of several": _release,
    "a new release": _rollout,
    "a tool": _tool,
    "a class of errors": _class,
    "a model": _model,
    "everything alike": _everywhere,
    "a stop reason": _reason,
    "a loop on a tool": _loop,
    "loops on all tools": _loops,
    "a model's tokens": _dear,
}


class Said(Struct, frozen=True):
    """An incident, and the culprit in its alert: the label, the value and its share."""

    incident: KnownIncident
    named: Mapping[str, str]

    @property
    def right(self) -> bool:
        """Whether it names all required labels, and no wrong one."""
        allowed = {**self.incident.must, **self.incident.may}
        complete = all(self.named.get(label) == value for label, value in self.incident.must.items())
        return complete and all(allowed.get(label) == value for label, value in self.named.items())


def said(api: PrometheusApi, model: Model, every: Sequence[KnownIncident], seed: int) -> tuple[Said, ...]:
    """Simulate incidents, each on its own service, and query the culprits of their alerts."""
    scope = Scope(model.site)
    ground = ground_of(model.library, scope)
    alerts = {alert.name: alert for alert in model.library.alerts}
    for place, one in enumerate(every):
        write(api, _series(one, _service(place), stream(seed, "events", str(place))))
    queries = {one.alert: query(alerts[one.alert], ground) for one in every}
    texts = {name: found.text for name, found in queries.items() if found is not None}
    groups = needed(shared_rules(model.library, model.site).groups, texts.values())
    end = T0 + MINUTES * 60
    evaluate(api, groups, T0, end)
    return tuple(
        Said(
            one,
            dict(_answers(api, filled(texts[one.alert], {"service": _service(place), **one.labels}), end)),
        )
        for place, one in enumerate(every)
    )


def _service(place: int) -> str:
    return f"incident-{place}"


def filled(text: str, labels: Mapping[str, str]) -> str:
    """Fill the labels of a firing alert into the query of its description."""
    for label, value in labels.items():
        for op in ("=", "!="):
            text = text.replace(f'{label}{op}"{OF_ALERT}"', f"{label}{op}{quote(value)}")
    assert OF_ALERT not in text
    return text


def _answers(api: PrometheusApi, text: str, time: int) -> Iterator[tuple[str, str]]:
    for sample in api.query(text, time):
        ((label, value),) = sample.labels.items()
        yield label, value


def _series(one: KnownIncident, service: str, rng: Random) -> Iterator[TimeSeries]:
    """Draw the streams of a service; a series begins with its first event."""
    counts: dict[tuple[tuple[str, str], ...], dict[int, float]] = {}
    for minute in range(MINUTES + 1):
        world = one.during if minute > MINUTES - one.age else one.before
        for labels, amount in _minute(world, rng):
            counts.setdefault(tuple(sorted(labels.items())), {})[minute] = amount
    for key, by_minute in counts.items():
        last = max(by_minute)
        minutes = range(min(by_minute), min(MINUTES, last) + 1)
        yield TimeSeries(
            {**dict(key), "service": service},
            [(T0 + minute * 60) * 1000 for minute in minutes],
            [by_minute.get(minute, 0.0) / 60 for minute in minutes],
        )
    known = {"__name__": "service:agent_info", "service": service, "owner": "o", "profile": "agent"}
    every = range(MINUTES + 1)
    yield TimeSeries(known, [(T0 + minute * 60) * 1000 for minute in every], [1.0 for _ in every])


def _minute(world: SimulatedService, rng: Random) -> Iterator[tuple[dict[str, str], float]]:
    for release, part in world.releases.items():
        runs = world.runs * part
        failing = {**world.failing}
        for reason, share in world.failing_in.get(release, {}).items():
            failing[reason] = failing.get(reason, 0) + share
        well = max(0.0, 1 - sum(failing.values()))
        for reason, share in {**failing, "completed": well}.items():
            status = "ok" if reason == "completed" else "error"
            yield _event("run", rng, runs * share, status=status, stop_reason=reason, release=release)
        yield from _tools(world, release, runs, rng)
        for model, asked in world.models.items():
            errors = runs * asked * world.llm_errors[model]
            yield _event("llm_error", rng, errors, model=model, error_class="overloaded", release=release)
            for kind in ("prompt", "completion"):
                mean = poisson(rng, runs * asked) * world.tokens[model, kind] * rng.uniform(0.8, 1.2)
                labels = {"model": model, "token_type": kind, "release": release}
                yield {"__name__": "stream:agent_token_usage:rate", **labels}, mean


def _tools(
    world: SimulatedService, release: str, runs: float, rng: Random
) -> Iterator[tuple[dict[str, str], float]]:
    for tool, share in world.tools.items():
        calls = runs * (world.calls * share + world.calls_in.get(tool, 0))
        of = {"tool": tool, "release": release}
        wrong = poisson(rng, calls * world.tool_errors[tool])
        right = poisson(rng, calls * (1 - world.tool_errors[tool]))
        yield {"__name__": "stream:agent_tool_call:rate", "status": "ok", **of}, right
        yield {"__name__": "stream:agent_tool_call:rate", "status": "error", **of}, wrong
        known = world.errors.get(tool)
        classes = [known if known and rng.random() < 0.9 else rng.choice(CLASSES) for _ in range(wrong)]
        for one in set(classes):
            yield {"__name__": "stream:agent_tool_error:rate", "error_class": one, **of}, classes.count(one)


def _event(stream: str, rng: Random, mean: float, **labels: str) -> tuple[dict[str, str], float]:
    return {"__name__": f"stream:agent_{stream}:rate", **labels}, poisson(rng, mean)
