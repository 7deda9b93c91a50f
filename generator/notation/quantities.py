"""Amounts as written become numbers in base units; a wrong unit or spelling is reported with the right one."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.diagnostics.wording import together
from generator.model.alerts import Bound
from generator.model.metrics import FACTORS
from generator.model.signals import Better
from generator.model.units import (
    DURATION_UNITS,
    UNIT_OF,
    WRITTEN_AS,
    Unit,
    human,
    parse_quantity,
    plain,
    points,
)

if TYPE_CHECKING:
    from generator.diagnostics import Findings
    from generator.model.service import Objective
    from generator.model.signals import Signal
    from generator.model.units import Quantity
    from generator.spec.types import Names, Text

_RELATIVE = re.compile(r"(?:(?P<factor>\S+) )?objective(?: (?P<sign>[+-]) (?P<shift>\S+))?")
#: In base units. A smaller amount is shown as 0, and a larger one cannot be real.
SMALLEST, LARGEST = 0.000001, 1e12
_ZERO = re.compile(r"0+(\.0+)?(ms|[wdhms])")
_THOUSANDS = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")
_DECIMAL = re.compile(r"(?<=[0-9]),(?=[0-9]{1,2}(?![0-9]))")
_DOLLARS = re.compile(r"(?:usd|\$)?([0-9.]+)(?:usd|dollars?|\$)?", re.IGNORECASE)
_PERCENT = re.compile(r"([0-9.]+)(?:percent|pct)", re.IGNORECASE)
_PART = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?) ?%")
_BROKEN = re.compile(r"([0-9]{1,9}\.[0-9]{1,6})(ms|[smhdw])")
#: A time with its unit as a word, such as 20minutes.
_WORDED = re.compile(r"([0-9]{1,9})(sec|second|min|minute|hr|hour|day|week)s?")
#: Units of durations in milliseconds, the longest first.
_FINER = tuple((unit, round(seconds * 1000)) for unit, seconds in reversed(DURATION_UNITS.items()))
_OBJECTIVE_WITH_SHIFT = re.compile(
    r"(?:([0-9.]+)\s*[x×*]?\s*)?objective(?:\s*([+-])\s*(\S.*))?",  # noqa: RUF001 - people write the sign
    re.IGNORECASE,
)
#: A sign of comparison before an amount, as in PromQL: a spec says by its keys what is compared.
_COMPARED = re.compile(r"^\s*[<>]=?\s*")
_OTHER_MONEY = re.compile(r"[€£¥]|eur|gbp", re.IGNORECASE)
_WITH_K = re.compile(r"([0-9]{1,9})k", re.IGNORECASE)
_MULTIPLE = re.compile(r"objective\s*[x×*]\s*([0-9.]+)", re.IGNORECASE)  # noqa: RUF001 - people write the sign
#: The meaning and the form of an amount of each kind.
_FORMS = {
    "duration": "it is a time: write a whole number and its unit, such as {} or 5m",
    "share": "it is a share: write it in percent, such as {}",
    "points": "a share changes by percentage points: write it like {}",
    "money": "it is money: write it in USD, such as {}",
    "number": "it counts things: write a plain number, such as {}",
}
_GOOD_SHARE = ("share", "97%")
_BARE = re.compile(r"\$?([0-9]+(?:\.[0-9]+)?)[a-z%]*", re.IGNORECASE)
_SUFFIXES = {"duration": "{}s", "share": "{}%", "points": "{}pp", "money": "${}"}
#: Nobody allows this many seconds; a plain number from here on means milliseconds.
_MILLISECONDS = 1000
_NUMBER = re.compile(r"[0-9.]+([eE][-+]?[0-9]+)?")


class ResolvedBound(Struct, frozen=True):
    """A bound in base units, the words for it, and as it was written."""

    value: float
    text: str
    written: Bound


def amount(
    text: Text, unit: Unit, what: str, findings: Findings, *, of: Signal | None = None
) -> float | None:
    """Read an amount in ``unit``; its purpose ``what`` and the signal that it is an amount of help the message."""
    is_good_share = unit is Unit.RATIO and of is not None and of.better is Better.HIGHER
    kind, example = _GOOD_SHARE if is_good_share else WRITTEN_AS[unit]
    if kind == "duration" and _ZERO.fullmatch(text.value):
        findings.error(
            "unit/range",
            f'{what} must be above zero, not "{text.value}"',
            text.span,
            _form(text.value, kind, example),
        )
        return None
    return _of_kind(text, (kind, example), what, findings, of.of.exposed_unit if of else "")


def difference(text: Text, unit: Unit, what: str, findings: Findings) -> float | None:
    """Read a change: percentage points of a ratio, or a part of the earlier value."""
    written_as = ("points", "5pp") if unit.changes_in_points else ("share", "30%")
    return _of_kind(text, written_as, what, findings)


def stands_on_objective(text: str) -> bool:
    """Whether a bound is written as a part of an objective or as a distance from it."""
    return _RELATIVE.fullmatch(text.strip()) is not None


def resolve_bound(
    text: Text, signal: Signal, objective: Objective | None, findings: Findings
) -> ResolvedBound | None:
    """Read a threshold: an amount in the signal's unit, or one that depends on the service's objective.

    Returns None without a finding when it needs an objective and the service has none.
    """
    match = _RELATIVE.fullmatch(text.value.strip())
    if match is None:
        if "objective" in text.value.lower():
            _unreadable(text, signal, findings)
            return None
        what = f"a bound of {signal.name}"
        if objective is not None and _is_part(text, signal, what, findings):
            return None
        value = amount(text, signal.unit, what, findings, of=signal)
        return None if value is None else _resolved(Bound(value, None, "the limit of #"), 0, signal.unit)
    if objective is None:
        return None
    return _from_objective(match, text, signal, objective, findings)


def _is_part(text: Text, signal: Signal, what: str, findings: Findings) -> bool:
    """Refuse 80%, where 80% of the objective is meant."""
    share, (kind, example) = _PART.fullmatch(text.value.strip()), WRITTEN_AS[signal.unit]
    if share is None or kind == "share":
        return False
    findings.error(
        "unit/mismatch",
        f'{what} is written like {example}, not "{text.value}"',
        text.span,
        f"of the objective this part is {plain(round(float(share[1]) / 100, 9))}x objective",
    )
    return True


def _from_objective(
    match: re.Match[str], text: Text, signal: Signal, objective: Objective, findings: Findings
) -> ResolvedBound | None:
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
        by = points(quantity.value) if signal.unit.changes_in_points else human(quantity.value, signal.unit)
        words = f"#, {by} {side} the {objective.noun}"
    return _resolved(Bound(shift, factor, words), objective.bound, signal.unit)


def _resolved(written: Bound, objective: float, unit: Unit) -> ResolvedBound:
    value = written.of(objective)
    return ResolvedBound(value, written.words.replace("#", human(value, unit)), written)


def _shifted_by(signal: Signal) -> str:
    """Name the kind of amount that may be added to an objective of a signal."""
    return "points" if signal.unit.changes_in_points else WRITTEN_AS[signal.unit][0]


def _unreadable(text: Text, signal: Signal, findings: Findings) -> None:
    suggested = suggested_bound(text.value, _shifted_by(signal))
    findings.error(
        "unit/bound",
        f'"{text.value}" is no bound',
        text.span,
        f"write {suggested}"
        if suggested
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
        f'"{text.value}" is so {"small that it means zero" if value < SMALLEST else "large that it bounds nothing"}',
        text.span,
        "write at least a millionth of a second, a dollar or an event, or 0.0001%"
        if value < SMALLEST
        else "write at most 1000000000000",
    )
    return False


def unit_help(written: str, kind: str, example: str, exposed: str) -> str:
    """Explain how to write an amount of ``kind``; ``exposed`` is the unit in which its metric is exposed."""
    written = _COMPARED.sub("", written)
    if kind == "money" and _OTHER_MONEY.search(written):
        return f"all amounts of money are in USD: convert it, and write it like {example}"
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", written) and kind in _SUFFIXES:
        return f"write the unit, such as {_with_unit(written, kind, exposed)}"
    if suggested := whole_duration(written):
        return (
            f"write whole numbers only: {suggested}" if kind == "duration" else _form(written, kind, example)
        )
    suggested = suggested_amount(written, kind)
    return f"write {suggested}" if suggested else _form(written, kind, example)


def _form(written: str, kind: str, example: str) -> str:
    """Say how an amount of ``kind`` is written; with the number that is written, where that may be meant."""
    number = _BARE.fullmatch(written.strip())
    shown = example
    if number and kind == "points" and written.endswith("%"):
        shown = f"{number[1]}pp"
    if number and kind == "number":
        # 5% of an amount for each event, such as errors for each run, is 0.05 of one.
        shown = plain(float(number[1]) / 100) if written.strip().endswith("%") else number[1]
    return _FORMS[kind].format(shown)


def _with_unit(written: str, kind: str, exposed: str) -> str:
    number = float(written)
    if kind == "duration" and exposed == "ms" and number >= _MILLISECONDS and number.is_integer():
        return " or ".join(dict.fromkeys((f"{plain(number)}ms", _in_finest(Fraction(written), "s"))))
    # An author who writes 0.97 for a share means 97%.
    scaled = kind in {"share", "points"} and number <= 1
    suggested = _SUFFIXES[kind].format(plain(number * 100) if scaled else written)
    return (whole_duration(suggested) or suggested) if kind == "duration" else suggested


def _in_finest(milliseconds: Fraction, unit: str) -> str:
    """Write milliseconds as a whole number of ``unit``, or of the largest finer unit that gives one."""
    units = [name for name, _ in _FINER]
    for name, size in _FINER[units.index(unit) :]:
        if milliseconds % size == 0:
            return f"{milliseconds // size}{name}"
    return ""


def whole_duration(written: str) -> str:
    """Write a duration with a fraction, such as 1.5m, in whole numbers: 90s; empty for any other text."""
    match = _BROKEN.fullmatch(written)
    return _in_finest(Fraction(match[1]) * dict(_FINER)[match[2]], match[2]) if match else ""


def suggested_amount(written: str, kind: str) -> str:
    """Write an amount of ``kind`` without blanks, commas and words; empty where that does not help."""
    text = _THOUSANDS.sub("", re.sub(r"\s", "", written))
    if kind == "number" and (thousands := _WITH_K.fullmatch(text)):
        return f"{int(thousands[1]) * 1000}"
    if kind != "number":  # a count has no fraction
        text = _DECIMAL.sub(".", text)
    if kind == "money":
        text = _DOLLARS.sub(r"$\1", text, count=1)
    if kind == "duration" and (worded := _WORDED.fullmatch(text.lower())):
        text = f"{worded[1]}{worded[2][0]}"
    if kind == "share":
        text = _PERCENT.sub(r"\1%", text, count=1)
    for each in (text, text.lower()):
        quantity = parse_quantity(each)
        if quantity is not None and quantity.kind == kind:
            return _promised(each) if kind == "share" else each
    return ""


def _promised(share: str) -> str:
    """Write a share that is nearly all or nearly nothing as the nearest one that an objective may have."""
    number = float(share.removesuffix("%"))
    return f"{plain(min(max(number, 0.0001), 99.9999))}%" if 0 < number < 100 else share  # noqa: PLR2004


def suggested_bound(written: str, kind: str) -> str:
    """Correct the spelling of a bound that depends on the objective; empty for any other."""
    if (multiple := _MULTIPLE.fullmatch(written.strip())) and parse_quantity(f"{multiple[1]}x"):
        return f"{multiple[1]}x objective"
    match = _OBJECTIVE_WITH_SHIFT.fullmatch(written.strip())
    if match is None:
        return ""
    factor, sign, shift = match.groups()
    shifted = suggested_amount(shift, kind) if shift else ""
    if (factor and parse_quantity(f"{factor}x") is None) or (shift and not shifted):
        return ""
    return f"{f'{factor}x ' if factor else ''}objective{f' {sign} {shifted}' if shift else ''}"


def bucket_bounds(written: Names, unit: str, what: str, findings: Findings) -> tuple[float, ...] | None:
    """Read upper bounds in the exposed ``unit`` of ``what``; None if one of them is invalid."""
    bounds = [_bucket_bound(text, unit, what, findings) for text in written]
    return None if None in bounds else tuple(one for one in bounds if one is not None)


def _unit_meant(bound: Quantity | None) -> str:
    """Propose the unit of a metric whose bounds are written with one; empty for any other bound."""
    units = {"duration": "unit: s, or unit: ms", "money": "unit: usd"}
    unit = units.get(bound.kind) if bound else None
    return f"or write {unit}, at the metric, if it measures that" if unit else ""


def _bucket_bound(text: Text, unit: str, what: str, findings: Findings) -> float | None:
    kind, example = WRITTEN_AS[UNIT_OF[unit]]
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
            else together(unit_help(text.value, kind, example, unit), "" if unit else _unit_meant(quantity)),
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
