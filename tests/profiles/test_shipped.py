"""Every shipped profile: no errors, a first service with everything measured, and alerts that call nobody in vain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.checks.selfcheck import self_check
from generator.cli import main
from generator.compiler import check
from generator.diagnostics import Severity
from generator.spec.sources import read_sources, shipped_profiles
from tests.models import model_of, written

if TYPE_CHECKING:
    from pathlib import Path


PROFILES = [path.stem for path in shipped_profiles()]


@pytest.mark.parametrize("profile", PROFILES)
def test_a_first_service_passes_and_uses_all_that_is_measured(profile: str, tmp_path: Path) -> None:
    assert main(["init", str(tmp_path), "--profile", profile, "--service", "mine"]) == 0
    found = check(read_sources(tmp_path))
    assert [one for one in found.diagnostics if one.severity is not Severity.INFO] == []
    assert found.model is not None
    (service,) = found.model.services
    assert service.profile == profile
    checked = self_check(service)
    assert [item.name for item in checked.items if item.missing] == []
    assert checked.missing_of_minimum == ()


@pytest.mark.parametrize("profile", PROFILES)
def test_placeholders_are_said_to_be_so(profile: str, tmp_path: Path) -> None:
    main(["init", str(tmp_path), "--profile", profile, "--service", "mine"])
    lines = (tmp_path / "services/mine.yaml").read_text("utf-8").splitlines()
    assert not [line for line in lines if "gpt-4o" in line and "#" not in line]


def _sources(folder: Path, service: str, **profiles: str) -> list[str]:
    files = {f"profiles/{name}.yaml": text for name, text in profiles.items()}
    written(folder, {"services/mine.yaml": service, **files})
    return [file.path.stem for file in read_sources(folder).shipped]


@pytest.mark.parametrize(
    ("service", "read"),
    [
        ("service: a\nprofile: vllm\n", ["vllm"]),
        ("service: a\nprofile:  vllm   # a comment\r\n", ["vllm"]),
        ("{service: a, profile: vllm}\n", PROFILES),
        ("service: a\nprofile: 'vllm'\n", PROFILES),
        ("service: a\nprofile: vlllm\n", PROFILES),
        ("service: a\n", PROFILES),
    ],
)
def test_only_what_may_be_in_use_is_read(service: str, read: list[str], tmp_path: Path) -> None:
    assert _sources(tmp_path, service) == read


def test_what_a_profile_of_ones_own_extends_is_read(tmp_path: Path) -> None:
    own = "profile: ours\nextends: litellm\n"
    assert _sources(tmp_path, "service: a\nprofile: ours\n", ours=own) == ["litellm"]


def test_an_unknown_profile_is_told_its_right_name(tmp_path: Path) -> None:
    text = "service: a\nprofile: litelm\nowner: team\nselector: {job: a}\n"
    _sources(tmp_path, text)
    (found,) = (
        one
        for one in check(read_sources(tmp_path)).diagnostics
        if "profile" in one.code or "profile" in one.message
    )
    assert "litellm" in (found.help or "")


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
