"""The specs that a call compares with: those of a revision of Git, or of another directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.changes.revision import RevisionError, specs_at
from generator.commands.call import CallError
from generator.commands.compiling import checked
from generator.commands.options import path
from generator.diagnostics import Severity

if TYPE_CHECKING:
    from pathlib import Path

    from generator.compiler import Compilation

#: The accepted values, for --help.
OLD = "a commit, branch or tag of Git, such as origin/main, or a directory of specs"


def earlier(old: str, specs: Path) -> Compilation:
    """Compile the specs that ``old`` names, by this version.

    Raises:
        CallError: there are none, or they have errors in this version.
    """
    place = path(old)
    if (place / "services").is_dir():
        return _understood(checked(place), old)
    if (place / "manifest.json").is_file():
        message = f"{old} holds what was generated, and not the specs that it was generated of"
        raise CallError(message, "name the revision of these specs, or a directory with them")
    try:
        with specs_at(old, specs) as there:
            return _understood(checked(there), old)
    except RevisionError as problem:
        raise CallError(str(problem), problem.help) from problem


def _understood(found: Compilation, old: str) -> Compilation:
    if not found.failed and found.model is not None:
        return found
    first = next(one for one in found.diagnostics if one.severity is Severity.ERROR)
    raise CallError(
        f"this version does not understand the specs at {old}: {first.message}",
        "compare what was generated: git diff REV -- output",
    )
