"""The limit of spend has two forms, a budget and an objective: an environment's own, in either, replaces both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.resolve.build import one, resolved, service

if TYPE_CHECKING:
    from pathlib import Path

_BUDGET, _OBJECTIVE = "{per_day: $5}", "{spend: {max: $5}}"


@pytest.mark.parametrize(
    "of_service",
    [{"budget": _BUDGET}, {"objectives": _OBJECTIVE}, {"budget": _BUDGET, "objectives": _OBJECTIVE}],
)
@pytest.mark.parametrize("own", ["budget: {per_day: $7}", "objectives: {spend: {max: $7}}"])
def test_an_environments_limit_replaces_the_services(
    tmp_path: Path, of_service: dict[str, str], own: str
) -> None:
    environments = f"{{prod: {{selector: {{env: prod}}, {own}}}}}"
    found = one(resolved(tmp_path, service(environments=environments, **of_service)))
    assert found.objectives["spend"].bound == 7


def test_an_environment_without_a_limit_has_the_services(tmp_path: Path) -> None:
    environments = "{prod: {selector: {env: prod}, objectives: {success_rate: {min: 90%}}}}"
    found = one(resolved(tmp_path, service(environments=environments, budget=_BUDGET)))
    assert found.objectives["spend"].bound == 5


def test_the_same_limit_may_stand_twice(tmp_path: Path) -> None:
    found = one(resolved(tmp_path, service(budget=_BUDGET, objectives=_OBJECTIVE)))
    assert found.objectives["spend"].bound == 5
