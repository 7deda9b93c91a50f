"""The start of fuzzing: directories of specs, with and without errors, as files by their paths."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given, settings

from tests.commands.calls import ROOT
from tests.golden import cases
from tests.whole.compiled import unhurried
from tests.whole.specs import directories
from tests.whole.writing import write

if TYPE_CHECKING:
    from tests.whole.specs import Directory

#: The files of a specs directory.
Files = dict[str, bytes]


def good() -> list[Files]:
    """The shipped specs, one service at a time; those of golden tests that compile; and some invented ones."""
    shared = _files(ROOT / "specs")
    services = [path for path in shared if path.startswith("services/")]
    own = [
        {path: data for path, data in shared.items() if path not in services or path == one}
        for one in services
    ]
    return [*own, *(_files(case / "specs") for case in cases(ROOT / "tests/noted")), *_invented()]


def bad() -> list[Files]:
    """The specs of golden tests that are refused."""
    whole = [_files(case / "specs") for case in cases(ROOT / "tests/bad")]
    single = [(case / "input.yaml").read_bytes() for case in cases(ROOT / "tests/spec/bad")]
    return [*whole, *({"services/x.yaml": data} for data in single)]


def _invented() -> list[Files]:
    """The output of the strategy for whole directories; the same each time."""
    found: list[Files] = []

    @settings(unhurried, max_examples=15, derandomize=True, database=None)
    @given(directories())
    def collect(files: Directory) -> None:
        with tempfile.TemporaryDirectory() as name:
            found.append(_files(write(files, Path(name))))

    collect()
    return found


def _files(directory: Path) -> Files:
    found = (path for path in sorted(directory.rglob("*")) if path.is_file() and path.suffix != ".md")
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in found}
