"""Golden files: the product's output is compared, byte for byte, with files beside the tests.

``compare`` fails on changed, missing and orphan files and names them all. ``UPDATE_GOLDEN=1`` in the environment
writes the files instead, and deletes the orphans: look at the change before you keep it.

A folder of bad specs holds one directory a case: the specs, and ``expected.txt`` with the compiler's whole output::

    @pytest.mark.parametrize("case", cases(BAD), ids=lambda case: case.name)
    def test_...(case: Path) -> None:
        compare(case, {"expected.txt": compiled(case / "specs")}, inputs=("specs/**",))
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SWITCH = "UPDATE_GOLDEN"


def compare(directory: Path, produced: Mapping[str, str | bytes], *, inputs: tuple[str, ...] = ()) -> None:
    """Compare the files of a directory with the produced ones.

    Args:
        directory: where the golden files are; it may not exist yet.
        produced: text or bytes by path, relative to ``directory``, with ``/`` between the parts.
        inputs: patterns (``specs/**``, ``*.yaml``) of files there that are not golden.

    Raises:
        AssertionError: a file differs, is missing, or is no longer produced.
    """
    wanted = {path: _bytes(content) for path, content in produced.items()}
    kept = {path: (directory / path).read_bytes() for path in _kept(directory, inputs)}
    if os.environ.get(SWITCH):
        _update(directory, wanted, kept)
        return
    problems = [
        _problem(path, kept.get(path), wanted.get(path)) for path in sorted(wanted.keys() | kept.keys())
    ]
    told = "\n".join(filter(None, problems))
    if told:
        raise AssertionError(f"{directory} is out of date; {SWITCH}=1 updates it\n{told}")


def cases(root: Path) -> list[Path]:
    """The directories of a folder, one a case, in order."""
    return sorted(path for path in root.iterdir() if path.is_dir())


def _kept(directory: Path, inputs: tuple[str, ...]) -> list[str]:
    files = [path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()]
    return [file for file in files if not any(_matches(file, pattern) for pattern in inputs)]


def _matches(file: str, pattern: str) -> bool:
    if pattern.endswith("/**"):
        return file.startswith(pattern.removesuffix("**"))
    return PurePosixPath(file).match(pattern)


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def _update(directory: Path, wanted: Mapping[str, bytes], kept: Mapping[str, bytes]) -> None:
    for path in kept.keys() - wanted.keys():
        (directory / path).unlink()
    for path, content in wanted.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_bytes(content)


def _problem(path: str, kept: bytes | None, produced: bytes | None) -> str:
    if kept == produced:
        return ""
    if kept is None:
        return f"missing: {path}"
    if produced is None:
        return f"orphan: {path}"
    before, after = (content.decode(errors="replace").splitlines() for content in (kept, produced))
    return "\n".join(
        [f"changed: {path}", *difflib.unified_diff(before, after, "kept", "produced", lineterm="")]
    )
