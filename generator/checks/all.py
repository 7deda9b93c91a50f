"""All checks of a service, in the order of their findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.checks import closed_world, practice, raw_read
from generator.checks.cardinality import labels, series_budget
from generator.diagnostics import Diagnostic, at_home, has_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from generator.checks.facts import ServiceFacts

_CHECKS: tuple[Callable[[ServiceFacts], Iterator[Diagnostic]], ...] = (
    labels.check_forbidden,
    labels.check_reserved,
    labels.check_selector,
    series_budget.check,
    practice.unread_streams,
    practice.averages_only,
    practice.successes_only,
    practice.no_stop_reason,
    practice.no_alerts,
    practice.no_floor,
    practice.implied_objective,
    practice.instance_selector,
    practice.selector_pattern,
    practice.value_pattern,
    practice.retention,
)
#: Conditions on rules that hold for any specs.
_INTERNAL = (closed_world.check, raw_read.check)


def check_service(facts: ServiceFacts) -> tuple[Diagnostic, ...]:
    """Run every check on one service.

    Where its spec has errors, its rules are not checked: their faults would be consequences, not defects of ours.
    """
    findings = at_home((one for check in _CHECKS for one in check(facts)), facts.service.where("profile"))
    if has_errors(findings):
        return findings
    return (*findings, *(defect for check in _INTERNAL for defect in check(facts)))
