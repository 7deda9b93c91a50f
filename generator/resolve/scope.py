"""Tools for every part of resolving: the list of findings, and the look-up of names that must exist."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from generator.diagnostics.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.diagnostics import Findings
    from generator.spec.types import Text

T = TypeVar("T")


def look_up(name: Text, declared: Mapping[str, T], noun: str, findings: Findings) -> T | None:
    """Find the declaration of ``name``; report an unknown one."""
    if name.value in declared:
        return declared[name.value]
    findings.error(
        f"reference/unknown-{noun}",
        f'{noun} "{name.value}" is not declared',
        name.span,
        did_you_mean(name.value, declared) or f"declare the {noun} first",
    )
    return None
