"""Misfits become findings: one for each thing that the author must change.

A misfit of a whole is dropped when a misfit in one of its parts explains it, and so is a key that is missing
because it is mistyped, or because another stands where it is the only one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.diagnostics.suggest import closest
from generator.spec.forms import NO_FORM, ONE_OF_KEYS, RIVAL_KEYS, leaves

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from generator.spec.misfits import Misfit
    from generator.spec.nodes import Step

UNKNOWN_KEY = "additionalProperties"
MISSING_KEY = "required"
KEY_NAME = "propertyNames"
_COARSE = frozenset(
    {"oneOf", "not", "contains", "minProperties", "dependentRequired", ONE_OF_KEYS, RIVAL_KEYS, NO_FORM}
)


class Finding(Struct, frozen=True):
    """A misfit to report; ``name`` is the key that is unknown, missing or misnamed."""

    keyword: str
    misfit: Misfit
    name: str = ""

    @property
    def path(self) -> tuple[Step, ...]:
        """The path to what must change: an unknown or misnamed key, or else the value."""
        at_key = self.keyword in {UNKNOWN_KEY, KEY_NAME}
        return (*self.misfit.path, self.name) if at_key else self.misfit.path


def findings_of(misfits: Iterable[Misfit]) -> list[Finding]:
    """What to report of a validator's misfits, each once."""
    every = [finding for misfit in misfits for leaf in leaves(misfit) for finding in _findings(leaf)]
    once = {(each.keyword, each.path, each.name or repr(each.misfit.wanted)): each for each in every}
    return _without_mistyped(_without_explained(list(once.values())))


def _findings(misfit: Misfit) -> Iterator[Finding]:
    if misfit.keyword == UNKNOWN_KEY:
        yield from (Finding(UNKNOWN_KEY, misfit, key) for key in misfit.extra_keys)
    elif misfit.keyword == MISSING_KEY:
        yield from (Finding(MISSING_KEY, misfit, key) for key in misfit.missing_keys)
    elif KEY_NAME in misfit.schema_path and isinstance(misfit.instance, str):
        yield Finding(KEY_NAME, misfit, misfit.instance)
    else:
        yield Finding(misfit.keyword, misfit)


def _without_explained(findings: list[Finding]) -> list[Finding]:
    parents = {each.path[:depth] for each in findings for depth in range(len(each.path))}
    return [each for each in findings if each.keyword not in _COARSE or each.path not in parents]


def _without_mistyped(findings: list[Finding]) -> list[Finding]:
    unknown: dict[tuple[Step, ...], list[str]] = {}
    for each in findings:
        if each.keyword == UNKNOWN_KEY:
            unknown.setdefault(each.misfit.path, []).append(each.name)
    return [each for each in findings if not _is_mistyped(each, unknown.get(each.path, []))]


def _is_mistyped(finding: Finding, unknown: list[str]) -> bool:
    if finding.keyword != MISSING_KEY or not unknown:
        return False
    return len(finding.misfit.known_keys) == 1 or closest(finding.name, unknown) is not None
