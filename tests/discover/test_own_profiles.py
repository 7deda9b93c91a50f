"""Profiles of a directory's own, as their authors write them first, and what ``init`` answers to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.audit.checks.labels import foreign_labels
from generator.errors import CommandError
from tests.discover.recognising import recognised
from tests.models import written

if TYPE_CHECKING:
    from pathlib import Path

    from generator.discover.recognise import Match

_PROFILE = """\
profile: node
emitted: elsewhere
labels:
  status: {values: [ok, error], closed: true}
  stop_reason: {values: {completed: [done], timeout: [late]}}
  model: {}
streams:
  run: {of: agentRuns, set: {stop_reason: completed}}
  token_usage: {of: promptTokens, set: {token_type: prompt}}
"""
_EXPOSED = """\
# TYPE agentRuns counter
agentRuns{status="ok"} 10
agentRuns{status="error"} 1
# TYPE promptTokens counter
promptTokens{model="gpt-4o-mini"} 4200
"""


def test_labels_that_a_profile_does_not_map_are_called_alike(tmp_path: Path) -> None:
    (match,) = _recognised(tmp_path, _PROFILE, _EXPOSED)
    streams = match.service.streams
    assert {name: stream.labels for name, stream in streams.items()} == {
        "run": ("status", "stop_reason"),
        "token_usage": ("model", "token_type"),
    }
    assert {"success_rate", "cost_per_run"} <= match.service.signals.keys()


def test_names_of_one_word_are_found(tmp_path: Path) -> None:
    (match,) = _recognised(tmp_path, _PROFILE, _EXPOSED)
    assert match.seen.metrics.keys() == {"agentRuns", "promptTokens"}


def test_a_name_that_others_begin_with_is_found(tmp_path: Path) -> None:
    profile = _PROFILE.replace("agentRuns", "agent_run").replace("promptTokens", "agent_run_tokens")
    exposed = _EXPOSED.replace("agentRuns", "agent_run").replace("promptTokens", "agent_run_tokens")
    (match,) = _recognised(tmp_path, profile, exposed)
    assert match.seen.metrics.keys() == {"agent_run", "agent_run_tokens"}


def test_a_label_that_is_mapped_nowhere_is_named(tmp_path: Path) -> None:
    partly = _PROFILE.replace(
        "{of: promptTokens, set: {token_type: prompt}}",
        "{of: promptTokens, labels: {token_type: kind}}",
    )
    (match,) = _recognised(tmp_path, partly, _EXPOSED.replace('model="', 'kind="prompt",model="'))
    (found,) = [
        one.diagnostic for one in foreign_labels(match.seen) if one.diagnostic.code == "audit/unread-label"
    ]
    assert found.message == 'promptTokens has the label "model", and the stream token_usage does not read it'


def test_a_collector_says_the_job_of_its_series(tmp_path: Path) -> None:
    exposed = _EXPOSED.replace("{", '{job="shop/planner",')
    (match,) = _recognised(tmp_path, _PROFILE, exposed)
    assert match.service.selector == {"job": "shop/planner"}
    other = exposed.replace("planner", "writer").replace("# TYPE agentRuns counter\n", "")
    both = _recognised(
        tmp_path, _PROFILE, exposed.partition("# TYPE prompt")[0] + other.partition("# TYPE")[0]
    )
    assert [one.service.selector["job"] for one in both] == ["shop/planner", "shop/writer"]


def test_an_error_of_a_profile_has_its_place(tmp_path: Path) -> None:
    histogram = _PROFILE + "  run_latency: {of: agentRunTime}\n"
    with pytest.raises(CommandError, match=r"profiles/node\.yaml:11:3: the stream \"run_latency\""):
        _recognised(tmp_path, histogram, _EXPOSED)


def test_an_unknown_key_has_its_place(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"profiles/node\.yaml:8:1: unknown key \"streamz\""):
        _recognised(tmp_path, _PROFILE.replace("streams:", "streamz:"), _EXPOSED)


def _recognised(folder: Path, profile: str, exposed: str) -> tuple[Match, ...]:
    profile = profile.replace("  model: {}", "  model: {}\n  token_type: {values: [prompt]}")
    return recognised(written(folder, {"profiles/node.yaml": profile}), exposed)
