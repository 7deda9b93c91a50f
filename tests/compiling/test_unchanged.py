"""A call that finds nothing changed is answered from the record of the last one; any change is detected."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import pytest

from generator import unchanged
from tests.compiling.conftest import PROFILE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.compiling.conftest import Place


@pytest.fixture
def settled(generated_place: Place) -> Place:
    """Specs that were saved a while ago, and compiled by a call that finds its results in the cache."""
    time.sleep(0.03)
    for record in (generated_place.root / "cache/agent-metrics").glob("*.run"):
        record.unlink()
    assert generated_place.generate().code == 0
    assert _is_answered()
    return generated_place


def _is_answered(*arguments: str) -> bool:
    return unchanged.answered(["generate", *arguments])


def test_it_says_what_the_command_would(settled: Place) -> None:
    assert _is_answered()
    first = settled.generate()
    for record in (settled.root / "cache/agent-metrics").glob("*.run"):
        record.unlink()
    assert settled.generate() == first
    assert first.out == f"output: up to date, {len(settled.files())} files\n"
    assert "warning[practice/no-alerts]" in first.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("specs",),
        ("./specs/",),
        ("specs", "-o", "output"),
        ("--output", "./output"),
        ("-o", "output", "specs"),
    ],
)
def test_the_same_call_may_be_spelled_in_several_ways(settled: Place, arguments: tuple[str, ...]) -> None:
    assert settled.root.is_dir()
    assert _is_answered(*arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--check",),
        ("--no-cache",),
        ("specs", "other"),
        ("-o",),
        ("-o", "elsewhere"),
        ("-ooutput",),
        ("specs", "-o", ""),
        ("x/../specs",),
        ("--help",),
    ],
)
def test_other_calls_are_the_commands(settled: Place, arguments: tuple[str, ...]) -> None:
    assert settled.root.is_dir()
    assert not _is_answered(*arguments)


def test_from_another_directory_it_is_another_call(settled: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(settled.root / "specs")
    assert not _is_answered()


def _spec(root: Path) -> Path:
    return root / "specs/services/a-agent.yaml"


def _same_size(root: Path) -> None:
    _spec(root).write_text(_spec(root).read_text().replace("team-demo", "team-dem0"))


def _restored_time(root: Path) -> None:
    """Like an editor or an archive: the change time of the entry reveals it."""
    before = _spec(root).stat()
    _same_size(root)
    os.utime(_spec(root), ns=(before.st_atime_ns, before.st_mtime_ns))


def _replaced(root: Path) -> None:
    new = _spec(root).with_name(".new")
    new.write_text(_spec(root).read_text().replace("team-demo", "team-dem0"))
    new.replace(_spec(root))


def _one_more(root: Path) -> None:
    (root / "specs/services/d-agent.yaml").write_text(_spec(root).read_text().replace("a-agent", "d-agent"))


def _one_less(root: Path) -> None:
    _spec(root).unlink()


def _site(root: Path) -> None:
    (root / "specs/site.yaml").write_text("rule_interval: 30s\n")


def _profile(root: Path) -> None:
    (root / "specs/profiles/other.yaml").write_text(PROFILE.replace("profile: small", "profile: other"))


def _no_spec(root: Path) -> None:
    (root / "specs/stray.yaml").write_text("a: 1\n")


def _pipe(root: Path) -> None:
    _spec(root).unlink()
    os.mkfifo(_spec(root))


def _edited(root: Path) -> None:
    (root / "output/catalog.json").write_text("mine\n")


def _deleted(root: Path) -> None:
    (root / "output/catalog.json").unlink()


def _linked(root: Path) -> None:
    (root / "output/catalog.json").rename(root / "moved")
    (root / "output/catalog.json").symlink_to("../moved")


def _linked_output(root: Path) -> None:
    (root / "output").rename(root / "moved")
    (root / "output").symlink_to("moved")


def _manifest(root: Path) -> None:
    (root / "output/manifest.json").unlink()


@pytest.mark.parametrize(
    "change",
    [
        _same_size,
        _restored_time,
        _replaced,
        _one_more,
        _one_less,
        _site,
        _profile,
        _no_spec,
        _pipe,
        _edited,
        _deleted,
        _linked,
        _linked_output,
        _manifest,
    ],
)
def test_any_change_is_seen(settled: Place, change: Callable[[Path], None]) -> None:
    change(settled.root)
    assert not _is_answered()


def _touch(root: Path) -> None:
    for path in (_spec(root), root / "output/catalog.json", root / "specs/services"):
        os.utime(path)


def _saved_again(root: Path) -> None:
    _replaced(root)
    _spec(root).write_text(_spec(root).read_text().replace("team-dem0", "team-demo"))


def _swap_file(root: Path) -> None:
    (root / "specs/services/.a-agent.yaml.swp").write_text("an editor's")


@pytest.mark.parametrize("change", [_touch, _saved_again, _swap_file])
def test_what_only_looks_changed_is_looked_at_once(
    settled: Place, change: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    change(settled.root)
    looked: list[str] = []
    digest_of = unchanged.digest_of

    def noted(path: str) -> str:
        looked.append(path)
        return digest_of(path)

    monkeypatch.setattr(unchanged, "digest_of", noted)
    assert _is_answered()
    assert looked
    looked.clear()
    assert _is_answered()
    assert not looked


def test_another_compiler_answers_for_itself(settled: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    assert settled.root.is_dir()
    monkeypatch.setattr(unchanged, "described", lambda: "another")
    assert not _is_answered()


def test_a_spec_that_was_saved_just_now_is_not_trusted(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """It could be saved once more within the resolution of times."""
    monkeypatch.setattr(unchanged, "_RACY_NS", 10**12)  # as on a file system that counts days
    place.service("a-agent", "team-new")
    place.generate()
    assert not _is_answered()


def test_a_spec_that_is_saved_meanwhile_is_not_trusted(
    settled: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled.service("a-agent", "team-new")
    time.sleep(0.03)
    write = sys.modules["generator.commands.generate_afresh"].write

    def saving(*arguments: object) -> object:
        settled.service("a-agent", "team-neo")
        return write(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr("generator.commands.generate_afresh.write", saving)
        settled.generate()
    assert not _is_answered()
    assert b"team-neo" not in settled.files()["catalog.json"]
    settled.generate()
    assert b"team-neo" in settled.files()["catalog.json"]


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_where_a_shell_has_closed_a_stream_the_command_sees_to_it(
    settled: Place, monkeypatch: pytest.MonkeyPatch, stream: str
) -> None:
    assert settled.root.is_dir()
    monkeypatch.setattr(sys, stream, None)
    assert not _is_answered()
