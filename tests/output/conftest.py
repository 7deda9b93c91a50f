"""Folders to write in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.output.trees import in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def folder() -> Iterator[Path]:
    """In memory, for tests that write several hundred times."""
    with in_memory() as folder:
        yield folder


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Where the output will be."""
    return tmp_path / "output"


@pytest.fixture(params=[False, True], ids=["whole", "in-place"])
def in_place(request: pytest.FixtureRequest) -> bool:
    """Both ways of replacing."""
    return bool(request.param)
