"""The paths of a compilation's files: those of a specs directory, and those that ship with the compiler.

A directory that exists but cannot be listed raises ``OSError``: otherwise defaults would silently replace its files.
"""

from __future__ import annotations

import os
from pathlib import Path

SUFFIXES = (".yaml", ".yml")
_PACKAGE = Path(__file__).resolve().parent.parent
#: In a wheel the shipped files are in the package; in a checkout they are its own specs.
SHIPPED = _PACKAGE / "shipped" if (_PACKAGE / "shipped").is_dir() else _PACKAGE.parent / "specs"


def yaml_files(directory: Path) -> list[Path]:
    """List the YAML files of a directory, in order; empty where the directory does not exist."""
    return [path for path in _entries(directory) if path.suffix in SUFFIXES]


def overlooked(directory: Path) -> list[Path]:
    """List files that an author may take for specs: YAML at the top level, and unread entries of the subdirectories."""
    known = {shared_file(directory, name) for name in ("site", "prices", "signals", "incidents")}
    among = [path for path in yaml_files(directory) if path not in known]
    for name in ("services", "profiles"):
        odd = (path for path in _entries(directory / name) if path.suffix not in SUFFIXES)
        among += [path for path in odd if path.is_dir() or path.suffix.lower() in SUFFIXES]
    return among


def shared_file(directory: Path, name: str) -> Path | None:
    """Find the one file of a name, such as ``site``; ``.yaml`` has precedence over ``.yml``."""
    return next((path for path in yaml_files(directory) if path.stem == name), None)


def services(directory: Path) -> list[Path]:
    """List the files of services."""
    return yaml_files(directory / "services")


def profiles(directory: Path) -> list[Path]:
    """List a directory's own profiles."""
    return yaml_files(directory / "profiles")


def shipped_profiles() -> list[Path]:
    """List the profiles that ship with the compiler."""
    return yaml_files(SHIPPED / "profiles")


def shared(directory: Path) -> list[Path]:
    """List all files that a compilation may depend on, except those of services."""
    return [*yaml_files(directory), *profiles(directory), *shipped_profiles(), *yaml_files(SHIPPED)]


def shown(path: Path) -> str:
    """Name a file for its reader: a file that ships with the compiler has no path of the reader's."""
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
