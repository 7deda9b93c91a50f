"""The hostile files match their names: as large as allowed, and refused with a message about their contents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.cli import main
from generator.spec.source import MAX_BYTES
from tests.bench.hostile import hostile

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", hostile())
def test_a_hostile_file_is_small_enough_to_be_read_and_is_refused(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = hostile()[name]
    assert len(text.encode()) <= MAX_BYTES
    (tmp_path / "services").mkdir()
    (tmp_path / "services/a.yaml").write_text(text, "utf-8")
    assert main(["check", str(tmp_path)]) == 1
    told = capsys.readouterr()
    assert "error[" in told.out + told.err
    assert "source/too-large" not in told.out + told.err
    assert len(told.out + told.err) < 100_000
