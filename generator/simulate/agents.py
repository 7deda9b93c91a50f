"""The agents of a service and their work: rounds of an LLM step and tool calls, with their times, errors and tokens.

They are described from its spec so that an ordinary time keeps its objectives and its budget.
"""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.model.units import DAY, HOUR
from generator.simulate.draws import Choice, stream
from generator.simulate.incidents import ORDINARY, Conditions
from generator.simulate.scenario import usual_runs_per_hour
from generator.simulate.vocabulary import Vocabulary, vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from random import Random

    from generator.model.service import Service
    from generator.streams.roles import Reasons

    Prices = Mapping[tuple[str, str], float]

#: A run is stopped after this many steps.
_STEP_LIMIT = 30
#: Share of LLM steps after which a tool is called, rather than the run ended.
_ANOTHER_ROUND = 0.62
#: Share of LLM steps that fail.
_LLM_ERRORS = 0.004
# An ordinary time uses this part of an objective's tolerance, so that no alert fires.
_USED = 0.35
_SUCCESS, _TOOL_ERRORS = 0.97, 0.05
_ERROR_CLASS_WEIGHTS = (6, 3, 2, 1)
_PILOT_RUNS = 300
#: The field of an LLM step that each token type counts, under the names that providers use.
TOKEN_FIELDS = {
    "prompt": "fresh",
    "input": "fresh",
    "completion": "answer",
    "output": "answer",
    "cached": "cached",
    "cache_read": "cached",
    "cache_write": "written",
    "cache_creation": "written",
    "reasoning": "thought",
}
#: The field that counts the tokens of a type that is not declared.
PRICED_AS = {"cached": "fresh", "written": "fresh", "thought": "answer"}


class Tool(Struct, frozen=True):
    """A tool: the share of its calls that fail, and how long a call takes (seconds, lognormal)."""

    name: str
    error_share: float
    median: float
    spread: float


class LanguageModel(Struct, frozen=True):
    """A model: median tokens of a first prompt and of an answer, and seconds of a step (lognormal)."""

    name: str
    prompt: float
    answer: float
    median: float
    spread: float


class ToolCall(Struct, frozen=True):
    """A tool call; ``error`` is the class of its error, empty when it went well."""

    tool: str
    seconds: float
    error: str


class LlmCall(Struct, frozen=True):
    """Tokens of an LLM step, each counted in one field only: ``fresh``, ``cached`` and ``written`` were sent."""

    model: str
    seconds: float
    fresh: int
    cached: int
    written: int
    answer: int
    thought: int


class Run(Struct, frozen=True):
    """A finished run; ``llm_errors`` are (model, error class)."""

    reason: str
    seconds: float
    steps: int
    tool_calls: tuple[ToolCall, ...]
    llm_calls: tuple[LlmCall, ...]
    llm_errors: tuple[tuple[str, str], ...]


class Agent(Struct, frozen=True):
    """A service's agents: their tools and models, and their failures in an ordinary time.

    Attributes:
        tool_fatal: Share of tool errors that end a run.
        llm_fatal: The same for LLM errors; after the others the step is tried again.
        rarely: Reasons that end runs without a visible cause, and their shares.
        pace: Factor on all times.
    """

    reasons: Reasons
    tools: Choice[Tool]
    models: Choice[LanguageModel]
    tool_errors: Choice[str]
    llm_errors: Choice[str]
    tool_fatal: float
    llm_fatal: float
    rarely: tuple[tuple[str, float], ...]
    pace: float = 1


def run(rng: Random, agent: Agent, now: Conditions) -> Run:
    """Simulate one run."""
    model = _model_of(rng, agent, now)
    limited, failing = rng.random() < now.limited, rng.random() < now.failing
    pace = agent.pace * now.latency
    calls: list[ToolCall] = []
    answers: list[LlmCall] = []
    errors: list[tuple[str, str]] = []
    seconds, steps, reason = 0.0, 0, ""
    while not reason:
        steps += 1
        answers.append(_llm_call(rng, model, len(answers), pace, now.tokens))
        seconds += answers[-1].seconds
        if rng.random() < _LLM_ERRORS or failing:
            errors.append((model.name, agent.llm_errors.draw(rng)))
            answers.pop()
            if failing or rng.random() < agent.llm_fatal:
                reason = agent.reasons.step_failed
        elif steps >= _STEP_LIMIT:
            reason = agent.reasons.limit or agent.reasons.completed
        elif not limited and rng.random() > _ANOTHER_ROUND:
            reason = _ending(rng, agent)
        else:
            steps += 1
            call = _tool_call(rng, agent, pace, now)
            calls.append(call)
            seconds += call.seconds
            if call.error and rng.random() < agent.tool_fatal:
                reason = agent.reasons.tool_failed
    return Run(reason, seconds, steps, tuple(calls), tuple(answers), tuple(errors))


def _model_of(rng: Random, agent: Agent, now: Conditions) -> LanguageModel:
    chosen = agent.models.draw(rng)
    return replace(chosen, name=now.model) if now.model and rng.random() < now.model_share else chosen


def _ending(rng: Random, agent: Agent) -> str:
    left = rng.random()
    for reason, share in agent.rarely:
        left -= share
        if left < 0:
            return reason
    return agent.reasons.completed


def _tool_call(rng: Random, agent: Agent, pace: float, now: Conditions) -> ToolCall:
    tool = agent.tools.draw(rng)
    name, share = tool.name, tool.error_share
    if now.tool_share and rng.random() < now.tool_share:
        name = now.tool
    if now.tool_errors and name == now.tool:
        share = now.tool_errors
    error = agent.tool_errors.draw(rng) if rng.random() < share else ""
    return ToolCall(name, pace * rng.lognormvariate(log(tool.median), tool.spread), error)


def _llm_call(rng: Random, model: LanguageModel, earlier: int, pace: float, tokens: float) -> LlmCall:
    """Simulate an LLM step: its prompt repeats the ``earlier`` rounds, most of it from the cache."""
    noise = tokens * rng.lognormvariate(0, 0.3)
    prompt = model.prompt * (1 + 0.35 * earlier) * noise
    cached = int(prompt * 0.6) if earlier else 0
    answer = model.answer * noise
    thought = int(answer * 0.25)
    seconds = pace * rng.lognormvariate(log(model.median), model.spread)
    written = 0 if earlier else int(prompt * 0.2)
    fresh = int(prompt) - cached - written
    return LlmCall(model.name, seconds, fresh, cached, written, int(answer) - thought, thought)


class Loop(Struct, frozen=True):
    """The cycle that a stuck run repeats: an LLM step that asks for the same tool call again."""

    tool: str
    seconds: float
    step: LlmCall


def stuck_call(rng: Random, agent: Agent, now: Conditions) -> Loop:
    """Simulate one cycle of a stuck run."""
    pace = agent.pace * now.latency
    call = _tool_call(rng, agent, pace, now)
    step = _llm_call(rng, _model_of(rng, agent, now), 1, pace, now.tokens)
    return Loop(now.tool or call.tool, call.seconds, step)


def agent(service: Service, seed: int) -> Agent:
    """Describe the agents of a service so that an ordinary time keeps its objectives."""
    words = vocabulary(service)
    rng = stream(seed, "agent", service.name)
    success = max(_promised("success_rate", service), default=_SUCCESS)
    failing = (1 - success) * _USED
    tools = _tools(words, service, rng)
    mean_errors = sum(tool.error_share for tool in tools.options) / len(tools.options)
    rounds = 1 / (1 - _ANOTHER_ROUND)
    untuned = Agent(
        reasons=words.reasons,
        tools=tools,
        models=Choice.of((_model(name, place, rng), 4.0**-place) for place, name in enumerate(words.models)),
        tool_errors=Choice.of(zip(words.tool_errors, _ERROR_CLASS_WEIGHTS, strict=False)),
        llm_errors=Choice.of(zip(words.llm_errors, _ERROR_CLASS_WEIGHTS, strict=False)),
        tool_fatal=min(1, failing * 0.5 / (mean_errors * (rounds - 1))),
        llm_fatal=min(1, failing * 0.3 / (_LLM_ERRORS * rounds)),
        rarely=tuple(_rarely(words.reasons, failing * 0.2)),
    )
    pilot = tuple(run(rng, untuned, ORDINARY) for _ in range(_PILOT_RUNS))
    return replace(
        untuned,
        pace=_pace(pilot, service),
        models=_within_budget(untuned.models, usd_per_run(service, pilot), service),
    )


def _promised(signal: str, service: Service) -> list[float]:
    """List the objectives of a signal: for all runs, and for single values of a segment, whose runs do not differ."""
    of_all = [service.objectives[signal].bound] if signal in service.objectives else []
    of_values = (one for one in service.alerts if one.only and one.signal == signal)
    return [*of_all, *(tier.bound for one in of_values for tier in one.tiers[-1:])]


def _tools(words: Vocabulary, service: Service, rng: Random) -> Choice[Tool]:
    allowed = min(_promised("tool_error_rate", service), default=_TOOL_ERRORS)
    return Choice.of(
        (Tool(name, allowed * _USED * rng.uniform(0.4, 1), rng.uniform(0.1, 0.5), 0.6), 0.6**place)
        for place, name in enumerate(words.tools)
    )


def _model(name: str, place: int, rng: Random) -> LanguageModel:
    return LanguageModel(name, rng.uniform(600, 900), rng.uniform(90, 180), 0.6 / (place + 1), 0.5)


def _rarely(reasons: Reasons, failing: float) -> list[tuple[str, float]]:
    """Divide the failures without a particular cause among the reasons."""
    good = [(reason, 0.004 / len(reasons.ok)) for reason in reasons.ok]
    return good + [(reason, failing / len(reasons.failed)) for reason in reasons.failed]


def _pace(pilot: Sequence[Run], service: Service) -> float:
    """Compute the factor on all times at which the 95th percentile of a run keeps the objective."""
    wanted = _usual_seconds(service)
    return wanted / sorted(one.seconds for one in pilot)[int(len(pilot) * 0.95)] if wanted else 1


def _within_budget(models: Choice[LanguageModel], usd: float, service: Service) -> Choice[LanguageModel]:
    """Shorten prompts and answers where a day of runs, at ``usd`` each, would use more of the budget than is usual."""
    if "spend" not in service.objectives:
        return models
    a_day = usd * usual_runs_per_hour(service) * DAY / HOUR
    factor = min(1, service.objectives["spend"].bound * _USED / a_day) if a_day else 1
    return Choice(
        tuple(replace(one, prompt=one.prompt * factor, answer=one.answer * factor) for one in models.options),
        models.weights,
    )


def _usual_seconds(service: Service) -> float | None:
    if "latency_p95" not in service.signals:
        return None
    if promised := _promised("latency_p95", service):
        return min(promised) * 0.5
    buckets = service.signals["latency_p95"].of.buckets
    return buckets[len(buckets) // 2]


def usd_per_run(service: Service, runs: Iterable[Run]) -> float:
    """Compute the mean cost of runs in USD; tokens without a price cost nothing."""
    every, known = tuple(runs), prices_of(service)
    return sum(usd_of_call(call, known) for run in every for call in run.llm_calls) / len(every)


def prices_of(service: Service) -> Prices:
    """Return the price of a token, in USD, by model and by the field of a step that counts it."""
    return {(price.model, TOKEN_FIELDS.get(price.token_type, "")): price.usd for price in service.prices}


def usd_of_call(call: LlmCall, prices: Prices) -> float:
    """Compute the cost of a step, in USD."""
    tokens: dict[str, int] = {name: getattr(call, name) for name in TOKEN_FIELDS.values()}
    return sum(count * _price(call.model, name, prices) for name, count in tokens.items())


def _price(model: str, name: str, prices: Prices) -> float:
    """Return the price of a token; without a price of its own it costs as much as those that it is counted among."""
    return prices.get((model, name), prices.get((model, PRICED_AS.get(name, "")), 0))
