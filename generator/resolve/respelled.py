"""Corrections of misspelled amounts: the same amount, spelled right."""

from __future__ import annotations

import re
from fractions import Fraction

from generator.model.units import parse_quantity, plain

_THOUSANDS = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")
_DECIMAL = re.compile(r"(?<=[0-9]),(?=[0-9]{1,2}(?![0-9]))")
_DOLLARS = re.compile(r"(?:usd|\$)?([0-9.]+)(?:usd|dollars?|\$)?", re.IGNORECASE)
_PERCENT = re.compile(r"([0-9.]+)(?:percent|pct)", re.IGNORECASE)
_BROKEN = re.compile(r"([0-9]{1,9}\.[0-9]{1,6})(ms|[smhdw])")
_FINER = (("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1))
_OBJECTIVE = re.compile(
    r"(?:([0-9.]+)\s*[x×*]?\s*)?objective(?:\s*([+-])\s*(\S.*))?",  # noqa: RUF001 - people write the sign
    re.IGNORECASE,
)
_SUFFIXES = {"duration": "{}s", "share": "{}%", "points": "{}pp", "money": "${}"}
#: Nobody allows this many seconds; a plain number from here on means milliseconds.
_MILLISECONDS = 1000


def unit_help(written: str, kind: str, example: str, exposed: str) -> str:
    """Explain how to write an amount of ``kind``; ``exposed`` is the unit in which its metric is exposed."""
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", written) and kind in _SUFFIXES:
        return f"write the unit, such as {_with_unit(written, kind, exposed)}"
    if meant := whole(written):
        return f"write whole numbers only: {meant}" if kind == "duration" else f"write it like {example}"
    meant = respelled(written, kind)
    return f"write {meant}" if meant else f"write it like {example}"


def _with_unit(written: str, kind: str, exposed: str) -> str:
    number = float(written)
    if kind == "duration" and exposed == "ms" and number >= _MILLISECONDS and number.is_integer():
        return " or ".join(dict.fromkeys((f"{plain(number)}ms", _in_finest(Fraction(written), "s"))))
    # An author who writes 0.97 for a share means 97%.
    scaled = kind in {"share", "points"} and number <= 1
    meant = _SUFFIXES[kind].format(plain(number * 100) if scaled else written)
    return (whole(meant) or meant) if kind == "duration" else meant


def _in_finest(milliseconds: Fraction, unit: str) -> str:
    """Write milliseconds as a whole number of ``unit``, or of the largest finer unit that gives one."""
    units = [name for name, _ in _FINER]
    for name, size in _FINER[units.index(unit) :]:
        if milliseconds % size == 0:
            return f"{milliseconds // size}{name}"
    return ""


def whole(written: str) -> str:
    """Write a duration with a fraction, such as 1.5m, in whole numbers: 90s; empty for any other text."""
    match = _BROKEN.fullmatch(written)
    return _in_finest(Fraction(match[1]) * dict(_FINER)[match[2]], match[2]) if match else ""


def respelled(written: str, kind: str) -> str:
    """Write an amount of ``kind`` without blanks, commas and words; empty where that does not help."""
    text = _THOUSANDS.sub("", re.sub(r"\s", "", written))
    if kind != "number":  # a count has no fraction
        text = _DECIMAL.sub(".", text)
    if kind == "money":
        text = _DOLLARS.sub(r"$\1", text, count=1)
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


def respelled_bound(written: str, kind: str) -> str:
    """Correct the spelling of a bound that depends on the objective; empty for any other."""
    match = _OBJECTIVE.fullmatch(written.strip())
    if match is None:
        return ""
    factor, sign, shift = match.groups()
    amount = respelled(shift, kind) if shift else ""
    if (factor and parse_quantity(f"{factor}x") is None) or (shift and not amount):
        return ""
    return f"{f'{factor}x ' if factor else ''}objective{f' {sign} {amount}' if shift else ''}"
