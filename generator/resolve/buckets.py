"""Bounds of buckets: plain numbers of the metric's own unit, or amounts with theirs, such as ``10s`` or ``$0.5``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.model.metrics import FACTORS
from generator.model.units import WRITTEN_AS, Unit, parse_quantity
from generator.resolve.quantities import LARGEST, SMALLEST
from generator.resolve.respelled import unit_help

if TYPE_CHECKING:
    from generator.diagnostics.findings import Findings
    from generator.spec.types import Names, Text

_NUMBER = re.compile(r"[0-9.]+([eE][-+]?[0-9]+)?")
_UNITS = {"ms": Unit.SECONDS, "s": Unit.SECONDS, "usd": Unit.USD, "": Unit.COUNT}


def bucket_bounds(written: Names, unit: str, what: str, findings: Findings) -> tuple[float, ...] | None:
    """Read upper bounds in the exposed ``unit`` of ``what``; None if one of them is invalid."""
    found = [_bound(text, unit, what, findings) for text in written]
    return None if None in found else tuple(one for one in found if one is not None)


def _bound(text: Text, unit: str, what: str, findings: Findings) -> float | None:
    kind, example = WRITTEN_AS[_UNITS[unit]]
    quantity = parse_quantity(text.value)
    if _NUMBER.fullmatch(text.value):
        value = float(text.value)
    elif quantity is not None and quantity.kind == kind:
        value = round(quantity.value / FACTORS[unit], 9)
    else:
        findings.error(
            "unit/mismatch",
            f'bounds of "{what}" are written like {example}{f", or as plain numbers of {unit}" if unit else ""}, '
            f'not "{text.value}"',
            text.span,
            "leave it out: +Inf is added by itself"
            if text.value.lower().lstrip("+") == "inf"
            else unit_help(text.value, kind, example, unit),
        )
        return None
    # Foreign histograms may begin at 0; for a metric of our own the schema refuses that.
    if not value or SMALLEST <= value <= LARGEST:
        return value
    findings.error(
        "unit/range",
        f'"{text.value}" is no upper bound of "{what}"',
        text.span,
        "write one above zero, and none for infinity: +Inf is added by itself",
    )
    return None
