"""The files of a specs directory become specs: found, read, parsed, held against their schemas, decoded.

A directory holds ``services/*.yaml`` and, all optional, ``profiles/*.yaml``, ``site.yaml`` and ``prices.yaml``. A
profile that a service names and the directory lacks is taken from those that ship with the compiler, and so is the
price list.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from generator.diagnostics import Diagnostic, Span, error, has_errors, warning
from generator.spec.decode import decode
from generator.spec.document import parse_document
from generator.spec.schema import load_schema, validate
from generator.spec.source import read_source
from generator.spec.written import PricesSpec, ProfileSpec, ServiceSpec, SiteSpec, Specs

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")

SUFFIXES = (".yaml", ".yml")
_PACKAGE = Path(__file__).resolve().parent.parent
#: In a wheel the shipped files are in the package; in a checkout they are its own specs.
SHIPPED = _PACKAGE / "shipped" if (_PACKAGE / "shipped").is_dir() else _PACKAGE.parent / "specs"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a directory holds; ``specs`` is None when a file is at fault. ``sources`` is by shown path."""

    specs: Specs | None
    diagnostics: tuple[Diagnostic, ...]
    sources: dict[str, str]


def load(directory: Path) -> Loaded:
    """Load all specs of a directory; every file is read, whatever the others are like."""
    loader = _Loader()
    if not directory.is_dir():
        message = "there is no such directory" if not directory.exists() else "this is not a directory"
        loader.found.append(
            error(
                "source/no-specs",
                message,
                Span.of_file(str(directory)),
                "name the directory that holds services/, or run: init",
            )
        )
        return loader.finish(None)
    services = loader.each(_yaml_files(directory / "services"), "service", ServiceSpec)
    if not services and not loader.found:
        loader.found.append(
            error(
                "source/no-services",
                "no service is declared",
                Span.of_file(str(directory / "services")),
                "add services/<name>.yaml, or run: init",
            )
        )
    profiles = loader.each(_yaml_files(directory / "profiles"), "profile", ProfileSpec)
    profiles += loader.each(_shipped_profiles(services, profiles), "profile", ProfileSpec)
    site = loader.optional(directory, "site", SiteSpec)
    prices = loader.optional(directory, "prices", PricesSpec) or loader.optional(
        SHIPPED, "prices", PricesSpec
    )
    loader.unknown(directory)
    return loader.finish(Specs(site, prices, tuple(profiles), tuple(services), tuple(_shipped())))


def _yaml_files(directory: Path) -> list[Path]:
    return (
        sorted(path for path in directory.glob("*") if path.suffix in SUFFIXES) if directory.is_dir() else []
    )


def _shipped_profiles(services: Iterable[ServiceSpec], profiles: Iterable[ProfileSpec]) -> list[Path]:
    local = {profile.profile.value for profile in profiles}
    wanted = sorted({service.profile.value for service in services} - local)
    shipped = _shipped()
    return [shipped[name] for name in wanted if name in shipped]


def _shipped() -> dict[str, Path]:
    return {path.stem: path for path in _yaml_files(SHIPPED / "profiles")}


def _shown(path: Path) -> str:
    """Name a file as its reader knows it: what ships with the compiler has no path of theirs."""
    return (
        f"shipped:{path.relative_to(SHIPPED).as_posix()}"
        if path.is_absolute() and path.is_relative_to(SHIPPED)
        else path.as_posix()
    )


class _Loader:
    """Collects what is found on the way."""

    def __init__(self) -> None:
        self.found: list[Diagnostic] = []
        self.sources: dict[str, str] = {}

    def each(self, paths: Iterable[Path], kind: str, into: type[T]) -> list[T]:
        """Load files of one kind; those at fault are left out."""
        return [spec for path in paths if (spec := self._one(path, kind, into)) is not None]

    def optional(self, directory: Path, kind: str, into: type[T]) -> T | None:
        """Load a file that need not be there."""
        paths = [path for suffix in SUFFIXES if (path := directory / f"{kind}{suffix}").exists()]
        return self._one(paths[0], kind, into) if paths else None

    def unknown(self, directory: Path) -> None:
        """Report what looks like a spec and is in no place where one is read."""
        for path in _yaml_files(directory):
            if path.stem not in {"site", "prices"}:
                place = Span.of_file(str(path))
                help_ = "move it to services/ or profiles/, or delete it"
                self.found.append(warning("source/not-read", "this file is not read", place, help_))

    def finish(self, specs: Specs | None) -> Loaded:
        """Hand on what was loaded, unless something is wrong with it."""
        return Loaded(None if has_errors(self.found) else specs, tuple(self.found), self.sources)

    def _one(self, path: Path, kind: str, into: type[T]) -> T | None:
        source = read_source(path, _shown(path))
        self.found += source.diagnostics
        if source.value is None:
            return None
        self.sources[source.value.path] = source.value.text
        document = parse_document(source.value)
        self.found += document.diagnostics
        if document.value is None:
            return None
        misfits = validate(document.value, load_schema(kind))
        self.found += misfits
        return None if has_errors(misfits) else decode(document.value.root, into)
