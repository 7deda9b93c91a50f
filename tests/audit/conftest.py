"""The project's own specs, and a registry that exposes their metrics."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.models import model_of

if TYPE_CHECKING:
    from generator.model.service import Model


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch) -> Model:
    """The small specs of the cases, with the same paths on every machine."""
    monkeypatch.chdir(Path(__file__).parent)
    return model_of(Path("specs"))
