"""Bad specs: the whole message is as expected, the exit status names the side at fault, and the old output stays.

Specs in ``noted`` compile; the output of ``check`` is as expected.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from generator.cli import main
from tests.golden import cases, compare

if TYPE_CHECKING:
    from _pytest.capture import CaptureFixture

BAD = Path(__file__).parent / "bad"
NOTED = Path(__file__).parent / "noted"
#: No spec is at fault here, since there is none.
THE_CALLS_FAULT = frozenset({"no-services", "services-misspelt", "service-in-another-place"})


@pytest.mark.parametrize("case", cases(BAD), ids=lambda case: case.name)
def test_a_bad_spec_is_told_whole_and_changes_nothing(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: CaptureFixture[str]
) -> None:
    output = tmp_path / "output"
    output.mkdir()
    (output / "old.txt").write_text("old")
    monkeypatch.chdir(case)

    assert main(["generate", "specs", "-o", str(output)]) == (2 if case.name in THE_CALLS_FAULT else 1)

    told = capsys.readouterr().err.replace(str(output), "output")
    compare(case, {"expected.txt": told}, inputs=("specs/**",))
    assert [path.name for path in output.iterdir()] == ["old.txt"]


# Both tests of a case run in a row, while what its services share is still known.
_OF_NOTED = pytest.mark.parametrize("noted", cases(NOTED), ids=lambda case: case.name, scope="module")


@_OF_NOTED
def test_what_is_noted_of_a_spec_is_told_whole(
    noted: Path, monkeypatch: pytest.MonkeyPatch, capsys: CaptureFixture[str]
) -> None:
    monkeypatch.chdir(noted)
    assert main(["check", "specs"]) == 0
    compare(noted, {"expected.txt": capsys.readouterr().out}, inputs=("specs/**",))


@_OF_NOTED
def test_who_only_generates_is_warned_as_well(
    noted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: CaptureFixture[str]
) -> None:
    """Of the notes, only decisions on the author's behalf are for ``check`` alone."""
    monkeypatch.chdir(noted)
    assert main(["generate", "specs", "-o", str(tmp_path / "output"), "--no-cache"]) == 0
    expected = (noted / "expected.txt").read_text("utf-8")
    heads = [line for line in expected.splitlines() if re.search(r": warning\[", line)]
    told = capsys.readouterr().err.splitlines()
    assert [line for line in heads if line not in told] == []
