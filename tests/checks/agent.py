"""The agent profile that ships, as a mapping that a test takes something out of, and compiled again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.resolve.build import one, resolved

if TYPE_CHECKING:
    from collections.abc import Iterable

    from generator.model.service import Service

PROFILE = Path(__file__).parents[2] / "specs" / "profiles" / "agent.yaml"
SERVICE = {
    "service": "demo-agent",
    "profile": "agent",
    "owner": "team-demo",
    "selector": {"job": "demo-agent"},
    "labels": {"model": ["gpt-4o"], "tool": ["search"]},
}
PRICES = {
    "models": {"gpt-4o": {"prompt": 2.5, "completion": 10, "cached": 1, "cache_write": 1, "reasoning": 1}}
}
Mapping = dict[str, Any]


def agent() -> Mapping:
    """The profile, fresh."""
    loaded: Mapping = yaml.load(PROFILE.read_text("utf-8"), yaml.CSafeLoader)
    return loaded


def without(profile: Mapping, *signals: str) -> Mapping:
    """The profile without these signals, and without what stands on them."""
    for name in signals:
        profile["signals"].pop(name)
        profile["objectives"].pop(name, None)
    off = [name for name, alert in profile["alerts"].items() if _signal(alert) in signals]
    return without_alerts(profile, off)


def without_alerts(profile: Mapping, alerts: Iterable[str]) -> Mapping:
    """The profile without these alerts."""
    for name in alerts:
        profile["alerts"].pop(name)
    return profile


def on(profile: Mapping, *signals: str) -> list[str]:
    """The alerts of the profile that are on these signals."""
    return [name for name, alert in profile["alerts"].items() if _signal(alert) in signals]


def service_of(directory: Path, profile: Mapping, **keys: object) -> Service:
    """Resolve a small service of the profile."""
    return one(
        resolved(
            directory,
            yaml.safe_dump(SERVICE | keys),
            prices=yaml.safe_dump(PRICES),
            profile=yaml.safe_dump(profile, sort_keys=False),
        )
    )


def _signal(alert: Mapping) -> str:
    bodies = [body for body in alert.values() if isinstance(body, dict)]
    return next((body["signal"] for body in bodies if "signal" in body), "")
