"""Where the files of a compilation are: those of a specs directory, and those that ship with the compiler."""

from __future__ import annotations

from pathlib import Path

SUFFIXES = (".yaml", ".yml")
_PACKAGE = Path(__file__).resolve().parent.parent
#: In a wheel the shipped files are in the package; in a checkout they are its own specs.
SHIPPED = _PACKAGE / "shipped" if (_PACKAGE / "shipped").is_dir() else _PACKAGE.parent / "specs"


def yaml_files(directory: Path) -> list[Path]:
    """Find the YAML files of a directory, in order; none where there is no such directory."""
    if not directory.is_dir():
        return []
    return sorted(path for path in directory.iterdir() if path.suffix in SUFFIXES)


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
        return f"shipped:{path.relative_to(SHIPPED).as_posix()}"
    return path.as_posix()
