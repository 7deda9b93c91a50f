"""Prices: USD for one token of each type that a service's models use, and what is counted inside what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.diagnostics.suggest import did_you_mean
from generator.model.labels import OTHER
from generator.model.service import Inclusion, Price, TokenLabels
from generator.resolve.model_names import respelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from generator.diagnostics.findings import Findings
    from generator.model.labels import Label
    from generator.spec.types import Names, PricesSpec, ProfileSpec, ProviderSpec, Text

#: The labels of token metrics that prices are joined on.
TOKENS = TokenLabels(model="model", token_type="token_type")  # noqa: S106 - a label name, no secret
_PER = 1_000_000
#: USD for a million tokens; of a smaller price too few digits would be left for one token.
SMALLEST_PRICE = 0.0001
#: What a type without a price of its own costs, where its provider counts it in none: what it is a kind of.
_FALLBACK = {"cached": "prompt", "cache_write": "prompt", "reasoning": "completion"}
_NOT_PRICES = {"provider", "free"}
#: A price list serves many profiles, and may name these though none of those at hand counts them.
_USUAL = {OTHER, *_FALLBACK, *_FALLBACK.values()}


def check_prices(spec: PricesSpec, profiles: Iterable[ProfileSpec], findings: Findings) -> None:
    """Prove the price list by itself: providers exist, and every price is for a type of token that is counted."""
    _check_types(spec, tuple(profiles), findings)
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
            elif item.key.value not in _NOT_PRICES and 0 < float(item.value.value) < SMALLEST_PRICE:
                findings.error(
                    "price/too-small",
                    f"a price of {item.value.value} USD for a million tokens is too small to be counted with",
                    item.value.span,
                    f"write 0, or at least {SMALLEST_PRICE}; prices are for a million tokens, not for one",
                )


def _check_types(spec: PricesSpec, profiles: tuple[ProfileSpec, ...], findings: Findings) -> None:
    """Prove that each type is a value of some profile's token types; nothing is known where one leaves them open."""
    labels = [
        label.value for spec in profiles for label in spec.labels if label.key.value == TOKENS.token_type
    ]
    if not labels or not all(label.values for label in labels):
        return
    known = {*_USUAL, *(value.key.value for label in labels for value in label.values)}
    for written in _types(spec):
        if written.value not in known:
            findings.error(
                "price/unknown-type",
                f'no profile counts tokens of type "{written.value}"',
                written.span,
                did_you_mean(written.value, sorted(known)),
            )


def _types(spec: PricesSpec) -> Iterator[Text]:
    """List every place where a type of token is named."""
    for provider in spec.providers:
        for entry in provider.value.includes:
            yield from (entry.key, *entry.value)
    for model in spec.models:
        yield from (item.key for item in model.value if item.key.value not in _NOT_PRICES)


def resolve_prices(
    spec: PricesSpec | None, model: Label, token_type: Label, written_models: Names, findings: Findings
) -> tuple[tuple[Price, ...], tuple[Inclusion, ...]]:
    """Price every model that the service lists; what has no price is a warning, since its cost is unseen."""
    listed = {entry.key.value: entry for entry in spec.models} if spec else {}
    providers = {entry.key.value: entry.value for entry in spec.providers} if spec else {}
    prices: list[Price] = []
    inclusions: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    # Where models are only counted, not listed, any of the price list may be used.
    for name in model.values or sorted(listed):
        if name not in listed:
            continue
        written = {item.key.value: item.value for item in listed[name].value}
        provider = providers.get(written["provider"].value) if "provider" in written else None
        prices += _of_model(name, written, provider, token_type)
        for outer, inner in _included(provider, token_type):
            inclusions.setdefault((outer, inner), []).append(name)
    _report_unpriced(written_models, listed, prices, token_type, findings)
    return tuple(prices), tuple(
        Inclusion(tuple(models), outer, inner) for (outer, inner), models in inclusions.items()
    )


def _report_unpriced(
    models: Names, listed: Mapping[str, object], prices: list[Price], token_type: Label, findings: Findings
) -> None:
    priced = {(price.model, price.token_type) for price in prices}
    for model in models:
        missing = [kind for kind in token_type.values if kind != OTHER and (model.value, kind) not in priced]
        if not missing or model.value == OTHER:
            continue
        known, near = model.value in listed, respelled(model.value, listed)
        kinds = f" for {', '.join(missing)}" if known else ""
        guess = f'did you mean "{near}"? Else ' if near else ""
        guess += "add it to prices.yaml, with free: true if it costs nothing"
        findings.warning(
            "price/missing",
            f'model "{model.value}" has no price{kinds}: its cost is left out',
            model.span,
            "give every type its price in prices.yaml, 0 where it costs nothing" if known else guess,
        )


def _of_model(
    name: str, written: Mapping[str, Text], provider: ProviderSpec | None, token_type: Label
) -> list[Price]:
    # YAML's other spellings of true are True and TRUE.
    free = written["free"].value.lower() == "true" if "free" in written else bool(provider and provider.free)
    usd = {kind: float(text.value) for kind, text in written.items() if kind not in _NOT_PRICES}
    prices = []
    for kind in token_type.values:
        amount = 0.0 if free else usd.get(kind, usd.get(_counted_in(kind, provider)))
        if amount is not None:
            prices.append(Price(name, kind, amount / _PER))
    return prices


def _counted_in(kind: str, provider: ProviderSpec | None) -> str:
    """Name the type whose price a type without one has."""
    includes = provider.includes if provider else ()
    outer = (entry.key.value for entry in includes if any(inner.value == kind for inner in entry.value))
    return next(outer, _FALLBACK.get(kind, ""))


def _included(provider: ProviderSpec | None, token_type: Label) -> list[tuple[str, tuple[str, ...]]]:
    if provider is None:
        return []
    included = {
        entry.key.value: tuple(kind.value for kind in entry.value if kind.value in token_type.values)
        for entry in provider.includes
    }
    return [(kind, included[kind]) for kind in token_type.values if included.get(kind)]
