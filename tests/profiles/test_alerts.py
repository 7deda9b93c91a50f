"""Whom the alerts of a shipped profile call: nobody for what a person decides, or for what only a vendor can change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.cli import main
from tests.models import model_of

if TYPE_CHECKING:
    from pathlib import Path


def _severities(profile: str, folder: Path) -> dict[str, list[str]]:
    """Name the alerts of a first service of a profile, each with its severities."""
    assert main(["init", str(folder), "--profile", profile, "--service", "mine"]) == 0
    (service,) = model_of(folder).services
    found: dict[str, list[str]] = {}
    for alert in service.alerts:
        found.setdefault(alert.name, []).extend(str(tier.severity) for tier in alert.tiers)
    return found


def test_rejected_edits_open_a_ticket_and_wake_nobody(tmp_path: Path) -> None:
    found = _severities("claude-code", tmp_path)
    assert found["AgentEditsRejected"] == ["warning"]
    assert "AgentToolErrorRateHigh" not in found


@pytest.mark.parametrize("profile", ["codex", "gemini-cli"])
def test_no_ticket_asks_for_buckets_that_only_a_vendor_can_change(profile: str, tmp_path: Path) -> None:
    assert "AgentLatencyOverflow" not in _severities(profile, tmp_path)


@pytest.mark.parametrize("profile", ["claude-code", "codex", "gemini-cli"])
def test_nobody_is_paged_when_people_close_their_terminals(profile: str, tmp_path: Path) -> None:
    assert set(_severities(profile, tmp_path)["AgentMetricAbsent"]) == {"warning"}
