"""Amounts as written become numbers in base units; a wrong unit is reported with an example of the right one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model.alerts import Bound as Written
from generator.model.units import (
    WRITTEN_AS,
    Unit,
    human,
    parse_quantity,
    points,
)
from generator.resolve.respelled import respelled_bound, unit_help

if TYPE_CHECKING:
    from generator.diagnostics.findings import Findings
    from generator.model.service import Objective
    from generator.model.signals import Signal
    from generator.spec.types import Text

_RELATIVE = re.compile(r"(?:(?P<factor>\S+) )?objective(?: (?P<sign>[+-]) (?P<shift>\S+))?")

#: In base units. A smaller amount is shown as 0, and a larger one cannot be real.
SMALLEST, LARGEST = 0.000001, 1e12
_ZERO = re.compile(r"0+(\.0+)?(ms|[wdhms])")


class Bound(Struct, frozen=True):
    """A bound in base units, the words for it, and as it was written."""

    value: float
    text: str
    written: Written


def amount(text: Text, unit: Unit, what: str, findings: Findings, *, exposed: str = "") -> float | None:
    """Read an amount in ``unit``; its purpose ``what`` and the unit that its metric is exposed in help the message."""
    kind, example = WRITTEN_AS[unit]
    if kind == "duration" and _ZERO.fullmatch(text.value):
        findings.error(
            "unit/range",
            f'{what} must be above zero, not "{text.value}"',
            text.span,
            f"write it like {example}",
        )
        return None
    return _of_kind(text, WRITTEN_AS[unit], what, findings, exposed)


def difference(text: Text, *, relative: bool, what: str, findings: Findings) -> float | None:
    """Read a change: percentage points of a ratio, or a part of the earlier value."""
    written_as = ("share", "30%") if relative else ("points", "5pp")
    return _of_kind(text, written_as, what, findings)


def stands_on_objective(text: str) -> bool:
    """Whether a bound is written as a part of an objective or as a distance from it."""
    return _RELATIVE.fullmatch(text.strip()) is not None


def bound(text: Text, signal: Signal, objective: Objective | None, findings: Findings) -> Bound | None:
    """Read a threshold: an amount in the signal's unit, or one that depends on the service's objective.

    Returns None without a finding when it needs an objective and the service has none.
    """
    match = _RELATIVE.fullmatch(text.value.strip())
    if match is None:
        if "objective" in text.value.lower():
            _unreadable(text, signal, findings)
            return None
        what = f"a bound of {signal.name}"
        value = amount(text, signal.unit, what, findings, exposed=signal.of.exposed_unit)
        return None if value is None else _resolved(Written(value, None, "the limit of #"), 0, signal.unit)
    if objective is None:
        return None
    return _from_objective(match, text, signal, objective, findings)


def _from_objective(
    match: re.Match[str], text: Text, signal: Signal, objective: Objective, findings: Findings
) -> Bound | None:
    factor, shift, words = 1.0, 0.0, f"the {objective.noun} of #"
    if match["factor"]:
        quantity = parse_quantity(match["factor"])
        if quantity is None or quantity.kind != "factor":
            _unreadable(text, signal, findings)
            return None
        factor, words = quantity.value, f"#, {match['factor']} the {objective.noun}"
    if match["shift"]:
        quantity = parse_quantity(match["shift"])
        if quantity is None or quantity.kind != _shifted_by(signal):
            _unreadable(text, signal, findings)
            return None
        shift = quantity.value if match["sign"] == "+" else -quantity.value
        side = "above" if match["sign"] == "+" else "below"
        by = points(quantity.value) if signal.unit is Unit.RATIO else human(quantity.value, signal.unit)
        words = f"#, {by} {side} the {objective.noun}"
    return _resolved(Written(shift, factor, words), objective.bound, signal.unit)


def _resolved(written: Written, objective: float, unit: Unit) -> Bound:
    value = written.of(objective)
    return Bound(value, written.words.replace("#", human(value, unit)), written)


def _shifted_by(signal: Signal) -> str:
    """Name the kind of amount that may be added to an objective of a signal."""
    return "points" if signal.unit is Unit.RATIO else WRITTEN_AS[signal.unit][0]


def _unreadable(text: Text, signal: Signal, findings: Findings) -> None:
    meant = respelled_bound(text.value, _shifted_by(signal))
    findings.error(
        "unit/bound",
        f'"{text.value}" is no bound',
        text.span,
        f"write {meant}"
        if meant
        else "write an amount with its unit (2s, 5%, $200, 40), or: objective, 2x objective, objective - 10pp",
    )


def _of_kind(
    text: Text, written_as: tuple[str, str], what: str, findings: Findings, exposed: str = ""
) -> float | None:
    kind, example = written_as
    quantity = parse_quantity(text.value)
    if quantity is not None and quantity.kind == kind:
        return quantity.value if _is_sane(quantity.value, text, findings) else None
    findings.error(
        "unit/mismatch",
        f'{what} is written like {example}, not "{text.value}"',
        text.span,
        unit_help(text.value, kind, example, exposed),
    )
    return None


def _is_sane(value: float, text: Text, findings: Findings) -> bool:
    if not value or SMALLEST <= value <= LARGEST:
        return True
    findings.error(
        "unit/range",
        f'"{text.value}" is too {"small" if value < SMALLEST else "large"} an amount to be told from '
        f"{'nothing' if value < SMALLEST else 'no bound at all'}",
        text.span,
        "write 0, or at least a millionth of a second, a dollar or an event, or 0.0001%"
        if value < SMALLEST
        else "write at most 1000000000000",
    )
    return False
