"""The work of agents: rounds of an LLM step and tool calls, each with its own time, errors and tokens."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from random import Random

    from generator.simulate.draws import Choice
    from generator.simulate.incidents import Conditions
    from generator.streams.roles import Reasons

#: A run is stopped after this many steps.
STEP_LIMIT = 30
#: Share of LLM steps after which a tool is called, rather than the run ended.
ANOTHER_ROUND = 0.62
#: Share of LLM steps that fail.
LLM_ERRORS = 0.004


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
        if rng.random() < LLM_ERRORS or failing:
            errors.append((model.name, agent.llm_errors.draw(rng)))
            answers.pop()
            if failing or rng.random() < agent.llm_fatal:
                reason = agent.reasons.step_failed
        elif steps >= STEP_LIMIT:
            reason = agent.reasons.limit or agent.reasons.completed
        elif not limited and rng.random() > ANOTHER_ROUND:
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
