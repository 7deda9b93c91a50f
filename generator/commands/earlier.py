"""The specs that a call compares with: those of a revision of Git, or of another directory."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from generator.commands.call import CallError
from generator.commands.compiling import checked
from generator.commands.options import path
from generator.diagnostics import Severity
from generator.diagnostics.wording import printable, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.compiler import Compilation

#: The accepted values, for --help.
OLD = "a commit, branch or tag of Git, such as origin/main, or a directory of specs"


class _RevisionError(CallError):
    """There are no specs to compare with; ``help`` is a way out."""


def earlier_specs(old: str, specs: Path) -> Compilation:
    """Compile the specs that ``old`` names, by this version.

    Raises:
        CallError: there are none, or they have errors in this version.
    """
    place = path(old)
    if (place / "services").is_dir():
        return _understood(checked(place), old)
    if (place / "manifest.json").is_file():
        message = f"{old} has the generated files, not the specs that they were generated from"
        raise CallError(message, "name the revision of these specs, or a directory with them")
    with _specs_at(old, specs) as there:
        return _understood(checked(there, cached=False), old)


def _understood(compilation: Compilation, old: str) -> Compilation:
    if not compilation.failed and compilation.model is not None:
        return compilation
    first = next(one for one in compilation.diagnostics if one.severity is Severity.ERROR)
    raise CallError(
        f"this version does not understand the specs at {old}: {first.message}",
        "compare what was generated: git diff REV -- output",
    )


@contextmanager
def _specs_at(revision: str, specs: Path) -> Iterator[Path]:
    """Write the specs of a revision into a directory until the block ends; work tree and index stay unchanged.

    Raises:
        _RevisionError: there is no Git, no repository, no such revision, or no such directory in it.
    """
    top, prefix = _repository(revision, specs)
    try:
        tree = (
            _git(specs, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
            .decode()
            .strip()
        )
    except _RevisionError as error:
        raise _RevisionError(
            f"there is no revision {revision}: {error}", "name a commit, a branch or a tag"
        ) from None
    try:
        packed = _git(Path(top), "archive", "--format=tar", f"{tree}:{prefix}")
    except _RevisionError as error:
        message = f"there is no directory {prefix or '.'} at {revision}: {error}"
        raise _RevisionError(
            message, "compare with a revision that has the specs in the same place"
        ) from None
    with tempfile.TemporaryDirectory(prefix="agent-metrics-") as name:
        place = Path(name) / "specs"
        place.mkdir()
        _unpack(packed, place)
        yield place


def _repository(revision: str, specs: Path) -> tuple[str, str]:
    """Find the repository of the specs, and their directory in it.

    Raises:
        _RevisionError: there is no Git, or no repository that it reads.
    """
    try:
        top, prefix = _git(specs, "rev-parse", "--show-toplevel", "--show-prefix").decode().split("\n")[:2]
    except _RevisionError as error:
        if error.help:
            raise
        why = f"no revision either, for Git reads no repository at {specs}: {error}"
        raise _RevisionError(
            f"{revision} is no directory of specs, and {why}",
            "name a directory of specs to compare with, or compare specs that are in a repository of Git",
        ) from None
    return top, prefix.rstrip("/")


def _unpack(packed: bytes, place: Path) -> None:
    """Write the regular files; a link would lead outside the revision."""
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for member in archive:
            if member.isfile() and (content := archive.extractfile(member)):
                path = place / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content.read())


def _git(place: Path, *arguments: str) -> bytes:
    if not place.is_dir():
        raise _RevisionError(f"there is no directory {place}", "name the directory of specs")
    try:
        done = subprocess.run(  # noqa: S603 - no shell; a revision is no option
            ("git", "-C", str(place), *arguments),  # noqa: S607
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError:
        raise _RevisionError(
            "git is not installed", "install it: the earlier specs are read from its repository"
        ) from None
    if done.returncode:
        messages = done.stderr.decode(errors="replace").strip().splitlines()
        raise _RevisionError(printable(shortened(messages[-1] if messages else "git says nothing", 300)))
    return done.stdout
