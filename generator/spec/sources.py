"""The files of a specs directory, each read once: a compilation is a function of these texts, and of nothing else."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.diagnostics import Diagnostic, Result, Span, error, warning
from generator.spec import files
from generator.spec.source import Source, read_source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

MAX_SERVICES = 5000
"""Five fleets of a thousand; Prometheus and Grafana are outgrown long before."""

MAX_PROFILES = 200
"""Each is read for every compilation."""


class SpecFile(Struct, frozen=True):
    """A file of the specs: its path, and its text or the reason why it has none."""

    path: Path
    source: Result[Source]

    @property
    def identity(self) -> bytes:
        """Bytes that change with the file's name or content."""
        found = self.source.value
        told = f"{found.path}\0{found.text}" if found else f"{self.path}\0{self.source.diagnostics}"
        return told.encode("utf-8", "surrogateescape")


class Sources(Struct, frozen=True):
    """The input of a compilation.

    Attributes:
        services: The files of services, in their order.
        profiles: The directory's own.
        shipped: The profiles that ship with the compiler and may be in use.
        site: The site; None where there is none.
        prices: The directory's own, or the price list that ships with the compiler.
        signals: The library of signals, own or shipped.
        incidents: The list of incidents; None where there is none.
        diagnostics: Findings before any file is parsed; with errors nothing is compiled.
    """

    services: tuple[SpecFile, ...] = ()
    profiles: tuple[SpecFile, ...] = ()
    shipped: tuple[SpecFile, ...] = ()
    site: SpecFile | None = None
    prices: SpecFile | None = None
    signals: SpecFile | None = None
    incidents: SpecFile | None = None
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def shared(self) -> tuple[SpecFile, ...]:
        """The files that all services share."""
        return (
            *self.profiles,
            *self.shipped,
            *(file for file in (self.site, self.prices, self.signals) if file),
        )

    @property
    def identity(self) -> bytes:
        """A hash of all files that services share."""
        found = sha256(repr(self.diagnostics).encode("utf-8", "surrogateescape"))
        for file in self.shared:
            identity = file.identity
            found.update(b"%d " % len(identity) + identity)
        return found.digest()

    @property
    def texts(self) -> dict[str, str]:
        """The texts by the names that diagnostics give the files."""
        also = (self.incidents,) if self.incidents else ()
        found = (file.source.value for file in (*self.services, *self.shared, *also))
        return {source.path: source.text for source in found if source}


def read_sources(directory: Path) -> Sources:
    """Read a directory of specs."""
    try:
        services = _services(directory)
        if services.value is None:
            return Sources(diagnostics=services.diagnostics)
        return _read(directory, services.value)
    except OSError as problem:
        return Sources(diagnostics=(_unlisted(problem, directory),))


def profile_sources(directory: Path) -> Sources:
    """Read all files that the services of a directory could use, even without services: all profiles included."""
    try:
        found = _read(directory, ()) if directory.is_dir() else shipped_sources()
        return replace(found, shipped=tuple(_files(files.shipped_profiles())))
    except OSError as problem:
        return Sources(diagnostics=(_unlisted(problem, directory),))


def shipped_sources() -> Sources:
    """Read all shipped files: every profile, the prices and the library of signals."""
    prices, signals = (files.shared_file(files.SHIPPED, name) for name in ("prices", "signals"))
    return Sources(
        shipped=tuple(_files(files.shipped_profiles())),
        prices=next(_files([prices] if prices else []), None),
        signals=next(_files([signals] if signals else []), None),
    )


def _services(directory: Path) -> Result[list[Path]]:
    """Find the files of services; without any there is nothing to compile."""
    if not directory.is_dir():
        message = "there is no such directory" if not directory.exists() else "this is not a directory"
        help_ = "name the directory that holds services/, or run: agent-metrics init"
        return Result.failed(error("source/no-specs", message, Span.of_file(str(directory)), help_))
    try:
        found = files.services(directory)
    except OSError as problem:
        return Result.failed(_unlisted(problem, directory / "services"))
    if too_many := _too_many(len(found), MAX_SERVICES, directory / "services"):
        return Result.failed(too_many)
    if found:
        return Result(found)
    help_ = "add services/<name>.yaml, name the directory that holds services/, or run: agent-metrics init"
    place = Span.of_file(str(directory / "services"))
    return Result.failed(error("source/no-services", "no service is declared", place, help_))


def _read(directory: Path, services: Sequence[Path]) -> Sources:
    read = tuple(_files(services))
    try:
        own = files.profiles(directory)
        if too_many := _too_many(len(own), MAX_PROFILES, directory / "profiles"):
            return Sources(read, diagnostics=(too_many,))
        site, incidents = (files.shared_file(directory, name) for name in ("site", "incidents"))
        prices, signals = (
            files.shared_file(directory, name) or files.shared_file(files.SHIPPED, name)
            for name in ("prices", "signals")
        )
        profiles, shipped = tuple(_files(own)), tuple(_files(files.shipped_profiles()))
        if own and own[0].parent.resolve() == files.SHIPPED / "profiles":
            # This directory is the source of the shipped files.
            profiles, shipped = _in_use(read, (), profiles), ()
        return Sources(
            read,
            profiles,
            _in_use(read, profiles, shipped),
            next(_files([site] if site else []), None),
            next(_files([prices] if prices else []), None),
            next(_files([signals] if signals else []), None),
            next(_files([incidents] if incidents else []), None),
            tuple(_not_read(directory)),
        )
    except OSError as problem:
        return Sources(read, diagnostics=(_unlisted(problem, directory),))


def _in_use(
    services: Sequence[SpecFile], own: Sequence[SpecFile], shipped: Sequence[SpecFile]
) -> tuple[SpecFile, ...]:
    """Find the shipped profiles that the specs may use, so that unused ones cost nothing.

    Where a profile's name is hard to see, or unknown, all profiles are read: a misspelt name then gets the right one as
    help.
    """
    by_name = {file.path.stem: file for file in shipped}
    wanted = [name for file in services for name in _named(file, "profile") or ("",)]
    wanted += [name for file in own for name in _named(file, "extends")]
    for name in wanted:
        if name in by_name:
            wanted += [one for one in _named(by_name[name], "extends") if one not in wanted]
    own_names = {name for file in own for name in _named(file, "profile")}
    if set(wanted) <= {*by_name, *own_names}:
        return tuple(file for name, file in by_name.items() if name in wanted)
    return tuple(shipped)


def _named(file: SpecFile, key: str) -> list[str]:
    """Find the values of a key, as far as they are plain text on one line."""
    found = file.source.value
    return re.findall(rf"^{key}:[ \t]+([\w.-]+)[ \t]*(?:#.*)?\r?$", found.text, re.MULTILINE) if found else []


def _files(paths: Iterable[Path]) -> Iterator[SpecFile]:
    return map(read_file, paths)


def read_file(path: Path) -> SpecFile:
    """Read one file."""
    return SpecFile(path, read_source(path, files.shown(path)))


def _not_read(directory: Path) -> Iterator[Diagnostic]:
    """Report files that look like specs but are in a place where none are read."""
    help_ = (
        "specs are services/*.yaml, profiles/*.yaml, site.yaml, prices.yaml, signals.yaml and incidents.yaml: move it, "
        "or delete it"
    )
    for path in files.overlooked(directory):
        message = f"this {'directory' if path.is_dir() else 'file'} is not read"
        yield warning("source/not-read", message, Span.of_file(path.as_posix()), help_)


def _too_many(count: int, most: int, directory: Path) -> Diagnostic | None:
    """Report a directory with too many files; None where the number is allowed."""
    if count <= most:
        return None
    message = f"the directory holds {count} specs, and no more than {most} are compiled at once"
    help_ = "split it into several directories, each with an output of its own"
    return error("source/too-many-files", message, Span.of_file(str(directory)), help_)


def _unlisted(problem: OSError, directory: Path) -> Diagnostic:
    """Report a directory that exists but cannot be listed."""
    message = f"the directory cannot be read: {(problem.strerror or str(problem)).lower()}"
    help_ = "check its permissions and where it leads, or remove it"
    return error("source/unreadable", message, Span.of_file(str(problem.filename or directory)), help_)
