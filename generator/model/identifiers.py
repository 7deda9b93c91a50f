"""Names of labels with unbounded values: ids, people, free text, times, in every spelling.

A name is normalised (NFKC), split into words at separators and capitals, and compared without case: as a whole, by
its last word, and, where it is written as one word, by taking known words off its front. So ``requestId``,
``REQUEST-ID`` and ``requestid`` are one, and ``grid``, ``paid`` and ``token_type`` are not.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from generator.model.identifier_words import BOUNDED, DECORATION, ENDINGS, FRONT, SINGLE, WHOLE

_CAPITALS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SEPARATORS = re.compile(r"[\W_]+")
_INVISIBLE = "Cf"


@lru_cache(maxsize=4096)
def unbounded(name: str) -> str | None:
    """Describe the values of a label of this name (``identifies single runs``); None when they look bounded."""
    words = _words(name)
    while len(words) > 1 and (words[-1] in DECORATION or words[-1].isdigit()):
        words.pop()
    if not words:
        return None
    words[-1] = words[-1].rstrip("0123456789") or words[-1]
    joined = "".join(words)
    if joined in BOUNDED:
        return None
    return WHOLE.get(joined) or _by_ending(words) or _by_ending(_apart(joined))


def _words(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", name)
    visible = "".join(char for char in plain if unicodedata.category(char) != _INVISIBLE)
    return _SEPARATORS.sub(" ", _CAPITALS.sub(" ", visible)).casefold().split()


def _by_ending(words: list[str]) -> str | None:
    """Judge by the last word; an id identifies the thing named before it."""
    said = ENDINGS.get(words[-1]) if words else None
    if said != SINGLE:
        return said
    return SINGLE + (_plural(words[-2]) if len(words) > 1 else "things")


def _plural(word: str) -> str:
    if word.endswith("y"):
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith("s") else f"{word}s"


def _apart(joined: str) -> list[str]:
    """Split a name written as one word by taking known words off its front; empty when the rest is no known ending."""
    words: list[str] = []
    rest = joined
    while rest not in ENDINGS:
        front = next((word for word in FRONT if rest.startswith(word)), None)
        if front is None:
            return []
        words.append(front)
        rest = rest.removeprefix(front)
    return [*words, rest]
