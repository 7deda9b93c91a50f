"""The cost of runs at a service's prices: an estimate, so that an ordinary day keeps its budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from generator.model.service import Service
    from generator.simulate.behaviour import LlmCall, Run

    Prices = Mapping[tuple[str, str], float]

#: The field of an LLM step that each token type counts, under the names that providers use.
FIELDS = {
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
INSTEAD = {"cached": "fresh", "written": "fresh", "thought": "answer"}


def usd_per_run(service: Service, runs: Iterable[Run]) -> float:
    """Compute the mean cost of runs in USD; tokens without a price cost nothing."""
    every, known = tuple(runs), prices(service)
    return sum(cost(call, known) for run in every for call in run.llm_calls) / len(every)


def prices(service: Service) -> Prices:
    """Return the price of a token, in USD, by model and by the field of a step that counts it."""
    return {(price.model, FIELDS.get(price.token_type, "")): price.usd for price in service.prices}


def cost(call: LlmCall, prices: Prices) -> float:
    """Compute the cost of a step, in USD."""
    tokens: dict[str, int] = {name: getattr(call, name) for name in FIELDS.values()}
    return sum(count * _price(call.model, name, prices) for name, count in tokens.items())


def _price(model: str, name: str, prices: Prices) -> float:
    """Return the price of a token; without a price of its own it costs as much as those that it is counted among."""
    return prices.get((model, name), prices.get((model, INSTEAD.get(name, "")), 0))
