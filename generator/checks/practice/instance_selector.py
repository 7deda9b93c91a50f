"""``practice/instance-selector``: a selector that picks one instance instead of the service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.diagnostics import Diagnostic, warning

if TYPE_CHECKING:
    from generator.checks.facts import Facts

CODE = "practice/instance-selector"
_OF_INSTANCES = {"instance", "pod", "pod_name", "container_id", "host", "hostname", "ip", "pid"}


def check(facts: Facts) -> tuple[Diagnostic, ...]:
    """Warn of selectors that match nothing after the next deployment."""
    return tuple(
        warning(
            CODE,
            f'the selector picks by "{name}": after the next deployment it picks nothing',
            each.service.where(f"selector.{name}"),
            "pick by job, or by a label that all instances of the service share",
        )
        for each in facts.services
        for name in each.service.selector
        if name in _OF_INSTANCES
    )
