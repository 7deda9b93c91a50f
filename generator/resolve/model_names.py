"""Names of models: find the entry of the price list that was meant."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_MAX_LENGTH = 100
#: Names with fewer common letters are other models of the family: sonnet and haiku, turbo and mini.
_LEAST_ALIKE = 0.85
_PUNCTUATION = re.compile(r"[\W_]+")
#: A version, with the letters that belong to it: 4, 4o, 70b.
_VERSION = re.compile(r"[0-9]+[a-z]*")


def respelled(name: str, listed: Iterable[str]) -> str | None:
    """The listed model that ``name`` misspells; None for another model, such as its next version, whose price differs.

    Versions must be equal: gpt4o is gpt-4o, gpt-4.1 is not.
    """
    if len(name) > _MAX_LENGTH:
        return None
    alike = ((_likeness(name.lower(), each.lower()), each) for each in listed if each != name)
    likeness, nearest = max(alike, default=(0.0, None))
    return nearest if likeness >= _LEAST_ALIKE else None


def _likeness(one: str, other: str) -> float:
    plain = [_PUNCTUATION.sub("", each) for each in (one, other)]
    if plain[0] == plain[1]:
        return 1.0
    if _VERSION.findall(one) != _VERSION.findall(other):
        return 0.0
    return SequenceMatcher(a=plain[0], b=plain[1]).ratio()
