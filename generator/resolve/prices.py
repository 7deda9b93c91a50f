"""Prices: USD for one token of each type that a service's models use, and the token types that include others."""

from __future__ import annotations

import json
import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.diagnostics.wording import did_you_mean
from generator.model.metrics import OTHER, Label
from generator.model.service import WAY, Inclusion, Price
from generator.model.streams import TOKEN_TYPE
from generator.model.tokens import NAMES, PART_OF, SERVED, kind_of
from generator.notation.names import directory_of
from generator.spec.types import ELSEWHERE, Entry, Names, PricesSpec, ProfileSpec, ProviderSpec, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from generator.diagnostics import Findings, Span

_PER = 1_000_000
#: USD for a million tokens; of a smaller price too few digits would be left for one token.
SMALLEST_PRICE = 0.0001
#: USD for a million tokens of a model's dearest type: hardly any model costs less, and many do for a thousand.
_USUAL_PRICE = 0.02
#: No completion costs so many times less than its prompt, and no other type of tokens so many times less than the
#: prompt, or the prompt than the completion: reads of a cache are the cheapest, and cost down to a fiftieth.
_MOST_APART, _MOST_APART_OF_OTHERS = 100, 400
_NOT_PRICES = {"provider", "free", *SERVED}
#: A price list serves many profiles, and may name these types even where no profile counts them.
_USUAL = {OTHER, *NAMES}
_LONGEST_NAME = 100
#: Names with fewer common letters are other models of the family: sonnet and haiku, turbo and mini.
_LEAST_ALIKE = 0.85
_PUNCTUATION = re.compile(r"[\W_]+")
#: A version, with the letters that belong to it: 4, 4o, 70b.
_VERSION = re.compile(r"[0-9]+[a-z]*")
#: The end of a name that is still the same model: 2024-08-06, 20250929, latest, v1:0.
_RELEASE = re.compile(r"([-@][0-9]{8}|-[0-9]{4}-[0-9]{2}-[0-9]{2}|-latest)?(-v[0-9]+(:[0-9]+)?)?")


def check_prices(spec: PricesSpec, profiles: Iterable[ProfileSpec], findings: Findings) -> None:
    """Check the price list by itself: providers exist, and every price is for a token type that is counted."""
    known = tuple(profiles)
    _check_filled(known, findings)
    _check_types(spec, known, findings)
    for includes in (*(one.value.includes for one in spec.providers), *(one.includes for one in known)):
        _check_includes(includes, findings)
    providers = {entry.key.value: entry.value for entry in spec.providers}
    for model in spec.models:
        _check_free(model.value, providers, findings)
        _check_scale(model, findings)
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
                    f"a price of {item.value.value} USD for a million tokens is too small to calculate with",
                    item.value.span,
                    f"write 0, or at least {SMALLEST_PRICE}; prices are for a million tokens, not for one",
                )


def _check_includes(includes: Iterable[Entry[Names]], findings: Findings) -> None:
    """Check that each type is counted inside at most one other type, and never, through others, inside itself."""
    outer_of: dict[str, Text] = {}
    for entry in includes:
        for inner in entry.value:
            first = outer_of.setdefault(inner.value, entry.key)
            if first is not entry.key:
                findings.error(
                    "price/counted-twice",
                    f'"{inner.value}" is counted inside "{first.value}" and inside "{entry.key.value}"',
                    inner.span,
                    "name it once: a type that contains another one also contains the types inside that one",
                )
            elif inner.value in _above(entry.key.value, outer_of):
                findings.error(
                    "price/counted-in-itself",
                    f'"{inner.value}" is counted inside itself',
                    inner.span,
                    "remove one of the two: the count of the outer type holds that of the inner one, not the reverse",
                )


def _above(kind: str, outer_of: Mapping[str, Text]) -> Iterator[str]:
    """List a type and those that it is counted in; a circle ends where it closes."""
    seen: set[str] = set()
    while kind not in seen:
        seen.add(kind)
        yield kind
        if kind in outer_of:
            kind = outer_of[kind].value


def _check_free(
    model: tuple[Entry[Text], ...], providers: Mapping[str, ProviderSpec], findings: Findings
) -> None:
    """Refuse a model that is free and has a price: one of the two is wrong."""
    written = {item.key.value: item.value for item in model}
    if not _is_free(written, providers.get(written["provider"].value if "provider" in written else "")):
        return
    for item in model:
        if item.key.value not in _NOT_PRICES and float(item.value.value) > 0:
            by = (
                "the model is free"
                if "free" in written
                else f'provider "{written["provider"].value}" is free'
            )
            findings.error(
                "price/free-with-a-price",
                f"{by}, and its {item.key.value} tokens have a price",
                item.value.span,
                "remove the price, or write free: false for this model",
            )


def _check_scale(model: Entry[tuple[Entry[Text], ...]], findings: Findings) -> None:
    """Warn of a model whose prices look like those of a thousand tokens."""
    prices = [item.value for item in model.value if item.key.value not in _NOT_PRICES]
    dearest = max(prices, key=lambda price: float(price.value), default=None)
    if dearest and SMALLEST_PRICE <= float(dearest.value) < _USUAL_PRICE:
        findings.warning(
            "price/of-a-thousand",
            f'"{model.key.value}" costs at most {dearest.value} USD for a million tokens: '
            "this looks like the price of a thousand",
            dearest.span,
            f"write the prices of a million tokens, such as {float(dearest.value) * 1000:g}",
        )
        return
    written = {item.key.value: item.value for item in model.value if item.key.value not in _NOT_PRICES}
    for kind, price in written.items():
        other = "completion" if kind == "prompt" else "prompt"
        apart = _MOST_APART if kind == "completion" else _MOST_APART_OF_OTHERS
        if other in written and SMALLEST_PRICE <= float(price.value) < float(written[other].value) / apart:
            findings.warning(
                "price/of-a-thousand",
                f'the {kind} tokens of "{model.key.value}" cost {price.value} USD for a million, and its {other} '
                f"tokens {written[other].value}: the first looks like the price of a thousand",
                price.span,
                f"write the price of a million tokens, such as {float(price.value) * 1000:g}",
            )


def _is_free(written: Mapping[str, Text], provider: ProviderSpec | None) -> bool:
    # YAML's other spellings of true are True and TRUE.
    return written["free"].value.lower() == "true" if "free" in written else bool(provider and provider.free)


def _check_filled(profiles: Iterable[ProfileSpec], findings: Findings) -> None:
    """Warn of token types that no SDK reports, which the generated module therefore leaves at 0."""
    for profile in profiles:
        label = profile.label(TOKEN_TYPE)
        if label is None or profile.emitted == ELSEWHERE:
            continue
        for value in label.value.values:
            if value.key.value != OTHER and kind_of(value.key.value) is None:
                findings.warning(
                    "price/unfilled-type",
                    f'the generated module counts no tokens of type "{value.key.value}": no SDK reports them',
                    value.key.span,
                    f"it counts {', '.join(NAMES)}; name it so, or remove it",
                )


def _check_types(spec: PricesSpec, profiles: tuple[ProfileSpec, ...], findings: Findings) -> None:
    """Check that each type is a value of some profile's token types; nothing can be checked where one is open."""
    labels = [label.value for profile in profiles if (label := profile.label(TOKEN_TYPE))]
    if not labels or not all(label.values for label in labels):
        return
    known = {*_USUAL, *(value.key.value for label in labels for value in label.values)}
    of_profiles = (text for profile in profiles for text in _included_types(profile.includes))
    for written in (*_types(spec), *of_profiles):
        if written.value not in known:
            findings.error(
                "price/unknown-type",
                f'no profile counts tokens of type "{written.value}"',
                written.span,
                _meant_type(written.value, known),
            )


def _meant_type(written: str, known: set[str]) -> str:
    """Suggest the counted type: providers call the prompt input, and the completion output."""
    kind = kind_of(written)
    return f'did you mean "{kind}"?' if kind in known else did_you_mean(written, sorted(known))


def _types(spec: PricesSpec) -> Iterator[Text]:
    """List every place where a type of token is named."""
    for provider in spec.providers:
        yield from _included_types(provider.value.includes)
    for model in spec.models:
        yield from (item.key for item in model.value if item.key.value not in _NOT_PRICES)


def _included_types(includes: Iterable[Entry[Names]]) -> Iterator[Text]:
    for entry in includes:
        yield from (entry.key, *entry.value)


def resolve_prices(
    spec: PricesSpec | None, model: Label, token_type: Label, written_models: Names, findings: Findings
) -> tuple[tuple[Price, ...], tuple[Inclusion, ...]]:
    """Price every model that the service lists; a missing price is a warning, since its cost is invisible."""
    listed = {entry.key.value: entry for entry in spec.models} if spec else {}
    providers = {entry.key.value: entry.value for entry in spec.providers} if spec else {}
    prices: list[Price] = []
    inclusions: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    # Where models are counted rather than listed, any model of the price list may be used.
    for name in model.values or sorted(name for name in listed if WAY not in name):
        served = _served(name, listed)
        if served is None:
            continue
        written = {item.key.value: item.value for item in served.model}
        provider = providers.get(written["provider"].value) if "provider" in written else None
        prices += _of_model(name, written, provider, token_type, served.factor)
        for outer, inner in _included(provider, token_type):
            inclusions.setdefault((outer, inner), []).append(name)
    priced = {(price.model, price.token_type) for price in prices}
    for written_model in written_models:
        missing = [
            kind for kind in token_type.values if kind != OTHER and (written_model.value, kind) not in priced
        ]
        if missing and written_model.value != OTHER:
            _report_unpriced(written_model, missing, listed, spec, findings)
    return tuple(prices), tuple(
        Inclusion(tuple(models), outer, inner) for (outer, inner), models in inclusions.items()
    )


class _Served(Struct, frozen=True):
    """The entry of a model in the price list, and the factor of its prices."""

    model: tuple[Entry[Text], ...]
    factor: float


def _served(name: str, listed: Mapping[str, Entry[tuple[Entry[Text], ...]]]) -> _Served | None:
    """Find the prices of a model, or of its service tier: ``gpt-5@batch`` costs half of ``gpt-5``."""
    if name in listed:
        return _Served(listed[name].value, 1)
    model, _, way = name.rpartition(WAY)
    if model not in listed:
        return None
    factor = next(
        (item.value for item in listed[model].value if item.key.value == way and way in SERVED), None
    )
    return None if factor is None else _Served(listed[model].value, float(factor.value))


def _report_unpriced(
    model: Text,
    missing: Iterable[str],
    listed: Mapping[str, Entry[tuple[Entry[Text], ...]]],
    spec: PricesSpec | None,
    findings: Findings,
) -> None:
    known = _served(model.value, listed) is not None
    near = meant_model(model.value, listed)
    kinds = f" for {', '.join(missing)}" if known else ""
    guess = f'did you mean "{near}"? Else ' if near else ""
    guess += _as_another(model.value, listed) or "add it to prices.yaml, with free: true if it costs nothing"
    findings.warning(
        "price/missing",
        f'model "{model.value}" has no price{kinds}: its cost is left out',
        model.span,
        ("give every type its price in prices.yaml, 0 where it costs nothing" if known else guess)
        + _keeping_the_others(spec, model.span),
    )


def _keeping_the_others(spec: PricesSpec | None, place: Span) -> str:
    """Explain how a first price list keeps the shipped prices; empty where the specs have a list of their own."""
    if spec is None or not spec.span.is_shipped:
        return ""
    return (
        "; a prices.yaml replaces the whole list that ships, so begin with a copy of it: agent-metrics init "
        f"{directory_of(place)} --copy prices; or agent-metrics prices import FILE, with LiteLLM's list"
    )


def _as_another(name: str, listed: Mapping[str, Entry[tuple[Entry[Text], ...]]]) -> str:
    """Write the prices of the model that a name with a date or with a way to it means; empty without one."""
    same = (one for one in listed if WAY not in one and _is_same(name, one))
    known = max(same, key=len, default="")
    if not known:
        return ""
    prices = ", ".join(f"{item.key.value}: {item.value.value}" for item in listed[known].value)
    return (
        f'if it costs as much as "{known}", add to the models in prices.yaml: {json.dumps(name)}: {{{prices}}}; '
        "else its own prices"
    )


def _is_same(name: str, known: str) -> bool:
    """Whether a name is a known model's with a provider or a region before it, or a date or a release after it."""
    before, found, after = name.rpartition(known)
    return bool(found) and (not before or before[-1] in "/.:") and bool(_RELEASE.fullmatch(after))


def _of_model(
    name: str, written: Mapping[str, Text], provider: ProviderSpec | None, token_type: Label, factor: float
) -> list[Price]:
    usd = {kind: float(text.value) for kind, text in written.items() if kind not in _NOT_PRICES}
    free, prices = _is_free(written, provider), []
    for kind in token_type.values:
        amount = 0.0 if free else _amount(kind, usd, provider)
        if amount is not None:
            prices.append(Price(name, kind, amount * factor / _PER))
    return prices


def _amount(kind: str, usd: Mapping[str, float], provider: ProviderSpec | None) -> float | None:
    """Find the price of a type: its own, or that of the type that includes it or that it is a part of."""
    outer_of = {
        inner.value: entry.key.value
        for entry in (provider.includes if provider else ())
        for inner in entry.value
    }
    seen: set[str] = set()
    while kind and kind not in seen:
        if kind in usd:
            return usd[kind]
        seen.add(kind)
        kind = outer_of.get(kind) or _whole(kind, usd)
    return None


def _whole(kind: str, usd: Mapping[str, float]) -> str:
    """Name the type that a type is a part of, as the price list spells it; empty where there is none."""
    part_of = PART_OF.get(kind_of(kind) or "", "")
    return next((name for name in usd if kind_of(name) == part_of), part_of)


def _included(provider: ProviderSpec | None, token_type: Label) -> list[tuple[str, tuple[str, ...]]]:
    if provider is None:
        return []
    included = {
        entry.key.value: tuple(kind.value for kind in entry.value if kind.value in token_type.values)
        for entry in provider.includes
    }
    return [(kind, included[kind]) for kind in token_type.values if included.get(kind)]


def meant_model(name: str, listed: Iterable[str]) -> str | None:
    """The listed model that ``name`` misspells; None for another model, such as its next version, whose price differs.

    Versions must be equal: gpt4o is gpt-4o, gpt-4.1 is not.
    """
    if len(name) > _LONGEST_NAME:
        return None
    alike = ((_likeness(name.lower(), each.lower()), each) for each in listed if each != name)
    likeness, nearest = max(alike, default=(0.0, None))
    return nearest if likeness >= _LEAST_ALIKE else None


def _likeness(one: str, other: str) -> float:
    plain = [_PUNCTUATION.sub("", each) for each in (one, other)]
    if plain[0] == plain[1]:
        return 1.0
    if _VERSION.findall(one) != _VERSION.findall(other):
        return 0.0
    return SequenceMatcher(a=plain[0], b=plain[1]).ratio()
