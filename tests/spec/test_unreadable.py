"""Files that cannot be read, and all their messages."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from generator.diagnostics.formats import render_text
from generator.spec.document import parse_document
from generator.spec.events import MAX_NODES
from generator.spec.load import load
from generator.spec.source import MAX_BYTES, read_source
from generator.spec.sources import MAX_PROFILES, MAX_SERVICES, read_sources
from tests.golden import compare
from tests.unprivileged import unprivileged

if TYPE_CHECKING:
    from collections.abc import Callable

    from generator.diagnostics import Diagnostic

GOLDEN = Path(__file__).parent / "unreadable"
NAME = Path("support-agent.yaml")
SERVICE = "service: a\nprofile: agent\nowner: b\nselector: {job: a}\n"


def _nothing() -> None:
    """Create no file."""


def _directory() -> None:
    NAME.mkdir()


def _pipe() -> None:
    os.mkfifo(NAME)


def _loop() -> None:
    NAME.symlink_to(NAME)


def _broken_link() -> None:
    NAME.symlink_to("nowhere")


def _device() -> None:
    NAME.symlink_to("/dev/zero")


def _large() -> None:
    NAME.write_bytes(b"#" * (MAX_BYTES + 1))


def _many_values() -> None:
    NAME.write_text(f"model: [{'x, ' * MAX_NODES}]\n", "utf-8")


FILES: dict[str, Callable[[], None]] = {
    "source-missing": _nothing,
    "source-missing-link": _broken_link,
    "source-not-a-file": _directory,
    "source-not-a-file-device": _device,
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


def _overlooked() -> None:
    _not_read()
    Path("specs/services/team-a").mkdir()
    for name in ("B.YAML", "c.json", "d.yaml.txt", "a.yaml.bak", "a.yaml~"):
        Path("specs/services", name).write_text(SERVICE, "utf-8")
    for name in ("site.yaml", "site.yml"):
        Path("specs", name).write_text("retention: 15d\n", "utf-8")


def _other_endings() -> None:
    Path("specs/services").mkdir(parents=True)
    for name in ("b.YAML", "c.json", "notes.txt"):
        Path("specs/services", name).write_text(SERVICE, "utf-8")


def _services_by_team() -> None:
    Path("specs/services/team-a").mkdir(parents=True)
    Path("specs/services/team-a/a.yaml").write_text(SERVICE, "utf-8")


def _no_profiles() -> None:
    Path("specs/services").mkdir(parents=True)
    Path("specs/services/a.yaml").write_text(SERVICE, "utf-8")
    Path("specs/profiles").symlink_to("nowhere")


def _no_shared_files() -> None:
    Path("specs/services").mkdir(parents=True)
    Path("specs/services/a.yaml").write_text(SERVICE, "utf-8")
    Path("specs/prices.yaml").symlink_to("nowhere")
    os.mkfifo("specs/site.yaml")


def _many_files(name: str, count: int) -> None:
    Path("specs", name).mkdir(parents=True)
    for number in range(count):
        Path("specs", name, f"{number}.yaml").touch()


def _many_services() -> None:
    _many_files("services", MAX_SERVICES + 1)


def _many_profiles() -> None:
    _many_files("profiles", MAX_PROFILES + 1)
    Path("specs/services").mkdir()
    Path("specs/services/a.yaml").write_text(SERVICE, "utf-8")


def _directory_loop() -> None:
    Path("specs").mkdir()
    Path("specs/services").symlink_to("services")


DIRECTORIES: dict[str, Callable[[], None]] = {
    "source-no-specs": _nothing,
    "source-no-specs-file": _file,
    "source-no-services": _no_services,
    "source-no-services-endings": _other_endings,
    "source-no-services-below": _services_by_team,
    "source-not-read": _not_read,
    "source-not-read-overlooked": _overlooked,
    "source-too-many-files": _many_services,
    "source-too-many-files-profiles": _many_profiles,
    "source-unreadable-profiles": _no_profiles,
    "source-unreadable-shared": _no_shared_files,
    "source-unreadable-directory-loop": _directory_loop,
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
    compare(
        GOLDEN / case, {"expected.txt": render_text(loaded.diagnostics, read_sources(Path("specs")).texts)}
    )


def test_no_golden_folder_is_left_over() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == FILES.keys() | DIRECTORIES.keys()


def test_a_name_that_is_too_long_or_holds_a_nul_is_an_error_too() -> None:
    for name in ("x" * 5000, "a\0b"):
        assert [found.code for found in read_source(Path(name)).diagnostics] == ["source/unreadable"]


def test_what_editors_leave_under_a_name_with_a_dot_is_no_spec() -> None:
    _not_read()
    Path("specs/services/.#a.yaml").symlink_to("user@host.1234")  # Emacs, while it edits
    Path("specs/services/._a.yaml").write_bytes(b"\0\5\x16\7")  # macOS, on a disk of another system
    loaded = load(Path("specs"))
    assert loaded.specs
    texts = read_sources(Path("specs")).texts
    assert [name for name in texts if not name.startswith("shipped:")] == ["specs/services/a.yaml"]


def test_a_file_that_is_written_while_it_is_read_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    NAME.write_text(SERVICE, "utf-8")
    fstat = os.fstat

    def and_then_it_grows(descriptor: int) -> os.stat_result:
        found = fstat(descriptor)
        with NAME.open("a") as file:
            file.write("#")
        return found

    with monkeypatch.context() as patch:
        patch.setattr("generator.spec.source.os.fstat", and_then_it_grows)
        found = read_source(NAME).diagnostics
    assert [(one.code, one.message) for one in found] == [
        ("source/unreadable", "the file changed while it was read")
    ]


def test_a_file_that_becomes_a_pipe_before_it_is_opened_does_not_hang(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    os.mkfifo(NAME)
    monkeypatch.setattr("generator.spec.source.stat.S_ISREG", lambda _: True)
    source = read_source(NAME).value
    assert source
    assert source.text == ""


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("specs", "specs/services"),
        ("specs/services", "specs/services"),
        ("specs/profiles", "specs/profiles"),
        ("specs/services/a.yaml", "specs/services/a.yaml"),
    ],
)
def test_what_may_not_be_read_is_named_and_no_default_stands_in_for_it(path: str, place: str) -> None:
    _not_read()
    Path("specs/profiles").mkdir()
    Path(path).chmod(0)
    try:
        code, told = unprivileged("generate", "specs")
    finally:
        Path(path).chmod(0o755)
    assert code == 1
    assert f"{place}: error[source/unreadable]" in told
    assert "permission denied" in told.lower()
    assert not Path("output").exists()
