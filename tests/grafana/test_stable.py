"""Dashboards depend on profiles, not on services: files, names, bytes and size stay the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from generator.model import names
from tests.bench.specs import directory
from tests.grafana.documents import texts
from tests.models import model_of

if TYPE_CHECKING:
    from generator.model.service import Model
    from tests.grafana.documents import Json


def test_the_files_are_the_fixed_uids(boards: dict[str, Json]) -> None:
    assert list(boards) == [board["uid"] for board in boards.values()]
    assert set(boards) == set(names.DASHBOARDS.values())


def test_compiling_twice_gives_the_same_bytes(model: Model) -> None:
    assert texts(model) == texts(model)


def test_more_services_of_a_profile_change_nothing(model: Model) -> None:
    full = max(model.services, key=lambda service: len(service.objectives))
    many = tuple(replace(full, name=f"agent-{number}") for number in range(40))
    alone = texts(replace(model, services=(full,)))
    assert alone == texts(replace(model, services=many[:3])) == texts(replace(model, services=many))


def test_the_order_of_services_changes_nothing(model: Model) -> None:
    assert texts(replace(model, services=model.services[::-1])) == texts(model)


def test_no_dashboard_names_a_service(model: Model) -> None:
    for uid, text in texts(model).items():
        assert [service.name for service in model.services if service.name in text] == [], uid


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
