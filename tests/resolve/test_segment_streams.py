"""The schema tells of the streams that may have a segment what the compiler knows of them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from generator.resolve.segments import SIGNALS, USUAL
from generator.spec.schema import schema_text


@pytest.fixture
def of() -> dict[str, Any]:
    """The schema of the key ``of`` of a segment."""
    segments = json.loads(schema_text("service"))["properties"]["segments"]
    found: dict[str, Any] = segments["additionalProperties"]["properties"]["of"]
    return found


def test_it_lists_the_streams(of: dict[str, Any]) -> None:
    listed = of["description"].removeprefix("Those that have it: ").partition(". ")[0]
    assert re.sub(r" \([^)]*\)", "", listed).split(", ") == list(SIGNALS)


def test_it_names_the_default(of: dict[str, Any]) -> None:
    assert of["description"].endswith(f"Default: {' and '.join(USUAL)}.")


def test_all_of_them_fit(of: dict[str, Any]) -> None:
    assert of["maxItems"] == len(SIGNALS)
