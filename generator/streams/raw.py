"""The raw pass: each exposed series is read once an interval, and becomes a stream.

Buckets get their bounds in base units: client libraries spell the same bound differently (``2000``, ``2000.0``), and
sources measure in different units.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.model import names
from generator.model.metrics import FACTORS
from generator.model.units import plain
from generator.promql.expr import Expr, call, escape_regex, literal, series, total
from generator.streams.scope import rule

if TYPE_CHECKING:
    from generator.model.metrics import Metric
    from generator.model.rules import RecordingRule
    from generator.model.service import Service, Site
    from generator.model.streams import Stream

#: What Prometheus counts of each target at each scrape.
SCRAPED = "scrape_samples_post_metric_relabeling"
_THOUSANDTH = 0.001
_DIGITS = 3
_EXPONENT_FROM = 1_000_000
_WHOLE = re.compile(r"[0-9]+")


def raw_pass(stream: Stream, metric: Metric, service: Service, site: Site) -> RecordingRule:
    """Read a metric's series of a service, and sum its instances away."""
    exposed = call("rate", series(metric.counted, service.selector).over(site.raw_window))
    if metric.is_histogram:
        exposed = _in_base_units(exposed, metric)
    return rule(names.rate(stream), total(exposed, stream.kept), service=service.name)


def scraped(service: Service) -> RecordingRule:
    """Count the series of a service's targets."""
    return rule(names.SCRAPED, total(series(SCRAPED, service.selector).now()), service=service.name)


def bound_text(bound: float, unit: str) -> str:
    """Write a bucket's bound as streams have it: 2000 ms are ``2.000``, and 8 steps are ``8``."""
    text = plain(bound)
    if FACTORS[unit] != _THOUSANDTH:
        return text
    if not _WHOLE.fullmatch(text):
        return plain(bound * _THOUSANDTH)
    padded = text.rjust(_DIGITS + 1, "0")
    return f"{padded[:-_DIGITS]}.{padded[-_DIGITS:]}"


def _in_base_units(expr: Expr, metric: Metric) -> Expr:
    """Give buckets their bounds in base units; what no spec declares becomes right as well where it is whole."""
    if FACTORS[metric.unit] == _THOUSANDTH:
        for before, after in _shifts(metric):
            expr = _rewritten(expr, before, after)
    else:
        expr = _rewritten(expr, "([0-9]+)[.]0", "$1")
    for bound in metric.buckets:
        for spelling in _odd_spellings(bound, metric.unit):
            expr = _rewritten(expr, spelling, bound_text(bound, metric.unit))
    return expr


def _shifts(metric: Metric) -> list[tuple[str, str]]:
    """Move the point of whole bounds by three digits, a pattern for each number of digits that occurs."""
    lengths = {len(text) for bound in metric.buckets if _WHOLE.fullmatch(text := plain(bound))}
    shifts = []
    if any(length > _DIGITS for length in lengths):
        shifts.append((f"([0-9]+)([0-9]{{{_DIGITS}}})([.]0)?", "$1.$2"))
    short = sorted((length for length in lengths if length <= _DIGITS), reverse=True)
    return shifts + [(f"([0-9]{{{each}}})([.]0)?", f"0.{'0' * (_DIGITS - each)}$1") for each in short]


def _odd_spellings(bound: float, unit: str) -> list[str]:
    """List the spellings of a bound that no pattern of whole numbers takes."""
    text = plain(bound)
    if not _WHOLE.fullmatch(text):
        return [escape_regex(text)] if FACTORS[unit] == _THOUSANDTH else []
    if bound < _EXPONENT_FROM:
        return []
    mantissa, exponent = f"{bound:e}".split("e")
    return [escape_regex(f"{plain(float(mantissa))}e+{int(exponent):02d}")]


def _rewritten(expr: Expr, before: str, after: str) -> Expr:
    le = literal(names.LE)
    return call("label_replace", expr, le, literal(after), le, literal(before))
