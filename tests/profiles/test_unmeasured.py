"""Missing data has no value: no success rate of runs without a status, and no green row for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.live.remote_write import TimeSeries
from generator.live.server import find_prometheus, prometheus_server
from generator.model import names
from tests.instrumentation.loading import compiled
from tests.programs import needed
from tests.prometheus.chain import T0, Chain

if TYPE_CHECKING:
    from pathlib import Path

_SERVICE = """
service: dev-assistant
profile: claude-code
owner: team
selector: {job: claude-code}
labels: {model: [claude-sonnet-4], tool: [Edit]}
"""
_LEVELS = ("service", "release")
_SCRAPE, _MINUTES = 15, 20
_AT = T0 + _MINUTES * 60


@pytest.mark.long
def test_runs_without_a_status_have_no_success_rate(tmp_path: Path) -> None:
    needed(find_prometheus)
    (tmp_path / "services").mkdir()
    (tmp_path / "services/dev.yaml").write_text(_SERVICE)
    model = compiled(tmp_path)
    (service,) = model.services
    times = range(1000 * T0, 1000 * (_AT + 1), 1000 * _SCRAPE)
    labels = {"job": "claude-code", "instance": "a:1", "app_version": "2.1", "start_type": "fresh"}
    runs = {"__name__": "claude_code_session_count_total", **labels}
    edits = {
        "__name__": "claude_code_code_edit_tool_decision_total",
        "job": "claude-code",
        "instance": "a:1",
        "app_version": "2.1",
        "tool_name": "Edit",
        "decision": "accept",
    }
    counted = [float(3 * place) for place in range(len(times))]
    with prometheus_server() as server:
        chain = Chain(server.api, service, model.library, model.site)
        chain.write([TimeSeries(one, list(times), counted) for one in (runs, edits)])
        chain.evaluate(T0, _AT)
        values = chain.recorded(_AT, _AT)[_AT]
    recorded = {name for name, _ in values}
    assert "service:agent_run:increase15m" in recorded
    of_success = {
        f"{level}:agent_success_rate:{part}" for level in _LEVELS for part in ("numerator", "ratio")
    }
    assert not recorded & of_success
    # The status of calls is known.
    assert values["tool:agent_tool_error_rate:ratio", frozenset({("tool", "Edit")})] == 0
    shown = {dict(known)["signal"] for name, known in values if name == names.BOARD_CURRENT}
    assert {"run_count", "tool_error_rate"} <= shown
    assert not shown & {"success_rate", "stop_reason_distribution"}
