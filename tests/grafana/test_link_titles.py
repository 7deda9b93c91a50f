"""Links of services: each address once, under its own title; and what choices and links say of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from generator.grafana.records import combined_records, recording
from tests.grafana.documents import variables

if TYPE_CHECKING:
    from generator.model.service import Model
    from tests.grafana.documents import Json

_A, _B, _C = ("https://logs.example.com/a", "https://logs.example.com/b", "https://other.example.com/c")


@pytest.mark.parametrize(
    ("links", "titles"),
    [
        ((_A, _A), {"Logs": _A}),
        ((_A, _C), {"Logs (logs.example.com)": _A, "Logs (other.example.com)": _C}),
        ((_A, _B), {"Logs (logs.example.com/a)": _A, "Logs (logs.example.com/b)": _B}),
    ],
)
def test_addresses_are_told_apart_by_as_little_as_it_takes(
    model: Model, links: tuple[str, str], titles: dict[str, str]
) -> None:
    services = tuple(
        replace(service, links={"logs": link}) for service, link in zip(model.services, links, strict=True)
    )
    assert combined_records((recording(service, ()) for service in services), model.site).links == titles


def test_a_choice_and_a_link_say_what_they_cannot_do(boards: dict[str, Json]) -> None:
    """A choice of lines leaves the other panels as they are, and no link hides for services without its address."""
    for board in boards.values():
        said = {name: one.get("description", "") for name, one in variables(board).items()}
        chosen = {"release", "tool", "model", "stop_reason"} & said.keys()
        assert all(" all other panels " in said[name] for name in chosen), board["uid"]
        logs = [link["tooltip"] for link in board["links"] if link["title"] == "Logs"]
        assert all("whose spec has this address" in tooltip for tooltip in logs)
