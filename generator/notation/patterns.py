"""Patterns of exposed values: a small language, so that two of them can be proven to have no value in common.

``.`` is any character, ``.*`` any text, ``.+`` any text that is not empty, a backslash escapes the next character; any
other character matches itself. Prometheus reads them unchanged.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: The tokens for any character, and for any number of characters.
_ANY, _MANY = "any", "many"
_Parts = tuple[str, ...]


def matches(value: str, patterns: Iterable[str]) -> bool:
    """Whether the whole value matches one of the patterns, as in PromQL."""
    return any(_compiled(pattern).fullmatch(value) for pattern in patterns)


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.DOTALL)


def overlap(one: str, other: str) -> bool:
    """Whether some value matches both patterns."""
    return _meet(tuple(_tokens(one)), tuple(_tokens(other)))


def _tokens(pattern: str) -> list[str]:
    """Split a pattern into tokens; a character gets an equals sign before it, which separates it from our words."""
    tokens: list[str] = []
    index = 0
    while index < len(pattern):
        char, following = pattern[index], pattern[index + 1 : index + 2]
        if char == "\\":
            tokens.append(f"={following}")
            index += 2
        elif char == "." and following in {"*", "+"}:
            tokens += [_MANY] if following == "*" else [_ANY, _MANY]
            index += 2
        else:
            tokens.append(_ANY if char == "." else f"={char}")
            index += 1
    return tokens


@lru_cache(maxsize=4096)
def _meet(one: _Parts, other: _Parts) -> bool:
    """Walk both at once; a token for any number of characters matches none, or the other's next."""
    if not one or not other:
        return set(one + other) <= {_MANY}
    if one[0] == _MANY:
        return _meet(one[1:], other) or _meet(one, other[1:])
    if other[0] == _MANY:
        return _meet(other, one)
    return (one[0] == other[0] or _ANY in {one[0], other[0]}) and _meet(one[1:], other[1:])


def example(pattern: str) -> str:
    """Return a text that a pattern matches; the pattern itself if none is found easily."""
    texts = (re.sub(r"\.[+]?", "0", pattern.replace(".*", "")), re.sub(r"\\(.)", r"\1", pattern))
    return next((text for text in texts if re.fullmatch(pattern, text)), pattern)
