"""Metrics like those by which profiles count runs, and that the chosen profile does not read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.audit.exposition import fetch_file, parse
from generator.commands.init_from import site
from generator.discover.places import InExposition
from generator.discover.recognise import Unread, candidates, recognise

if TYPE_CHECKING:
    from pathlib import Path

TOKENS = 'gen_ai_client_token_usage_count{gen_ai_token_type="input",gen_ai_request_model="m"} 1\n'
RUNS = "gen_ai_client_operation_duration"


@pytest.mark.parametrize("unit", ["", "_milliseconds", "_ms"])
def test_runs_in_another_unit_are_named(tmp_path: Path, unit: str) -> None:
    (unread,) = _unread(tmp_path, f"{RUNS}{unit}_count 1\n{RUNS}{unit}_sum 1\n")
    assert (unread.metric, unread.read) == (f"{RUNS}{unit}", f"{RUNS}_seconds")
    assert "otel-genai-client" in unread.profiles


def test_other_metrics_are_not_named(tmp_path: Path) -> None:
    assert _unread(tmp_path, "gen_ai_client_operation_time_count 1\nprocess_cpu_seconds_total 1\n") == ()


def _unread(folder: Path, more: str) -> tuple[Unread, ...]:
    """Recognise the tokens of pydantic-ai beside other metrics."""
    file = folder / "exposed.prom"
    file.write_text(TOKENS + more, encoding="utf-8")
    (match,) = recognise(InExposition(parse(fetch_file(file)), "one"), candidates(folder, site(None)))
    assert match.service.profile == "pydantic-ai"
    return match.unread
