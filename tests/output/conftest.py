"""Folders to write in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.output import lock
from tests.output.trees import in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder in memory, for tests that write several hundred times."""
    with in_memory() as folder:
        yield folder


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """The path of the output."""
    return tmp_path / "output"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither writers nor readers wait for another run."""
    monkeypatch.setattr(lock, "PATIENCE_S", 0.0)
    monkeypatch.setattr(lock, "READER_PATIENCE_S", 0.0)
