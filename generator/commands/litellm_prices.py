"""The price list that LiteLLM publishes, as entries of ours: USD for a million tokens, by model and token type."""

from __future__ import annotations

import json
import re
from math import isclose
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from generator.commands.call import CallError
from generator.model.tokens import SERVED
from generator.resolve.prices import SMALLEST_PRICE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

_MILLION = 1_000_000
_OPENAI = "{prompt: [cached, cache_write], completion: [reasoning]}"
_BESIDE = "{completion: [reasoning]}"
_GOOGLE = "{prompt: [cached]}"
#: By the beginning of LiteLLM's provider: our name for it, and the token types that it counts inside others.
_PROVIDERS = {
    "anthropic": ("anthropic", _BESIDE),
    "bedrock": ("bedrock", _BESIDE),
    "vertex_ai-anthropic": ("anthropic", _BESIDE),
    "gemini": ("google", _GOOGLE),
    "vertex_ai": ("google", _GOOGLE),
    "xai": ("xai", _GOOGLE),
    "azure": ("openai", _OPENAI),
    "cohere": ("cohere", "{}"),
}
#: By LiteLLM's key: the token type that it prices; of two keys of a type the first existing one counts.
_TYPES = {
    "input_cost_per_token": "prompt",
    "output_cost_per_token": "completion",
    "cache_read_input_token_cost": "cached",
    "input_cost_per_token_cache_hit": "cached",
    "cache_creation_input_token_cost": "cache_write",
    "cache_creation_input_token_cost_above_1hr": "cache_write_1h",
    "output_cost_per_reasoning_token": "reasoning",
    "input_cost_per_audio_token": "audio_input",
    "output_cost_per_audio_token": "audio_output",
    "input_cost_per_image_token": "image_input",
    "output_cost_per_image_token": "image_output",
}
#: Our names of service tiers, by LiteLLM's.
_WAYS = {"batch": "batches", "flex": "flex", "priority": "priority"}
_TIER = re.compile(r"(?P<key>.+)_above_(?P<tokens>[0-9]+)k_tokens")
#: LiteLLM's prefixes of models whose names have no prefix elsewhere.
_PREFIXES = ("gemini/", "mistral/", "xai/", "deepseek/", "moonshot/", "dashscope/")
_CHAT = {"chat", "responses", "completion", "embedding"}


class Imported(Struct, frozen=True):
    """A model of LiteLLM's list: the text of its entry, its provider and the provider's ``includes``, as flow YAML."""

    name: str
    entry: str
    provider: str
    includes: str


def read_list(path: Path) -> Mapping[str, Mapping[str, Any]]:
    """Read the list.

    Raises:
        CallError: the file does not exist, or it is not such a list.
    """
    try:
        listed = json.loads(path.read_bytes())
    except OSError as problem:
        raise CallError(f"{path} cannot be read: {problem.strerror}") from problem
    except (ValueError, RecursionError) as problem:
        raise CallError(f"{path} is no JSON: {problem}", _EXPECTED) from problem
    if not isinstance(listed, dict) or not any(_is_priced(entry) for entry in listed.values()):
        raise CallError(f"{path} is not LiteLLM's price list", _EXPECTED)
    return {name: entry for name, entry in listed.items() if _is_priced(entry)}


_EXPECTED = "pass model_prices_and_context_window.json of LiteLLM's repository or package"


def _is_priced(entry: object) -> bool:
    return isinstance(entry, dict) and _usd(entry, "input_cost_per_token") is not None


def models_of(
    listed: Mapping[str, Mapping[str, Any]], wanted: Iterable[str]
) -> tuple[list[Imported], list[str]]:
    """Convert the wanted models and their tiers; the second list names those that the list lacks."""
    models: list[Imported] = []
    missing: list[str] = []
    for name in dict.fromkeys(wanted):
        key = _key(name.partition("@")[0], listed)
        if key is None:
            missing.append(name)
        elif "@" not in name:
            models += _converted(name, listed[key])
    return models, missing


def every_chat_model(listed: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Name all models that are billed by tokens, as the list names them."""
    return [name for name, entry in listed.items() if entry.get("mode") in _CHAT]


def _key(name: str, listed: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Find a model by its name, with or without its maker's prefix."""
    return next((key for key in (name, *(f"{prefix}{name}" for prefix in _PREFIXES)) if key in listed), None)


def _converted(name: str, entry: Mapping[str, Any]) -> Iterator[Imported]:
    usd = _by_type(entry, "")
    if not any(usd.values()):
        return
    provider, includes = _provider(str(entry.get("litellm_provider", "")))
    factors = {way: factor for way in SERVED if (factor := _factor(entry, _WAYS[way])) is not None}
    yield Imported(name, _flow({"provider": provider, **usd, **factors}), provider, includes)
    for tokens in sorted({int(tier["tokens"]) for key in entry if (tier := _TIER.fullmatch(key))}):
        there = _by_type(entry, f"_above_{tokens}k_tokens")
        above = {kind: there.get(kind, price) for kind, price in usd.items()}
        if above["prompt"] == usd["prompt"]:
            continue
        yield Imported(f"{name}@above_{tokens}k", _flow({"provider": provider, **above}), provider, includes)


def _by_type(entry: Mapping[str, Any], suffix: str) -> dict[str, float]:
    """Price the token types; one that costs the same as the type that contains it is left out."""
    prices: dict[str, float] = {}
    for key, kind in _TYPES.items():
        usd = _usd(entry, f"{key}{suffix}")
        if usd is not None and kind not in prices and not 0 < usd < SMALLEST_PRICE:
            prices[kind] = usd
    if prices.get("reasoning") == prices.get("completion"):
        prices.pop("reasoning", None)
    if prices.get("cache_write") == 0:  # the same price as input, which the prompt's price covers
        prices.pop("cache_write")
    return prices


def _factor(entry: Mapping[str, Any], way: str) -> float | None:
    """Find the common factor of the input and output prices; None where they differ, or are unknown."""
    pairs = [
        (_usd(entry, key), _usd(entry, f"{key}_{way}"))
        for key in ("input_cost_per_token", "output_cost_per_token")
    ]
    factors = [round(there / plain, 6) for plain, there in pairs if plain and there is not None]
    same = len(factors) == len(pairs) and isclose(factors[0], factors[1], rel_tol=1e-4)
    return factors[0] if same else None


def _usd(entry: Mapping[str, Any], key: str) -> float | None:
    """Convert a price of one token to the price of a million."""
    value = entry.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1:
        return None
    return round(value * _MILLION, 6)


def _provider(name: str) -> tuple[str, str]:
    for start in sorted(_PROVIDERS, key=len, reverse=True):
        if name.startswith(start):
            return _PROVIDERS[start]
    return re.sub(r"[^a-z0-9_]+", "_", name.lower()) or "openai", _OPENAI


def _flow(values: Mapping[str, str | float]) -> str:
    texts = (f"{key}: {value if isinstance(value, str) else f'{value:.6g}'}" for key, value in values.items())
    return f"{{{', '.join(texts)}}}"
