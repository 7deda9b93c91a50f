"""Names in messages: the known one nearest to a mistyped one, lists, and counts."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from generator.diagnostics.printable import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable

# difflib is quadratic in the length of a name, and a longer one is no typing mistake.
_MAX_LENGTH = 64
_CUTOFF = 0.6
_MAX_LISTED = 12


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name that resembles ``name`` most, in any case, or ``None``; never ``name`` itself."""
    if len(name) > _MAX_LENGTH:
        return None
    folded = {candidate.casefold(): candidate for candidate in known if candidate != name}
    matches = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=_CUTOFF)
    return folded[matches[0]] if matches else None


def did_you_mean(name: str, known: Iterable[str], listing: str = "known") -> str:
    """``did you mean "x"?``, else ``<listing>: a, b, c``, else empty."""
    candidates = tuple(dict.fromkeys(known))
    match = closest(name, candidates)
    if match is not None:
        return f"did you mean {quoted(match)}?"
    return f"{listing}: {listed(nearest_first(name, candidates))}" if candidates else ""


def nearest_first(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """The known names, with those that resemble ``name`` first where a list of them would be cut."""
    every = tuple(known)
    if len(every) <= _MAX_LISTED or len(name) > _MAX_LENGTH:
        return every
    matcher = difflib.SequenceMatcher(b=name.casefold())

    def likeness(candidate: str) -> float:
        matcher.set_seq1(candidate[:_MAX_LENGTH].casefold())
        return matcher.ratio()

    return tuple(sorted(every, key=likeness, reverse=True))


def listed(names: Iterable[str], most: int = _MAX_LISTED) -> str:
    """The names with commas between; a long list is cut and its rest counted."""
    every = tuple(names)
    rest = len(every) - most
    return ", ".join(every[:most]) + (f" and {rest} more" if rest > 0 else "")


def counted(count: int, noun: str) -> str:
    """The number of things: ``1 file``, ``2 files``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
