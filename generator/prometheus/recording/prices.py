"""Prices as constant series, and the streams of billed tokens and of cost that stand on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.model.labels import OTHER
from generator.model.signals import Cost, Tokens
from generator.prometheus.recording.streams import billed, cost, of_metric, record, recorded
from generator.promql.expr import Expr, Series, aggregate, any_of, binary, call, number, total

if TYPE_CHECKING:
    from generator.model.metrics import Metric
    from generator.model.service import Inclusion, Service
    from generator.prometheus.rules import RecordingRule


def constants(service: Service) -> tuple[RecordingRule, ...]:
    """Record USD for one token, a series for each model and token type."""
    tokens = service.tokens
    name = names.price(tokens.model, tokens.token_type)
    if not service.prices and any(
        isinstance(signal.kind, Tokens | Cost) for signal in service.signals.values()
    ):
        # What reads prices stays as it is: it finds none, and every token is unpriced.
        none = call("vector", number(0)) > number(0)
        return (record(name, none, service, **{tokens.model: OTHER, tokens.token_type: OTHER}),)
    return tuple(
        record(
            name,
            call("vector", number(price.usd)),
            service,
            **{tokens.model: price.model, tokens.token_type: price.token_type},
        )
        for price in service.prices
    )


def billed_tokens(metric: Metric, service: Service) -> RecordingRule:
    """Record tokens so that each counts once: prompt without cached, completion without reasoning, and so on."""
    stream = billed(metric)
    raw = of_metric(metric).rate(service)
    arms = [_without_included(raw, stream.labels, inclusion, service) for inclusion in service.inclusions]
    return record(names.rate(stream.labels, stream.stem), any_of([*arms, raw.now()]), service)


def _without_included(raw: Series, labels: tuple[str, ...], inclusion: Inclusion, service: Service) -> Expr:
    """Subtract the included types; at least 0, since parts are exposed a moment apart."""
    of_models = raw.one_of(service.tokens.model, inclusion.models)
    outer = of_models.where(**{service.tokens.token_type: inclusion.token_type})
    parts = of_models.one_of(service.tokens.token_type, inclusion.included)
    kept = tuple(label for label in labels if label != service.tokens.token_type)
    inner = total(parts.now(), kept) | number(0) * total(outer.now(), kept)
    rest = binary("-", outer.now(), inner, on=kept, group_left=())
    return call("clamp_min", rest, number(0))


def costs(metric: Metric, service: Service) -> RecordingRule:
    """Record USD per second: tokens are summed before they meet the prices."""
    stream = cost(metric, service)
    on = (service.tokens.model, service.tokens.token_type)
    tokens = billed(metric).rate(service).now()
    price = aggregate("max", recorded(names.price(*on), service).now(), on)
    expr = total(binary("*", tokens, price, on=on, group_left=()), stream.labels)
    return record(names.rate(stream.labels, stream.stem), expr, service)
