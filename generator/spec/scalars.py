"""What a plain (unquoted) scalar means.

The rule is narrower than YAML's: what two readers of YAML could read as two different values is
refused. ``true``, ``false``, ``null`` (in YAML's three spellings) and JSON's numbers are values, ``no`` and
``on`` are text, and ``0755``, ``5:30``, ``10_000`` or a date must be quoted or written as a plain number.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.diagnostics.printable import MAX_QUOTED, shortened
from generator.spec.quoting import in_quotes

if TYPE_CHECKING:
    from generator.spec.nodes import Value

MAX_INTEGER = 2**53
"""Prometheus and JSON hold numbers as doubles: beyond this an integer is rounded."""

_CONSTANTS: dict[str, Value] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_TIME = r"[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?[ \t]*(?:Z|[-+][0-9]{1,2}(?::?[0-9]{2})?)?"
_DATE = rf"[0-9]{{4}}-[0-9]{{1,2}}-[0-9]{{1,2}}(?:(?:[Tt]|[ \t]+){_TIME})?"
_AMBIGUOUS = (
    (r"[-+]?(?:0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+)", "is a number in another base to some readers"),
    (r"[-+]?[0-9][0-9_]*(?::(?:[0-5][0-9]?|[6-9]))+(?:\.[0-9_]*)?", "is a number in base 60 to some readers"),
    (r"[-+]?0[0-9]+", "is an octal number to some readers"),
    (r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?", "is an unusual way to write a number"),
    (
        r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?",
        "is a number to some readers and text to others",
    ),
    (_DATE, "is a date to some readers"),
)
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


class Refusal(Struct, frozen=True):
    """Why a plain scalar has no value: the parts of a diagnostic."""

    code: str
    message: str
    help: str


def resolve_plain(text: str) -> Value | Refusal:
    """The value of an unquoted scalar, or why it has none."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _NUMBER.fullmatch(text):
        return _number(text)
    if _NOT_FINITE.fullmatch(text):
        return Refusal("yaml/not-finite", f"{text} is not a finite number", "write a finite number")
    for pattern, reason in _AMBIGUOUS:
        if re.fullmatch(pattern, text):
            return _ambiguous(text, reason)
    return text


def _number(text: str) -> Value | Refusal:
    digits_limit = len(str(MAX_INTEGER)) + 1
    if _INTEGER.fullmatch(text):
        if len(text) <= digits_limit and abs(int(text)) <= MAX_INTEGER:
            return int(text)
        return _out_of_range(text)
    value = float(text)
    vanished = value == 0 and re.search("[1-9]", re.split("[eE]", text)[0])
    return _out_of_range(text) if math.isinf(value) or vanished else value


def _out_of_range(text: str) -> Refusal:
    message = f"the number {shortened(text)} is too large or too small to be held exactly"
    return Refusal("yaml/number-range", message, "quote it if it is text, such as an id or a commit")


def _ambiguous(text: str, reason: str) -> Refusal:
    message = f"{shortened(text)} {reason}"
    help_ = f"quote it if it is text: {in_quotes(text)}"
    plain = _plain_number(text)
    if plain:
        help_ += f"; write {plain} if it is a number"
    return Refusal("yaml/ambiguous-scalar", message, help_)


def _plain_number(text: str) -> str:
    """The decimal number that the author most likely meant, or nothing."""
    match = re.fullmatch(r"\+?(-?)0*([0-9_]*)(?:\.([0-9_]*))?", text[: MAX_QUOTED + 1])
    if match is None or len(text) > MAX_QUOTED:
        return ""
    sign, whole, fraction = (part.replace("_", "") for part in match.groups(default=""))
    return f"{sign}{whole or '0'}{'.' + fraction if fraction else ''}"
