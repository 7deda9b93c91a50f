"""The configuration file of a Prometheus that we start."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml
from msgspec import Struct

from generator.live.errors import LiveError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# Out-of-order samples of a series are accepted this far back.
_OUT_OF_ORDER = "10y"


class ServerConfig(Struct, frozen=True):
    """The configuration of a started Prometheus: rule files, scrape configurations in its own form, and Alertmanagers.

    ``alertmanagers`` are hosts with ports.
    """

    rule_files: tuple[Path, ...] = ()
    scrape_configs: tuple[Mapping[str, Any], ...] = ()
    scrape_interval: str = "15s"
    alertmanagers: tuple[str, ...] = ()


def configuration(config: ServerConfig) -> str:
    """Write ``config`` as Prometheus reads it.

    Raises:
        LiveError: a rule file does not exist; Prometheus would read its name as a pattern without matches.
    """
    for path in config.rule_files:
        if not path.is_file():
            message = f"no such rule file: {path}"
            raise LiveError(message)
    document: dict[str, Any] = {
        "global": {"scrape_interval": config.scrape_interval},
        "storage": {"tsdb": {"out_of_order_time_window": _OUT_OF_ORDER}},
        "rule_files": [_literal(path) for path in config.rule_files],
        "scrape_configs": [dict(one) for one in config.scrape_configs],
    }
    if config.alertmanagers:
        told = {"static_configs": [{"targets": list(config.alertmanagers)}]}
        document["alerting"] = {"alertmanagers": [told]}
    return yaml.safe_dump(document, sort_keys=False)


def _literal(path: Path) -> str:
    """Write a path where Prometheus expects a pattern."""
    return re.sub(r"([*?\[\\])", r"\\\1", str(path.resolve()))
