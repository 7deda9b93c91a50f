"""Some dashboard shows every signal of the library."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from generator.live.plan import records_read
from generator.model import names
from tests.grafana.documents import PanelQuery, targets
from tests.models import SPECS
from tests.whole.compiled import CompilerOutput, compile_specs, rules
from tests.whole.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LIBRARY: dict[str, Any] = yaml.safe_load((SPECS / "signals.yaml").read_text("utf-8"))["signals"]
#: With the services that ship, it measures every signal.
COUNTS_CALLS = {
    "service": "adk-agent",
    "profile": "google-adk",
    "owner": "team",
    "selector": {"job": "adk-agent"},
    "labels": {"model": ["gemini-2.5-flash"], "tool": ["maps"]},
}


@pytest.fixture(scope="module")
def compiled() -> CompilerOutput:
    """The shipped specs and one more service, compiled."""
    return compile_specs({**shipped(), "services/adk-agent.yaml": COUNTS_CALLS})


@pytest.mark.parametrize("signal", LIBRARY)
def test_a_dashboard_shows_the_signal(signal: str, compiled: CompilerOutput) -> None:
    assert _shows(signal, compiled, tuple(_queries(compiled)))


def test_a_signal_without_a_panel_is_noticed(compiled: CompilerOutput) -> None:
    rest = [one for one in _queries(compiled) if not one.panel.where.startswith("agent-tools / LLM calls ")]
    assert not _shows("llm_call_count", compiled, rest)


def _shows(signal: str, compiled: CompilerOutput, queries: Iterable[PanelQuery]) -> bool:
    """Whether a panel reads a value of the signal, or the status board has its row."""
    records = _records(signal, compiled)
    assert records, f"no service measures {signal}"
    on_board = any(
        rule.get("record") == names.BOARD_TREND and rule["labels"][names.SIGNAL] == signal
        for rule in rules(compiled.files)
    )
    wanted = {*records, names.BOARD_TREND} if on_board else records
    return any(records_read(one.expr, wanted) for one in queries)


def _records(signal: str, compiled: CompilerOutput) -> set[str]:
    """List the records of a signal's values, of all services that measure it."""
    services = json.loads(compiled.files["catalog.json"])["services"].values()
    return {
        record for one in services if signal in one["signals"] for record in one["signals"][signal]["records"]
    }


def _queries(compiled: CompilerOutput) -> Iterator[PanelQuery]:
    """List the queries of all panels of all dashboards."""
    for path, text in compiled.files.items():
        if path.startswith("grafana/dashboards/"):
            yield from targets(json.loads(text))
