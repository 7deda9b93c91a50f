"""The findings of ``generate --check``: each kind of difference, and equal outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.artifact import Artifact
from generator.output.outcome import OutputDifference, OutputError
from generator.output.write import compare, write
from tests.output.trees import artifacts, put, stamps

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILES = {"catalog.json": "{}\n", "rules/a.yml": "a\n"}


def _unlink(target: Path) -> None:
    (target / "rules" / "a.yml").unlink()


def _unfold(target: Path) -> None:
    _unlink(target)
    (target / "rules").rmdir()
    put(target, "rules", "mine")


def _edit(target: Path) -> None:
    put(target, "rules/a.yml", "b\n")


def _link(target: Path) -> None:
    (target / "rules" / "a.yml").rename(target / "moved")
    (target / "rules" / "a.yml").symlink_to("../moved")


def _fold(target: Path) -> None:
    _unlink(target)
    (target / "rules" / "a.yml").mkdir()


def _damage(target: Path) -> None:
    put(target, "manifest.json", "{")


def _lose(target: Path) -> None:
    (target / "manifest.json").unlink()


def _add(target: Path) -> None:
    put(target, "rules/mine.yml", "mine")


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        (_unlink, OutputDifference(missing=("rules/a.yml",))),
        (_unfold, OutputDifference(missing=("rules/a.yml",))),
        (_edit, OutputDifference(changed=("rules/a.yml",))),
        (_link, OutputDifference(changed=("rules/a.yml",))),
        (_fold, OutputDifference(changed=("rules/a.yml",))),
        (_damage, OutputDifference(changed=("manifest.json",))),
        (_lose, OutputDifference(missing=("manifest.json",))),
        (_add, OutputDifference()),
    ],
)
def test_each_difference_is_listed_and_nothing_is_touched(
    target: Path, change: Callable[[Path], None], difference: OutputDifference
) -> None:
    write(artifacts(FILES), target)
    change(target)
    before = stamps(target.parent)
    assert compare(artifacts(FILES), target) == difference
    assert stamps(target.parent) == before


def test_where_there_is_no_output_everything_is_missing(tmp_path: Path) -> None:
    everything = OutputDifference(missing=("catalog.json", "manifest.json", "rules/a.yml"))
    assert compare(artifacts(FILES), tmp_path / "output") == everything
    assert compare(artifacts(FILES), tmp_path / "no" / "such" / "output") == everything
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["a\n", "edited"])
def test_a_file_that_is_no_longer_made_is_stale_also_when_it_was_edited(target: Path, text: str) -> None:
    write(artifacts(FILES), target)
    put(target, "rules/a.yml", text)
    expected = OutputDifference(changed=("manifest.json",), stale=("rules/a.yml",))
    assert compare(artifacts({"catalog.json": "{}\n"}), target) == expected


def test_what_is_no_longer_made_and_gone_is_not_stale(target: Path) -> None:
    write(artifacts(FILES), target)
    _fold(target)
    assert compare(artifacts({"catalog.json": "{}\n"}), target).stale == ()


def test_after_a_write_there_is_no_difference(target: Path) -> None:
    put(target, "rules/mine.yml", "mine")
    assert compare(artifacts(FILES), target)
    write(artifacts(FILES), target)
    assert not compare(artifacts(FILES), target)


def test_bad_paths_are_refused_as_in_writing(target: Path) -> None:
    for bad in (Artifact("../x", ""), Artifact("x", "\udcff")):
        with pytest.raises(OutputError):
            compare((bad,), target)


def test_a_directory_that_cannot_be_read_is_an_error(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> str:
        raise PermissionError(13, "Permission denied", "rules/a.yml")

    write(artifacts(FILES), target)
    monkeypatch.setattr("generator.output.write.digest", refuse)
    with pytest.raises(OutputError, match=r'cannot be read: permission denied: "rules/a\.yml"'):
        compare(artifacts(FILES), target)
