"""Where the files of a compilation are: those of a specs directory, and those that ship with the compiler.

A directory that is there and cannot be listed raises ``OSError``: its files would be missed, and defaults would stand
in for them without a word.
"""

from __future__ import annotations

import os
from pathlib import Path

SUFFIXES = (".yaml", ".yml")
_PACKAGE = Path(__file__).resolve().parent.parent
#: In a wheel the shipped files are in the package; in a checkout they are its own specs.
SHIPPED = _PACKAGE / "shipped" if (_PACKAGE / "shipped").is_dir() else _PACKAGE.parent / "specs"


def yaml_files(directory: Path) -> list[Path]:
    """Find the YAML files of a directory, in order; none where there is no such directory."""
    return [path for path in _entries(directory) if path.suffix in SUFFIXES]


def overlooked(directory: Path) -> list[Path]:
    """Find what its author may take for specs: YAML beside the directories, and in them what is not read there."""
    known = {shared_file(directory, name) for name in ("site", "prices", "signals", "incidents")}
    among = [path for path in yaml_files(directory) if path not in known]
    for name in ("services", "profiles"):
        odd = (path for path in _entries(directory / name) if path.suffix not in SUFFIXES)
        among += [path for path in odd if path.is_dir() or path.suffix.lower() in SUFFIXES]
    return among


def shared_file(directory: Path, name: str) -> Path | None:
    """Find the one file of a name, such as ``site``; ``.yaml`` counts before ``.yml``."""
    return next((path for path in yaml_files(directory) if path.stem == name), None)


def services(directory: Path) -> list[Path]:
    """Find the files of services."""
    return yaml_files(directory / "services")


def profiles(directory: Path) -> list[Path]:
    """Find a directory's own profiles."""
    return yaml_files(directory / "profiles")


def shipped_profiles() -> list[Path]:
    """Find the profiles that ship with the compiler."""
    return yaml_files(SHIPPED / "profiles")


def shared(directory: Path) -> list[Path]:
    """Find all that a compilation depends on beside the files of services; some of it may go unread."""
    return [*yaml_files(directory), *profiles(directory), *shipped_profiles(), *yaml_files(SHIPPED)]


def shown(path: Path) -> str:
    """Name a file as its reader knows it: what ships with the compiler has no path of theirs."""
    if path.is_absolute() and path.is_relative_to(SHIPPED):
        from generator.diagnostics import diagnostic  # noqa: PLC0415 - where nothing has changed, nothing is told

        return f"{diagnostic.SHIPPED}{path.relative_to(SHIPPED).as_posix()}"
    return path.as_posix()


def _entries(directory: Path) -> list[Path]:
    """List a directory, without the names with a dot, which are an editor's or a system's own."""
    try:
        return sorted(path for path in directory.iterdir() if not path.name.startswith("."))
    except FileNotFoundError:
        if os.path.lexists(directory):  # a link that leads nowhere
            raise
        return []
