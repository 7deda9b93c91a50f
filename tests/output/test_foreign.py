"""Foreign files: kept, and never overwritten, followed or deleted."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from generator.output.outcome import OutputError
from generator.output.write import compare, write
from tests.output.trees import NEW, OLD, artifacts, files, put, stamps

if TYPE_CHECKING:
    from collections.abc import Callable

IN_THE_WAY = "move or delete it, then run again, or choose another output directory; nothing was written"


def test_foreign_files_links_and_empty_directories_are_kept(target: Path) -> None:
    write(artifacts(OLD), target)
    mine = put(target, "rules/deep/mine.yml", "mine")
    (target / "empty").mkdir()
    (target / "rules" / "link").symlink_to("../..")
    os.mkfifo(target / "pipe")
    before = mine.stat()
    outcome = write(artifacts(NEW), target)
    assert outcome.deleted == ("rules/deep/b.yml",)
    assert files(target) == {**NEW, "rules/deep/mine.yml": "mine"}
    assert (mine.stat().st_ino, mine.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert (target / "empty").is_dir()
    assert (target / "rules" / "link").readlink().as_posix() == "../.."
    assert (target / "pipe").is_fifo()


def test_a_directory_that_was_not_generated_is_filled_beside_what_is_in_it(target: Path) -> None:
    put(target, "rules/mine.yml", "mine")
    write(artifacts(OLD), target)
    assert files(target) == {**OLD, "rules/mine.yml": "mine"}


@pytest.mark.parametrize(
    ("stand", "what"),
    [
        (lambda path: path.write_text("mine"), "a file that was not generated"),
        (lambda path: path.write_text("c!"), "a file that was not generated"),
        (lambda path: path.mkdir(), "a directory"),
        (lambda path: path.symlink_to("elsewhere"), "a link"),
        (os.mkfifo, "no regular file"),
    ],
    ids=["file", "same-size", "directory", "link", "pipe"],
)
def test_what_stands_where_a_file_is_to_go_stops_the_write_before_it_begins(
    target: Path, stand: Callable[[Path], object], what: str
) -> None:
    write(artifacts(OLD), target)
    (target / "books").mkdir()
    stand(target / "books" / "c.md")
    before = stamps(target.parent)
    with pytest.raises(OutputError) as caught:
        write(artifacts(NEW), target)
    assert caught.value.message == (f'"{target}" has files in the way of the output: "books/c.md" is {what}')
    assert caught.value.help == IN_THE_WAY
    assert stamps(target.parent) == before
    assert compare(artifacts(NEW), target).changed == ("books/c.md", "manifest.json", "rules/a.yml")


def test_all_that_is_in_the_way_is_named_at_once(target: Path) -> None:
    put(target, "catalog.json", "mine")
    put(target, "rules", "mine")
    with pytest.raises(OutputError, match=r'"catalog\.json" is a file .*"rules" is a file that was not'):
        write(artifacts(NEW), target)


def test_a_foreign_file_with_the_very_content_is_taken_for_ours(target: Path) -> None:
    put(target, "books/c.md", NEW["books/c.md"])
    assert "books/c.md" in write(artifacts(NEW), target).unchanged
    assert "books/c.md" in json.loads((target / "manifest.json").read_text())["files"]


def test_a_lost_manifest_makes_no_file_a_victim(target: Path) -> None:
    write(artifacts(OLD), target)
    (target / "manifest.json").unlink()
    with pytest.raises(OutputError, match=r'"rules/a\.yml" is a file that was not generated'):
        write(artifacts(NEW), target)
    assert files(target) == OLD
    assert write(artifacts(OLD), target).created == ("manifest.json",)


@pytest.mark.parametrize(
    "stand",
    [Path.symlink_to, lambda path, _: path.mkdir(), lambda path, _: os.mkfifo(path)],
    ids=["link", "directory", "pipe"],
)
def test_a_manifest_that_is_no_file_stops_the_write(
    target: Path, tmp_path: Path, stand: Callable[[Path, Path], object]
) -> None:
    target.mkdir()
    path = target / "manifest.json"
    outside = put(tmp_path, "outside.json", json.dumps({"files": {}}))
    stand(path, outside)
    with pytest.raises(OutputError, match=r'manifest\.json" is no manifest') as caught:
        write(artifacts(NEW), target)
    assert caught.value.help.startswith("move or delete it")
    assert outside.read_text() == '{"files": {}}'
    assert compare(artifacts(NEW), target).changed == ("manifest.json",)


def test_a_huge_manifest_is_not_read(target: Path) -> None:
    target.mkdir()
    with (target / "manifest.json").open("wb") as file:
        file.truncate(17 * 1024 * 1024)
    with pytest.raises(OutputError, match="is no manifest"):
        write(artifacts(NEW), target)


@pytest.mark.parametrize("path", ["rules", "rules/deep"])
def test_nothing_is_written_through_a_link_within(target: Path, tmp_path: Path, path: str) -> None:
    write(artifacts({"catalog.json": "{}\n"}), target)
    outside = tmp_path / "outside"
    outside.mkdir()
    (target / path).parent.mkdir(exist_ok=True)
    (target / path).symlink_to(outside)
    with pytest.raises(OutputError, match=f'"{path}" is a link'):
        write(artifacts(OLD), target)
    assert list(outside.iterdir()) == []


def test_nothing_is_deleted_through_a_link_within(target: Path, tmp_path: Path) -> None:
    write(artifacts(OLD), target)
    (target / "rules" / "deep").rename(tmp_path / "outside")
    (target / "rules" / "deep").symlink_to(tmp_path / "outside")
    outcome = write(artifacts(NEW), target)
    assert outcome.deleted == ()
    assert files(tmp_path / "outside") == {"b.yml": "b\n"}


def test_a_file_of_ours_replaced_by_a_link_is_in_the_way_and_kept_when_stale(
    target: Path, tmp_path: Path
) -> None:
    write(artifacts(OLD), target)
    outside = put(tmp_path, "outside", "precious")
    for path in ("rules/a.yml", "rules/deep/b.yml"):
        (target / path).unlink()
        (target / path).symlink_to(outside)
    with pytest.raises(OutputError, match=r'"rules/a\.yml" is a link'):
        write(artifacts(NEW), target)
    assert write(artifacts({"catalog.json": "{}\n"}), target).kept == ("rules/a.yml", "rules/deep/b.yml")
    assert outside.read_text() == "precious"


def test_a_stale_file_that_has_become_a_directory_is_left_alone(target: Path) -> None:
    write(artifacts(OLD), target)
    (target / "rules" / "deep" / "b.yml").unlink()
    put(target, "rules/deep/b.yml/mine", "mine")
    outcome = write(artifacts(NEW), target)
    assert (outcome.deleted, outcome.kept) == ((), ())
    assert files(target) == {**NEW, "rules/deep/b.yml/mine": "mine"}


def test_the_directory_of_a_file_that_was_deleted_by_hand_goes_with_it(target: Path) -> None:
    write(artifacts(OLD), target)
    (target / "rules" / "deep" / "b.yml").unlink()
    write(artifacts(NEW), target)
    assert not (target / "rules" / "deep").exists()


def test_a_file_spelled_anew_where_case_does_not_count_is_no_obstacle(target: Path) -> None:
    """A second name of the same file imitates such a file system."""
    write(artifacts({"books/Cost.md": "1"}), target)
    (target / "books" / "cost.md").hardlink_to(target / "books" / "Cost.md")
    outcome = write(artifacts({"books/cost.md": "2"}), target)
    assert (outcome.created, outcome.deleted) == (("books/cost.md",), ("books/Cost.md",))
    assert files(target) == {"books/cost.md": "2"}


def test_staging_names_of_others_are_kept(target: Path) -> None:
    write(artifacts(OLD), target)
    mine = [
        put(target, ".mine.new-0123456789abcdef", "mine"),
        put(target, ".catalog.json.new", "mine"),
        put(target.parent, ".output.new-0123456789abcdef/mine", "mine"),
    ]
    write(artifacts(NEW), target)
    assert [path.read_text() for path in mine] == ["mine"] * 3
