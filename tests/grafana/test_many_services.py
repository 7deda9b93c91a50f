"""Dashboards of many services: their number and their size do not grow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from tests.bench.specs import directory
from tests.grafana.documents import texts
from tests.models import model_of

if TYPE_CHECKING:
    from generator.model.service import Model

#: The fewer services already list all existing tools; more of them add none.
FEW, MANY = 5, 12


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return model_of(directory(tmp_path_factory.mktemp("fleet") / "specs", MANY))


def test_more_services_change_no_byte_of_the_dashboards(fleet: Model) -> None:
    few = texts(replace(fleet, services=fleet.services[:FEW]))
    assert len(few) == 7
    assert texts(fleet) == few


def test_another_tool_gets_a_colour_and_no_dashboard(fleet: Model) -> None:
    one, all_ = texts(replace(fleet, services=fleet.services[:1])), texts(fleet)
    assert one.keys() == all_.keys()
    assert {name for name in one if one[name] != all_[name]} == {"agent-overview", "agent-tools"}
