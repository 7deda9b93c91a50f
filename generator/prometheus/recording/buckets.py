"""Buckets of classic histograms, whose bounds each client library spells its own way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.model.units import plain

if TYPE_CHECKING:
    from generator.model.metrics import Metric
    from generator.promql.expr import Series

_EXPONENT_FROM = 1_000_000


def of_all(buckets: Series) -> Series:
    """Select the bucket that holds every observation."""
    return buckets.where(**{names.LE: "+Inf"})


def at_least(buckets: Series, metric: Metric, bound: float) -> Series | None:
    """Select the largest bucket that holds nothing beyond ``bound``, in base units; None where there is none."""
    exposed = bound / metric.factor
    lower = max((edge for edge in metric.buckets if edge <= exposed * (1 + 1e-9)), default=None)
    return None if lower is None else of_bound(buckets, lower)


def of_bound(buckets: Series, upper: float) -> Series:
    """Select one bucket: ``2000`` is ``2000.0`` from Python, a million is ``1e+06``."""
    digits = plain(upper).replace(".", "\\.")
    spellings = digits if "." in plain(upper) else f"{digits}(\\.0)?"
    if upper >= _EXPONENT_FROM:
        spellings = f"{spellings}|{_exponent(upper)}"
    return buckets.where("=~", **{names.LE: spellings})


def _exponent(upper: float) -> str:
    mantissa, exponent = f"{upper:e}".split("e")
    return f"{plain(float(mantissa))}e\\+{int(exponent):02d}".replace(".", "\\.")
