"""All checks, in the order in which their findings are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.checks import closed_world
from generator.checks.cardinality import forbidden_label, reserved_label, series_budget
from generator.checks.facts import Facts, facts
from generator.checks.practice import averages_only, instance_selector, no_alerts, no_stop_reason
from generator.diagnostics import has_errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from generator.diagnostics import Diagnostic
    from generator.model.service import Model
    from generator.prometheus.compiled import Compiled

CHECKS: tuple[Callable[[Facts], tuple[Diagnostic, ...]], ...] = (
    forbidden_label.check,
    reserved_label.check,
    series_budget.check,
    averages_only.check,
    no_stop_reason.check,
    no_alerts.check,
    instance_selector.check,
)


def run_checks(model: Model, rules: tuple[Compiled, ...]) -> tuple[Diagnostic, ...]:
    """Run every check; ``rules`` are those of the model's services, in their order.

    Where specs are at fault, what their rules name is not judged: it is a consequence, and no defect of ours.
    """
    known = facts(model, rules)
    found = tuple(found for check in CHECKS for found in check(known))
    return found if has_errors(found) else (*found, *closed_world.check(known))
