"""``practice/selector-pattern``: a selector's value that looks like a pattern, but is compared literally."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.diagnostics import Diagnostic, warning

if TYPE_CHECKING:
    from generator.checks.facts import Facts

CODE = "practice/selector-pattern"
#: Of regular expressions and of globs; brackets with a colon are an address, a backslash before a word is a domain's.
_PATTERN = re.compile(r"[*|^]|\.[+?]|\\(?:\.|[dw](?![A-Za-z]))|\[(?![0-9A-Fa-f.]*:)[^\]]+\]")


def check(facts: Facts) -> tuple[Diagnostic, ...]:
    """Warn of selectors that match only a value that looks like a pattern."""
    return tuple(
        warning(
            CODE,
            f'the selector compares exactly: it picks no {name} but "{value}", which looks like a pattern',
            each.service.where(f"selector.{name}"),
            "write the value as the series have it, or pick by a label that they all have in common",
        )
        for each in facts.services
        for name, value in each.service.selector.items()
        if _PATTERN.search(value)
    )
