"""The share of wrong versions of the alerts that their own test cases detect, on a real Prometheus."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from generator.prometheus.shared import shared_rules
from tests.bench.context import Found
from tests.bench.line import Figure, FigureUnit, Goal, RatioLine
from tests.models import SPECS, model_of
from tests.prometheus.alert_mutations import alert_mutants
from tests.prometheus.test_alert_cases import caught, is_unseen, tried_out, tried_tiers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.service import Model
    from tests.bench.context import Effort
    from tests.prometheus.trials import Tried

_PART = "Wrong alerts"


def measure(effort: Effort) -> Found:
    """Test every wrong version of every alert, or of the first few; equivalent versions do not count."""
    model = model_of(SPECS)
    found: dict[str, bool] = {}
    for tier in islice(tried_tiers(), effort.tiers):
        with tried_out(tier, model) as tried:
            found |= dict(_outcomes(tried, tier.every, model))
    noticed = Figure(sum(found.values()), FigureUnit.COUNT, "noticed by a case")
    made = Figure(len(found), FigureUnit.COUNT, "wrong versions")
    goal = Goal(1, at_least=True, source="every one")
    line = RatioLine(_PART, "wrong versions of alerts that are noticed", noticed, made, goal)
    return Found([line], [f"not noticed: {name}" for name, seen in found.items() if not seen])


def _outcomes(tried: Tried, every: int, model: Model) -> Iterator[tuple[str, bool]]:
    """Name each wrong version, and whether it is detected."""
    groups = shared_rules(model.library, model.site).groups
    for place, rule in enumerate(tried.rules):
        for number, (mistake, wrong) in enumerate(alert_mutants(rule, groups)):
            seen = caught(tried, place, wrong)
            if seen or not is_unseen(rule.alert, mistake, every=every):
                yield f"{rule.alert} {rule.labels['severity']} {place}.{number}: {mistake}", seen
