"""The allowed paths of an artifact: those that mean the same file on every system, inside the output directory."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from generator.output.outcome import OutputError, name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MANIFEST = "manifest.json"
"""The list of generated files; no artifact may have its path."""
LOCK = ".manifest.json.lock"
"""The lock file, in the output directory during a write."""

# Windows refuses these names with any extension; the superscripts count as digits there.
_DEVICE = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\..*)?", re.IGNORECASE | re.DOTALL
)
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\\ud800-\udfff]')
# Most file systems end at 255 bytes a name; staging adds 22 to it.
_MAX_PART = 200
_MAX_PATH = 1000


def check_paths(paths: Iterable[str]) -> None:
    """Refuse paths that are unsafe, or that are the same file (or a file and a directory) on some system.

    Raises:
        OutputError: naming all of them.
    """
    every = tuple(paths)
    problems = [f"{name_of(path)} {fault}" for path in every if (fault := path_fault(path))]
    problems = problems or _collisions(every)
    if problems:
        message = "artifacts have paths that cannot be written: " + "; ".join(problems)
        raise OutputError(message, "rename what they are generated from; nothing was written")


def path_fault(path: str) -> str | None:
    """Return the fault of a path by itself, or None."""
    if len(path.encode("utf-8", "surrogatepass")) > _MAX_PATH:
        return f"is longer than {_MAX_PATH} bytes"
    if path.startswith("/"):
        return "is absolute"
    if collision_key(path.split("/", maxsplit=1)[0]) in {MANIFEST, LOCK}:
        return "is kept for the manifest"
    return next((fault for part in path.split("/") if (fault := _part_fault(part))), None)


def parents(path: str) -> Iterator[str]:
    """``a/b/c`` has ``a`` and ``a/b``."""
    return (path[:at] for at, character in enumerate(path) if character == "/")


def collision_key(path: str) -> str:
    """Spell a path like a system that ignores case and normal forms."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def _part_fault(part: str) -> str | None:
    if part in {"", ".", ".."}:
        return f"has the part {name_of(part)}"
    if _FORBIDDEN.search(part):
        return "has a character that file names cannot hold everywhere"
    if part.endswith((" ", ".")):
        return "has a part that ends with a space or a dot"
    if _DEVICE.fullmatch(part):
        return f"has the part {name_of(part)}, a device on Windows"
    if len(part.encode()) > _MAX_PART:
        return f"has a part of more than {_MAX_PART} bytes"
    return None


def _collisions(paths: tuple[str, ...]) -> list[str]:
    """Each path that collides with another; directories count, for they must be spelled alike too."""
    taken: dict[str, tuple[str, str]] = {}
    parts = []
    for path in sorted(paths):
        for node in (*(f"{folder}/" for folder in parents(path)), path):
            other, owner = taken.get(collision_key(node.rstrip("/")), (node, None))
            if owner is not None and (other != node or node == path):
                parts.append(f"{name_of(owner)} and {name_of(path)} {_met(other, node)}")
                break
            taken.setdefault(collision_key(node.rstrip("/")), (node, path))
    return parts


def _met(one: str, other: str) -> str:
    """Describe the collision of two nodes of one name; a directory ends with ``/``."""
    if one == other:
        return "are one path, given twice"
    kinds = {node.endswith("/") for node in (one, other)}
    if len(kinds) > 1:
        return "need a file and a directory of one name on some systems"
    return f"are {'in one directory' if True in kinds else 'one file'} on some systems"
