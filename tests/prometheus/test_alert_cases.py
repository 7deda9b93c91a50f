"""Every alert at its bounds: fires just beyond, is silent just inside, with too little traffic, after a restart.

The cases are those that ship as unit tests with the rules. Here a real Prometheus computes them from raw series.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from generator.live.errors import LiveError
from generator.resolve.model import resolve
from generator.spec.load import load
from tests.prometheus.alert_mutations import alert_mutants
from tests.prometheus.trials import try_out

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from generator.model.service import Model
    from tests.prometheus.conftest import NewChain
    from tests.prometheus.trials import Tried

pytestmark = pytest.mark.long

_SPECS = Path(__file__).parents[2] / "specs"


#: In the cases no run was beyond the bucket before, so it does not matter when it is asked how many were.
UNSEEN = {("AgentLatencyP95Rising", "no offset 30m")}


def tiers() -> Iterator[tuple[str, int, int, str]]:
    """List every severity of every alert: its service, the alert's place, the severity's, and how to name it."""
    specs = load(_SPECS).specs
    assert specs is not None
    model = resolve(specs).value
    assert model is not None
    for service in model.services:
        for place, alert in enumerate(service.alerts):
            for number, tier in enumerate(alert.tiers):
                yield service.name, place, number, f"{service.name}-{place}-{alert.name}-{tier.severity}"


@pytest.fixture(scope="module", params=tiers(), ids=lambda one: one[3])
def tried(request: pytest.FixtureRequest, chain: NewChain, model: Model) -> list[Tried]:
    """All cases of one severity of one alert, computed."""
    name, alert, tier, _ = request.param
    service = next(service for service in model.services if service.name == name)
    return try_out(chain(service), alert, tier)


def test_an_alert_does_what_it_must(tried: list[Tried]) -> None:
    assert any(moment.fires for each in tried for moment in each.case.moments)
    assert any(not moment.fires for each in tried for moment in each.case.moments)
    for each in tried:
        assert each.contradictions() == []


def test_a_wrong_version_of_an_alert_is_caught(tried: list[Tried]) -> None:
    survivors = [
        f"{place}: {mistake}"
        for place in range(len(tried[0].rules))
        for number, (mistake, _) in enumerate(alert_mutants(tried[0].rules[place]))
        if not caught(tried, place, number) and (tried[0].case.alert.name, mistake) not in UNSEEN
    ]
    assert not survivors, "\n".join(survivors)


def caught(tried: Sequence[Tried], place: int, number: int) -> bool:
    """Say whether some case contradicts the alert with one of its rules replaced by a wrong version."""
    for each in tried:
        rules = list(each.rules)
        rules[place] = list(alert_mutants(rules[place]))[number][1]
        try:
            if each.contradictions(rules):
                return True
        except LiveError:
            return True
    return False
