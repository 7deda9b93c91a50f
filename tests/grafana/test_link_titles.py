"""Links of services on the dashboards: each address once, under its own title."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from generator.grafana.records import recording, records_of

if TYPE_CHECKING:
    from generator.model.service import Model

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
    assert records_of((recording(service, ()) for service in services), model.site).links == titles
