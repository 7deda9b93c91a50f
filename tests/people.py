"""Receivers of alerts: an address for each receiver of an Alertmanager."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

import yaml
from msgspec import Struct, field

from tests.http_servers import Handler, served

if TYPE_CHECKING:
    from collections.abc import Iterator

Labels = dict[str, str]


class People(Struct):
    """The alerts of each receiver: label sets by receiver."""

    told: dict[str, list[Labels]] = field(default_factory=dict)

    def names(self, receiver: str) -> set[str]:
        """Name the alerts of a receiver."""
        return {alert["alertname"] for alert in self.told.get(receiver, [])}


@contextmanager
def listening() -> Iterator[tuple[People, str]]:
    """All receivers, at an address to which the receiver's name is appended."""
    found = People()

    class Receivers(Handler):
        def handle_body(self, body: bytes) -> None:
            alerts = json.loads(body)["alerts"]
            found.told.setdefault(self.path[1:], []).extend(alert["labels"] for alert in alerts)
            self.answer(200)

    with served(Receivers) as url:
        yield found, f"{url}/"


def reaching(configuration: str, address: str) -> str:
    """Send every receiver of a generated configuration to one address, and shorten the waits."""
    config = yaml.safe_load(configuration)
    config["route"] |= {"group_wait": "1s", "group_interval": "1s"}
    config["receivers"] = [
        {"name": one["name"], "webhook_configs": [{"url": address + one["name"], "send_resolved": False}]}
        for one in config["receivers"]
    ]
    return yaml.safe_dump(config, sort_keys=False)
