"""The observations of a histogram on the bad side of a bound, interpolated where the bound is inside a bucket.

With the whole bucket counted, a p95 near 3 s would cross a bound of 4 s between the edges 2 and 5 by chance, several
times a day. ``histogram_quantile`` spreads observations evenly over their bucket, and so do weights: the two edges
around the bound share a weight of 1, and the weighted sum of their cumulative buckets is the number of observations
within the bound.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.model.signals import Better, Signal
from generator.promql.expr import Expr, Series, call, number
from generator.signals.events import with_le
from generator.signals.quantile import HAIR
from generator.streams.scope import (
    Scope,
    bottom_of_each,
    join,
    largest,
    rule,
    smallest,
    spread,
    summed,
    top_of_each,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.alerts.condition import AlertNumber
    from generator.model.rules import RecordingRule

_LE = (names.LE,)


def rules(
    signal: Signal, bound: AlertNumber, labels: Mapping[str, str], scope: Scope
) -> Iterator[RecordingRule]:
    """Record the edges around a bound, and their weights; ``labels`` distinguish the bound."""
    uppers = scope.record(names.upper(signal.of)).now()
    hair = bound.shifted("*", number(HAIR))
    around = join(
        "or", top_of_each(hair.compare("<=", uppers)), bottom_of_each(hair.compare(">", uppers)), _LE
    )
    yield rule(_edge_name(signal), around, **labels)
    edges = largest(scope.record(_edge_name(signal)).where(**labels).now(), _LE)
    apart = (largest(edges) - smallest(edges)) > number(0)
    between = number(1) - spread("/", call("abs", bound.less(edges)), apart)
    # Below the first edge is 0. Beyond the last one nothing is known, so that it has all the weight.
    single = call("clamp_max", number(1) / bound.divide(edges), number(1))
    yield rule(_weight_name(signal), join("or", between, single, _LE), **labels)


def weight(signal: Signal, labels: Mapping[str, str], scope: Scope) -> Expr:
    """Select the recorded weights of a bound."""
    return largest(scope.record(_weight_name(signal)).where(**labels).now(), _LE)


def observed_beyond(
    buckets: Series, signal: Signal, by: tuple[str, ...], weights: Expr, ago: int = 0
) -> Expr:
    """Count the observations in ``buckets``, some seconds ago, on the bad side of the bound with these weights."""
    finite = buckets.where("!=", **{names.LE: "+Inf"}).now(offset=ago)
    within = summed(spread("*", summed(finite, with_le(by)), weights, _LE), by)
    if signal.better is Better.HIGHER:
        return within
    return summed(buckets.where(**{names.LE: "+Inf"}).now(offset=ago), by) - within


def _edge_name(signal: Signal) -> str:
    return names.part(signal, "edge", _LE)


def _weight_name(signal: Signal) -> str:
    return names.part(signal, "weight", _LE)
