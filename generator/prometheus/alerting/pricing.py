"""Unpriced tokens: a model or token type that the price list does not know, so that cost leaves it out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.prometheus.recording.streams import of_metric, recorded
from generator.promql.expr import Expr, binary, number, total

if TYPE_CHECKING:
    from generator.model.alerts import Alert, Tier, Unpriced
    from generator.model.service import Service


def expr(alert: Alert, _kind: Unpriced, _tier: Tier, service: Service) -> Expr:
    """Count tokens of the window by model and type, where no price is recorded."""
    signal = service.signals[alert.signal]
    on = (service.tokens.model, service.tokens.token_type)
    used = total(of_metric(signal.of).increase(service, signal.window).now(), on)
    priced = recorded(names.price(*on), service).now()
    return binary("unless", used > number(0), priced, on=on)


def sentence(_alert: Alert, _kind: Unpriced, _tier: Tier, service: Service) -> str:
    """Say how many tokens of what."""
    model, kind = (
        f"{{{{ $labels.{label} }}}}" for label in (service.tokens.model, service.tokens.token_type)
    )
    return (
        f"{service.name} used {{{{ $value | humanize }}}} {kind} tokens of model {model}, which has no price: "
        "cost_per_run and the budget leave them out."
    )


def words(_alert: Alert, _kind: Unpriced, _tier: Tier, _service: Service) -> str:
    """Say when it is true."""
    return "Tokens of a model or a type without a price were used"
