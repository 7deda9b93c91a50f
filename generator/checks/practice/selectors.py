"""``practice/instance-selector`` and ``practice/selector-pattern``: selectors that miss their service."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.diagnostics import Diagnostic, warning

if TYPE_CHECKING:
    from generator.checks.facts import Facts

_INSTANCE = "practice/instance-selector"
_OF_INSTANCES = {"instance", "pod", "pod_name", "container_id", "host", "hostname", "ip", "pid"}
_LIKE_PATTERN = "practice/selector-pattern"
#: Of regular expressions and of globs; brackets with a colon are an address, a backslash before a word is a domain's.
_PATTERN = re.compile(r"[*|^]|\.[+?]|\\(?:\.|[dw](?![A-Za-z]))|\[(?![0-9A-Fa-f.]*:)[^\]]+\]")


def check_instance(facts: Facts) -> tuple[Diagnostic, ...]:
    """Warn of selectors that match nothing after the next deployment."""
    return tuple(
        warning(
            _INSTANCE,
            f'the selector picks by "{name}": after the next deployment it picks nothing',
            each.service.where(f"selector.{name}"),
            "pick by job, or by a label that all instances of the service share",
        )
        for each in facts.services
        for name in each.service.selector
        if name in _OF_INSTANCES
    )


def check_pattern(facts: Facts) -> tuple[Diagnostic, ...]:
    """Warn of selectors that match only a value that looks like a pattern."""
    return tuple(
        warning(
            _LIKE_PATTERN,
            f'the selector compares exactly: it picks no {name} but "{value}", which looks like a pattern',
            each.service.where(f"selector.{name}"),
            "write the value as the series have it, or pick by a label that they all have in common",
        )
        for each in facts.services
        for name, value in each.service.selector.items()
        if _PATTERN.search(value)
    )
