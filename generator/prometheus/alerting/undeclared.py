"""Undeclared values: what is live and stands in no spec, so that no bound of series holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.prometheus.recording.streams import of_metric
from generator.promql.expr import Expr, aggregate, number, total

if TYPE_CHECKING:
    from collections.abc import Sequence

    from generator.model.alerts import Alert, Tier, Undeclared
    from generator.model.service import Service
    from generator.promql.expr import Series


def expr(_alert: Alert, kind: Undeclared, _tier: Tier, service: Service) -> Expr:
    """Ask the recorded rates, which know every live value, for one outside the list or for too many."""
    label = kind.label
    rates = of_metric(kind.metric).rate(service)
    if label.values:
        return total(strays(rates, label.name, label.values).now(), (label.name,)) >= number(0)
    live = aggregate("group", rates.where("!=", **{label.name: ""}).now(), (label.name,))
    return aggregate("count", live) > number(label.max_live)


def strays(found: Series, label: str, listed: Sequence[str]) -> Series:
    """Select what has a value of ``label`` that is not listed; to lack the label is no value."""
    return found.none_of(label, ("", *listed))


def sentence(_alert: Alert, kind: Undeclared, _tier: Tier, service: Service) -> str:
    """Say which value, or how many."""
    label = kind.label
    if label.values:
        return (
            f"{kind.metric.name} of {service.name} has {label.name}={{{{ $labels.{label.name} }}}}, which its spec "
            "does not list: the bound of series does not hold."
        )
    return (
        f"{service.name} has {{{{ $value }}}} live values of {label.name}, and its spec allows {label.max_live}: the "
        "bound of series does not hold."
    )


def words(_alert: Alert, kind: Undeclared, _tier: Tier, _service: Service) -> str:
    """Say when it is true."""
    label = kind.label
    what = (
        "a value that the spec does not list" if label.values else f"more than {label.max_live} live values"
    )
    return f"Label {label.name} of {kind.metric.name} has {what}"
