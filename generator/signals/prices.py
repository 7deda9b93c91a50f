"""Prices as data that all services share, and the streams of billed tokens and of cost, which depend on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.model.streams import MODEL, TOKEN_TYPE, Stream, billed, cost
from generator.promql.expr import Expr, aggregate, any_of, binary, call, labelled, literal, number, vector
from generator.streams.scope import Scope, each, grouped, having, join, rule, summed, unlisted_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from generator.model.rules import RecordingRule
    from generator.model.service import Inclusion, Price, ProfileFacts

#: The label with the type that another counts inside itself.
WITHIN = "within"
_ON = (MODEL, TOKEN_TYPE)


def constants(prices: Iterable[Price], listed: Iterable[Inclusion]) -> Iterator[RecordingRule]:
    """Record USD for one token, and the types that count inside others: a rule a model, a series a type."""
    by_model: dict[str, list[Expr]] = {}
    for price in prices:
        of_type = labelled(vector(price.usd), TOKEN_TYPE, price.token_type)
        by_model.setdefault(price.model, []).append(of_type)
    for model, arms in by_model.items():
        yield rule(names.PRICE, any_of(arms), **{MODEL: model})
    for model, pairs in _pairs(listed).items():
        yield rule(names.PRICE_WITHIN, inclusions(pairs), **{MODEL: model})


def inclusions(pairs: Iterable[tuple[str, str]]) -> Expr:
    """Compose a series for each type that counts another inside itself."""
    return any_of([labelled(labelled(vector(), TOKEN_TYPE, inner), WITHIN, outer) for outer, inner in pairs])


def _pairs(listed: Iterable[Inclusion]) -> Mapping[str, list[tuple[str, str]]]:
    pairs: dict[str, list[tuple[str, str]]] = {}
    for each_ in listed:
        for model in each_.models:
            pairs.setdefault(model, []).extend((each_.token_type, inner) for inner in each_.included)
    return pairs


def stray_types(tokens: Stream, scope: Scope) -> RecordingRule:
    """Record the token types that no list names and that have no price: their meaning is unknown."""
    unlisted = unlisted_values(having(scope.stream(tokens), (TOKEN_TYPE,)), TOKEN_TYPE, scope)
    priced = aggregate("group", Expr(names.PRICE), (TOKEN_TYPE,))
    return rule(names.stray_types(tokens), binary("unless", unlisted, priced, on=(TOKEN_TYPE,)))


def without_strays(expr: Expr, tokens: Stream, scope: Scope, window: int = 0) -> Expr:
    """Leave unknown types out, those of a window too; a service's own stream has no shared list."""
    if not scope.shared or TOKEN_TYPE not in tokens.kept:
        return expr
    types = scope.record(names.stray_types(tokens))
    seen = call("last_over_time", types.over(window - 1)) if window else types.now()
    return join("unless", expr, seen, (TOKEN_TYPE,))


def billed_tokens(
    tokens: Stream, scope: Scope, profiles: Sequence[ProfileFacts] = (), *, is_listed: bool
) -> RecordingRule:
    """Record tokens so that each counts once: prompt without cached, completion without reasoning.

    Providers count differently, and some profiles declare that their source counts in one way for all providers. An
    unknown type may count all others again, and is left out. ``is_listed`` is whether the price list has a provider
    that counts types inside others.
    """
    raw = without_strays(summed(scope.stream(tokens).now(), tokens.kept), tokens, scope)
    ways = []
    if is_listed:
        within = aggregate("max", Expr(names.PRICE_WITHIN), (*_ON, WITHIN))
        ways.append(binary("*", raw, within, on=_ON, group_left=(WITHIN,)))
    if counting := [one.name for one in profiles if one.includes is not None]:
        theirs = grouped(scope.record(names.KNOWN).one_of(names.PROFILE, counting).now(), (names.PROFILE,))
        ways = [join("unless", one, theirs) for one in ways]
        ways += [_within_profiles(raw, theirs)] if any(one.includes for one in profiles) else []
    if not ways:
        return rule(names.rate(billed(tokens)), raw)
    inner = any_of(ways)
    # Summed first: two types inside one would become the same series.
    outer = summed(inner, (*(label for label in tokens.kept if label != TOKEN_TYPE), WITHIN))
    moved = call("label_replace", outer, literal(TOKEN_TYPE), literal("$1"), literal(WITHIN), literal("(.+)"))
    # At least 0, since parts are exposed at slightly different times.
    rest = call("clamp_min", binary("-", raw, summed(moved, tokens.kept), on=each(tokens.kept)), number(0))
    return rule(names.rate(billed(tokens)), rest | raw)


def _within_profiles(raw: Expr, profiles: Expr) -> Expr:
    """Find the tokens that a source counts inside others."""
    priced = binary("*", raw, profiles, on=each(), group_left=(names.PROFILE,))
    on = (names.PROFILE, TOKEN_TYPE)
    within = aggregate("max", Expr(names.PROFILE_WITHIN), (*on, WITHIN))
    return binary("*", priced, within, on=on, group_left=(WITHIN,))


def costs(tokens: Stream, spent: Stream | None, scope: Scope) -> RecordingRule:
    """Record USD per second: the source's own cost, else tokens, summed before they are joined with their prices."""
    stream = cost(tokens)
    price = aggregate("max", Expr(names.PRICE), _ON)
    priced = summed(
        binary("*", scope.stream(billed(tokens)).now(), price, on=_ON, group_left=()), stream.kept
    )
    if spent is None:
        return rule(names.rate(stream), priced)
    reported = scope.stream(spent).now()
    unreported = binary("unless", priced, reported, on=each())
    known = [label for label in stream.kept if label in spent.labels]
    return rule(names.rate(stream), summed(reported, known) | unreported)
