"""Prices: USD for one token of each type that a service's models use, and what is counted inside what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.diagnostics.suggest import did_you_mean
from generator.model.labels import OTHER
from generator.model.service import Inclusion, Price

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.diagnostics.findings import Findings
    from generator.model.labels import Label
    from generator.spec.written import Names, PricesSpec, ProviderSpec, Text

_PER = 1_000_000
#: What a type without a price of its own costs: what the type costs whose tokens it is a kind of.
_FALLBACK = {"cached": "prompt", "cache_write": "prompt", "reasoning": "completion"}
_NOT_PRICES = {"provider", "free"}


def check_prices(spec: PricesSpec, findings: Findings) -> None:
    """Prove the price list by itself: providers exist, and every price is for something."""
    providers = {entry.key.value: entry.value for entry in spec.providers}
    for model in spec.models:
        for item in model.value:
            if item.key.value == "provider" and item.value.value not in providers:
                findings.error(
                    "reference/unknown-provider",
                    f'provider "{item.value.value}" is not declared',
                    item.value.span,
                    did_you_mean(item.value.value, providers) or "declare it under providers",
                )


def resolve_prices(
    spec: PricesSpec | None, model: Label, token_type: Label, written_models: Names, findings: Findings
) -> tuple[tuple[Price, ...], tuple[Inclusion, ...]]:
    """Price every model that the service lists; a model without a price is a warning, since its cost is unseen."""
    listed = {entry.key.value: entry for entry in spec.models} if spec else {}
    providers = {entry.key.value: entry.value for entry in spec.providers} if spec else {}
    _report_unpriced(written_models, listed, findings)
    prices: list[Price] = []
    inclusions: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for name in model.values:
        if name not in listed:
            continue
        written = {item.key.value: item.value for item in listed[name].value}
        provider = providers.get(written["provider"].value) if "provider" in written else None
        prices += _of_model(name, written, provider, token_type)
        for outer, inner in _included(provider, token_type):
            inclusions.setdefault((outer, inner), []).append(name)
    return tuple(prices), tuple(
        Inclusion(tuple(models), outer, inner) for (outer, inner), models in inclusions.items()
    )


def _report_unpriced(models: Names, listed: Mapping[str, object], findings: Findings) -> None:
    for model in models:
        if model.value not in listed and model.value != OTHER:
            findings.warning(
                "price/missing",
                f'model "{model.value}" has no price: its cost is left out',
                model.span,
                did_you_mean(model.value, listed) or "add it to prices.yaml",
            )


def _of_model(
    name: str, written: Mapping[str, Text], provider: ProviderSpec | None, token_type: Label
) -> list[Price]:
    free = written["free"].value == "true" if "free" in written else bool(provider and provider.free)
    usd = {kind: float(text.value) for kind, text in written.items() if kind not in _NOT_PRICES}
    prices = []
    for kind in token_type.values:
        amount = 0.0 if free else usd.get(kind, usd.get(_FALLBACK.get(kind, "")))
        if amount is not None:
            prices.append(Price(name, kind, amount / _PER))
    return prices


def _included(provider: ProviderSpec | None, token_type: Label) -> list[tuple[str, tuple[str, ...]]]:
    if provider is None:
        return []
    return [
        (entry.key.value, inner)
        for entry in provider.includes
        if entry.key.value in token_type.values
        and (inner := tuple(kind.value for kind in entry.value if kind.value in token_type.values))
    ]
