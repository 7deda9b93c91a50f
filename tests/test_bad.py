"""Bad specs: the whole message is as expected, the exit status is 1, and the old output stays as it was."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from generator.cli import main
from tests.golden import cases, compare

if TYPE_CHECKING:
    from _pytest.capture import CaptureFixture

BAD = Path(__file__).parent / "bad"


@pytest.mark.parametrize("case", cases(BAD), ids=lambda case: case.name)
def test_a_bad_spec_is_told_whole_and_changes_nothing(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: CaptureFixture[str]
) -> None:
    output = tmp_path / "output"
    output.mkdir()
    (output / "old.txt").write_text("old")
    monkeypatch.chdir(case)

    assert main(["generate", "specs", "-o", str(output)]) == 1

    told = capsys.readouterr().err.replace(str(output), "output")
    compare(case, {"expected.txt": told}, inputs=("specs/**",))
    assert [path.name for path in output.iterdir()] == ["old.txt"]
