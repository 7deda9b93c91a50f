"""What runs cost by a service's prices: an estimate, so that an ordinary day keeps its budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.simulate.exposition import FIELDS, INSTEAD

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from generator.model.service import Service
    from generator.simulate.behaviour import LlmCall, Run


def usd_per_run(service: Service, runs: Iterable[Run]) -> float:
    """Mean cost of runs in USD; tokens without a price cost nothing."""
    every = tuple(runs)
    prices = {(price.model, FIELDS.get(price.token_type, "")): price.usd for price in service.prices}
    return sum(_usd(call, prices) for run in every for call in run.llm_calls) / len(every)


def _usd(call: LlmCall, prices: Mapping[tuple[str, str], float]) -> float:
    tokens: dict[str, int] = {name: getattr(call, name) for name in FIELDS.values()}
    return sum(count * _price(call.model, name, prices) for name, count in tokens.items())


def _price(model: str, name: str, prices: Mapping[tuple[str, str], float]) -> float:
    """Price tokens as those that they are counted among, where they have no price of their own."""
    return prices.get((model, name), prices.get((model, INSTEAD.get(name, "")), 0))
