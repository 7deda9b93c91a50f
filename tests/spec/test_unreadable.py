"""Files that cannot be read, and every word that is said of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from generator.diagnostics.text import render_text
from generator.spec.document import parse_document
from generator.spec.events import MAX_NODES
from generator.spec.load import load
from generator.spec.source import MAX_BYTES, read_source
from tests.golden import compare

if TYPE_CHECKING:
    from collections.abc import Callable

    from generator.diagnostics import Diagnostic

GOLDEN = Path(__file__).parent / "unreadable"
NAME = Path("support-agent.yaml")
SERVICE = "service: a\nprofile: agent\nowner: b\nselector: {job: a}\n"


def _nothing() -> None:
    """No file at all."""


def _directory() -> None:
    NAME.mkdir()


def _pipe() -> None:
    os.mkfifo(NAME)


def _loop() -> None:
    NAME.symlink_to(NAME)


def _large() -> None:
    NAME.write_bytes(b"#" * (MAX_BYTES + 1))


def _many_values() -> None:
    NAME.write_text(f"model: [{'x, ' * MAX_NODES}]\n", "utf-8")


FILES: dict[str, Callable[[], None]] = {
    "source-missing": _nothing,
    "source-not-a-file": _directory,
    "source-not-a-file-pipe": _pipe,
    "source-unreadable": _loop,
    "source-too-large": _large,
    "yaml-too-large": _many_values,
}


def _no_services() -> None:
    Path("specs").mkdir()


def _file() -> None:
    Path("specs").write_text(SERVICE, "utf-8")


def _not_read() -> None:
    Path("specs/services").mkdir(parents=True)
    Path("specs/services/a.yaml").write_text(SERVICE, "utf-8")
    Path("specs/support-agent.yaml").write_text(SERVICE, "utf-8")


DIRECTORIES: dict[str, Callable[[], None]] = {
    "source-no-specs": _nothing,
    "source-no-specs-file": _file,
    "source-no-services": _no_services,
    "source-not-read": _not_read,
}


@pytest.fixture(autouse=True)
def _in_an_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _said_of_file() -> tuple[Diagnostic, ...]:
    read = read_source(NAME)
    return parse_document(read.value).diagnostics if read.value else read.diagnostics


@pytest.mark.parametrize("case", FILES)
def test_the_text_of_an_unreadable_file_is_as_expected(case: str) -> None:
    FILES[case]()
    compare(GOLDEN / case, {"expected.txt": render_text(_said_of_file(), {})})


@pytest.mark.parametrize("case", DIRECTORIES)
def test_the_text_of_an_unreadable_directory_is_as_expected(case: str) -> None:
    DIRECTORIES[case]()
    loaded = load(Path("specs"))
    compare(GOLDEN / case, {"expected.txt": render_text(loaded.diagnostics, loaded.sources)})


def test_no_golden_folder_is_left_over() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == FILES.keys() | DIRECTORIES.keys()


def test_a_name_that_is_too_long_or_holds_a_nul_is_an_error_too() -> None:
    for name in ("x" * 5000, "a\0b"):
        assert [found.code for found in read_source(Path(name)).diagnostics] == ["source/unreadable"]
