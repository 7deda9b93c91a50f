"""The golden harness fails when it should."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.golden import SWITCH, cases, compare

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _no_update(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SWITCH, raising=False)


def test_equal_files_pass(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.txt").write_bytes(b"x\n")
    compare(tmp_path, {"sub/a.txt": "x\n"})


@pytest.mark.parametrize(
    ("kept", "produced", "told"),
    [
        ({"a": b"x\n"}, {"a": "y\n"}, r"changed: a\n(.|\n)*-x\n\+y"),
        ({"a": b"x\n"}, {"a": "x"}, "changed: a"),
        ({"a": b"x\r\n"}, {"a": "x\n"}, "changed: a"),
        ({}, {"a": "x"}, "missing: a"),
        ({"a": b"x"}, {}, "orphan: a"),
    ],
)
def test_a_difference_fails_and_is_named(
    tmp_path: Path, kept: dict[str, bytes], produced: dict[str, str], told: str
) -> None:
    for path, content in kept.items():
        (tmp_path / path).write_bytes(content)
    with pytest.raises(AssertionError, match=told):
        compare(tmp_path, produced)


def test_all_differences_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "orphan").write_bytes(b"")
    with pytest.raises(AssertionError, match=r"missing: a\nmissing: b\norphan: orphan"):
        compare(tmp_path, {"a": "", "b": ""})


def test_inputs_are_no_orphans(tmp_path: Path) -> None:
    (tmp_path / "specs" / "services").mkdir(parents=True)
    (tmp_path / "specs" / "services" / "a.yaml").write_bytes(b"")
    (tmp_path / "input.yaml").write_bytes(b"")
    compare(tmp_path, {}, inputs=("specs/**", "*.yaml"))


def test_the_switch_writes_what_is_produced_and_deletes_orphans(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "orphan").write_bytes(b"")
    monkeypatch.setenv(SWITCH, "1")
    compare(tmp_path / "new", {"sub/a": b"\xff"})
    compare(tmp_path, {"new/sub/a": b"\xff"})
    monkeypatch.delenv(SWITCH)
    compare(tmp_path, {"new/sub/a": b"\xff"})
    assert not (tmp_path / "orphan").exists()


def test_cases_are_directories_in_order(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / name).mkdir()
    (tmp_path / "README.md").write_bytes(b"")
    assert [case.name for case in cases(tmp_path)] == ["a", "b"]
