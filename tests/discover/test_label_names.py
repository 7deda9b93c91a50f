"""The values of a label that a source calls differently: those that the profile reads, and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.audit.exposition import fetch_file, parse_exposition
from generator.commands.init import site_text
from generator.discover.draft import bounds
from generator.discover.places import InExposition
from generator.discover.recognise import candidates, recognise

if TYPE_CHECKING:
    from pathlib import Path

CALLS = "gen_ai_client_operation_duration_seconds"
EXPOSED = f"""\
{CALLS}_count{{gen_ai_request_model="asked",gen_ai_response_model="asked-2026-03-21"}} 3
{CALLS}_count{{gen_ai_response_model="answered"}} 2
{CALLS}_count{{error_type="timeout"}} 1
"""


def test_the_bound_lists_the_values_that_are_read(tmp_path: Path) -> None:
    file = tmp_path / "exposed.prom"
    file.write_text(EXPOSED, encoding="utf-8")
    place = InExposition(parse_exposition(fetch_file(file)), "mine")
    (match,) = recognise(place, candidates(tmp_path, site_text(15)), "otel-genai-client")
    (proposed,) = bounds(match, ["model"], 60)
    assert proposed.text == "[answered, asked]"
