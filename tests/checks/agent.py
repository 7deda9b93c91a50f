"""The shipped agent profile and library, as one mapping from which a test removes parts, compiled again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.resolve.build import resolved

if TYPE_CHECKING:
    from collections.abc import Iterable

    from generator.model.service import Model, Service

SPECS = Path(__file__).parents[2] / "specs"
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
    """Profile and library, fresh: ``streams`` are those of the library, ``feeds`` those of the profile."""
    profile, library = (_read(path) for path in ("profiles/agent.yaml", "signals.yaml"))
    return {**profile, "feeds": profile["streams"], **library}


def without(profile: Mapping, *signals: str) -> Mapping:
    """The profile without these signals, and without the parts that depend on them."""
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
    """The alerts of the profile on these signals."""
    return [name for name, alert in profile["alerts"].items() if _signal(alert) in signals]


def model_of(directory: Path, profile: Mapping, **keys: object) -> Model:
    """Resolve a small service of the profile."""
    library = {key: profile[key] for key in ("streams", "signals", "alerts")}
    own = {key: value for key, value in profile.items() if key not in {*library, "feeds"}}
    result = resolved(
        directory,
        yaml.safe_dump(SERVICE | keys),
        prices=yaml.safe_dump(PRICES),
        profile=yaml.safe_dump({**own, "streams": profile["feeds"]}, sort_keys=False),
        signals=yaml.safe_dump(library, sort_keys=False),
    )
    assert result.value is not None, result.diagnostics
    return result.value


def service_of(directory: Path, profile: Mapping, **keys: object) -> Service:
    """The service of ``model_of``."""
    (found,) = model_of(directory, profile, **keys).services
    return found


def _read(path: str) -> Mapping:
    loaded: Mapping = yaml.load((SPECS / path).read_text("utf-8"), yaml.CSafeLoader)
    return loaded


def _signal(alert: Mapping) -> str:
    bodies = [body for body in alert.values() if isinstance(body, dict)]
    return next((body["signal"] for body in bodies if "signal" in body), "")
