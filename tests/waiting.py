"""Waiting for other processes, however busy the machine is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from generator.live.answers import GroupState
    from generator.live.api import PrometheusApi

#: Seconds after which a process is broken rather than busy.
_PATIENCE = 180


def soon(happened: Callable[[], object]) -> bool:
    """Wait until something has happened; False if it does not."""
    deadline = time.monotonic() + _PATIENCE
    while not happened():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def until(happened: Callable[[], object]) -> None:
    """Wait until something has happened, as it must."""
    assert soon(happened)


def evaluated(api: PrometheusApi) -> tuple[GroupState, ...]:
    """Wait until a server has evaluated each of its rules, of which there are some; return their groups."""
    groups: tuple[GroupState, ...] = ()

    def known() -> bool:
        nonlocal groups
        groups = api.rules()
        return bool(groups) and all(rule.health != "unknown" for group in groups for rule in group.rules)

    until(known)
    return groups
