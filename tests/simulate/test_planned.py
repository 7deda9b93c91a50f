"""Histories of the shipped rules are computed record by record, all steps of one at once, where possible."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.live.plan import plan
from generator.model import names
from generator.prometheus.rule_set import rule_set

if TYPE_CHECKING:
    from generator.model.service import Model

#: Records that read themselves: a release's first time, and a day's counts.
_MEMORY = {names.FIRST_SEEN, names.BUDGET_LATEST, names.BUDGET_DAYS}


def test_only_what_remembers_is_evaluated_step_by_step(model: Model) -> None:
    nodes = plan(rule_set(model.services, model.library, model.site).groups)
    assert {node.record for node in nodes if node.stepwise} == _MEMORY
