"""The files of a specs directory and those that ship with the compiler, each read once.

A compilation is a function of these texts, and of nothing else. A directory that exists but cannot be listed raises
``OSError``: otherwise defaults would silently replace its files.
"""

from __future__ import annotations

import os
import re
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.diagnostics import SHIPPED_PREFIX, Diagnostic, Result, Span, error, warning
from generator.diagnostics.wording import closest, listed, system_reason
from generator.spec.source import SourceText, read_source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

#: Five fleets of a thousand; Prometheus and Grafana are outgrown long before.
MAX_SERVICES = 5000
#: Each is read for every compilation.
MAX_PROFILES = 200
_SUFFIXES = (".yaml", ".yml")
#: Endings that an author may give a spec: JSON is YAML as well, and an editor that hides endings appends one.
_OTHER_ENDING = re.compile(r"\.(?:ya?ml|json)(?:\.txt)?$", re.IGNORECASE)
#: The directories in which specs are read.
_FOLDERS = ("services", "profiles")
#: A directory with a name this much longer or shorter is no misspelt one.
_LETTERS_ASIDE = 2
_PACKAGE = Path(__file__).resolve().parent.parent
#: In a wheel the shipped files are in the package; in a checkout they are its own specs.
SHIPPED = _PACKAGE / "shipped" if (_PACKAGE / "shipped").is_dir() else _PACKAGE.parent / "specs"


class SpecFile(Struct, frozen=True):
    """A file of the specs: its path, and its text or the reason why it has none."""

    path: Path
    source: Result[SourceText]

    @property
    def identity(self) -> bytes:
        """Bytes that change with the file's name or content."""
        source = self.source.value
        named = f"{source.path}\0{source.text}" if source else f"{self.path}\0{self.source.diagnostics}"
        return named.encode("utf-8", "surrogateescape")


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
        digest = sha256(repr(self.diagnostics).encode("utf-8", "surrogateescape"))
        for file in self.shared:
            identity = file.identity
            digest.update(b"%d " % len(identity) + identity)
        return digest.digest()

    @property
    def texts(self) -> dict[str, str]:
        """The texts by the names that diagnostics give the files."""
        also = (self.incidents,) if self.incidents else ()
        sources = (file.source.value for file in (*self.services, *self.shared, *also))
        return {source.path: source.text for source in sources if source}


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
        sources = _read(directory, ()) if directory.is_dir() else shipped_sources()
        return replace(sources, shipped=tuple(_files(shipped_profiles())))
    except OSError as problem:
        return Sources(diagnostics=(_unlisted(problem, directory),))


def shipped_sources() -> Sources:
    """Read all shipped files: every profile, the prices and the library of signals."""
    prices, signals = (path_of_shared(SHIPPED, name) for name in ("prices", "signals"))
    return Sources(
        shipped=tuple(_files(shipped_profiles())),
        prices=_file(prices),
        signals=_file(signals),
    )


def _services(directory: Path) -> Result[list[Path]]:
    """Find the files of services; without any there is nothing to compile."""
    if not directory.is_dir():
        message = "there is no such directory" if not directory.exists() else "this is not a directory"
        help_ = f"name the directory that holds services/{_holder(directory)}, or run: agent-metrics init"
        return Result.failed(error("source/no-specs", message, Span.of_file(str(directory)), help_))
    try:
        paths = service_files(directory)
    except OSError as problem:
        return Result.failed(_unlisted(problem, directory / "services"))
    if too_many := _too_many(len(paths), MAX_SERVICES, directory / "services"):
        return Result.failed(too_many)
    if paths:
        return Result(paths)
    return Result.failed(_without_services(directory))


def _holder(path: Path) -> str:
    """Name the directory of specs that a file named in its place belongs to; empty where it is in none."""
    root = path.parent.parent if path.parent.name == "services" else path.parent
    return f": {root.as_posix()}" if path.is_file() and (root / "services").is_dir() else ""


def _without_services(directory: Path) -> Diagnostic:
    """Report a directory without a service, and the files with services that lie elsewhere in it."""
    place = Span.of_file(str(directory / "services"))
    found = [path for path in _outside_services(directory) if _named(read_file(path), "service")]
    odd = _of_other_endings(directory)
    if odd:
        renames = listed((f"{path.as_posix()} to {_as_spec(path).name}" for path in odd), 3)
        help_ = f"names of specs end in .yaml: rename {renames}"
    elif not found:
        help_ = (
            "add services/<name>.yaml, name the directory that holds services/, or run: agent-metrics init"
        )
    elif directory.name == "services":
        help_ = f"name the directory that holds services/: {directory.parent}"
    else:
        targets = [(directory / "services" / path.name).as_posix() for path in found]
        moves = listed(
            (f"{path.as_posix()} to {target}" for path, target in zip(found, targets, strict=True)), 3
        )
        help_ = f"services are read in services/ alone: move {moves}"
    return error("source/no-services", "no service is declared", place, help_)


def _outside_services(directory: Path) -> list[Path]:
    """List the files in which an author may have written a service, while ``services`` has none."""
    try:
        below = (path for path in _entries(directory / "services") if path.is_dir())
        folders = (directory / "profiles", *below, *misspelt_folders(directory))
        inside = (path for folder in folders for path in yaml_files(folder))
        return [path for path in (*yaml_files(directory), *inside) if path.is_file()]
    except OSError:
        return []


def _read(directory: Path, services: Sequence[Path]) -> Sources:
    read = tuple(_files(services))
    try:
        own = profile_files(directory)
        if too_many := _too_many(len(own), MAX_PROFILES, directory / "profiles"):
            return Sources(read, diagnostics=(too_many,))
        site, incidents = (path_of_shared(directory, name) for name in ("site", "incidents"))
        prices, signals = (
            path_of_shared(directory, name) or path_of_shared(SHIPPED, name) for name in ("prices", "signals")
        )
        profiles, shipped = tuple(_files(own)), tuple(_files(shipped_profiles()))
        if own and own[0].parent.resolve() == SHIPPED / "profiles":
            # This directory is the source of the shipped files.
            profiles, shipped = _in_use(read, (), profiles), ()
        return Sources(
            services=read,
            profiles=profiles,
            shipped=_in_use(read, profiles, shipped),
            site=_file(site),
            prices=_file(prices),
            signals=_file(signals),
            incidents=_file(incidents),
            diagnostics=tuple(_not_read(directory)),
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
    source = file.source.value
    return (
        re.findall(rf"^{key}:[ \t]+([\w.-]+)[ \t]*(?:#.*)?\r?$", source.text, re.MULTILINE) if source else []
    )


def _files(paths: Iterable[Path]) -> Iterator[SpecFile]:
    return map(read_file, paths)


def _file(path: Path | None) -> SpecFile | None:
    return read_file(path) if path else None


def read_file(path: Path) -> SpecFile:
    """Read one file."""
    return SpecFile(path, read_source(path, shown_path(path)))


def _not_read(directory: Path) -> Iterator[Diagnostic]:
    """Report files that look like specs but are in a place where none are read."""
    help_ = (
        "specs are services/*.yaml, profiles/*.yaml, site.yaml, prices.yaml, signals.yaml and incidents.yaml: move it, "
        "or delete it"
    )
    for path in _overlooked(directory):
        message = f"this {'directory' if path.is_dir() else 'file'} is not read"
        renamed = f"names of specs end in .yaml: rename it to {_as_spec(path).name}, or delete it"
        yield warning(
            "source/not-read",
            message,
            Span.of_file(path.as_posix()),
            renamed if _has_other_ending(path) else help_,
        )
    for path in misspelt_folders(directory):
        meant = directory / str(closest(path.name, _FOLDERS))
        moved = f"did you mean {meant.as_posix()}? Move its files there, or delete it"
        yield warning("source/not-read", "this directory is not read", Span.of_file(path.as_posix()), moved)


def _too_many(count: int, most: int, directory: Path) -> Diagnostic | None:
    """Report a directory with too many files; None where the number is allowed."""
    if count <= most:
        return None
    message = f"the directory has {count} specs, and at most {most} are compiled at once"
    help_ = "split it into several directories, each with an output of its own"
    return error("source/too-many-files", message, Span.of_file(str(directory)), help_)


def _unlisted(problem: OSError, directory: Path) -> Diagnostic:
    """Report a directory that exists but cannot be listed."""
    message = f"the directory cannot be read: {system_reason(problem)}"
    help_ = "check its permissions and where it leads, or remove it"
    return error("source/unreadable", message, Span.of_file(str(problem.filename or directory)), help_)


def yaml_files(directory: Path) -> list[Path]:
    """List the YAML files of a directory, in order; empty where the directory does not exist."""
    return [path for path in _entries(directory) if path.suffix in _SUFFIXES]


def _overlooked(directory: Path) -> list[Path]:
    """List files that an author may take for specs: YAML at the top level, and unread entries of the subdirectories."""
    known = {path_of_shared(directory, name) for name in ("site", "prices", "signals", "incidents")}
    among = [path for path in yaml_files(directory) if path not in known]
    for name in _FOLDERS:
        odd = (path for path in _entries(directory / name) if path.suffix not in _SUFFIXES)
        among += [path for path in odd if path.is_dir() or _has_other_ending(path)]
    return among


def _of_other_endings(directory: Path) -> list[Path]:
    """List the files of ``services`` whose names end unlike those of specs."""
    try:
        return [path for path in _entries(directory / "services") if _has_other_ending(path)]
    except OSError:
        return []


def _has_other_ending(path: Path) -> bool:
    return path.suffix not in _SUFFIXES and not path.is_dir() and _OTHER_ENDING.search(path.name) is not None


def _as_spec(path: Path) -> Path:
    return path.with_name(f"{_OTHER_ENDING.sub('', path.name)}.yaml")


def misspelt_folders(directory: Path) -> list[Path]:
    """List directories of YAML files whose names are nearly those of the directories that are read."""
    read = [folder for name in _FOLDERS if (folder := directory / name).exists()]
    alike = (path for path in _entries(directory) if _is_misspelt(path.name) and path.is_dir())
    # Where a file system ignores case, another spelling names the same directory.
    others = (path for path in alike if not any(path.samefile(folder) for folder in read))
    return [path for path in others if yaml_files(path)]


def _is_misspelt(name: str) -> bool:
    meant = None if name in _FOLDERS else closest(name, _FOLDERS)
    return meant is not None and abs(len(meant) - len(name)) <= _LETTERS_ASIDE


def path_of_shared(directory: Path, name: str) -> Path | None:
    """Find the one file of a name, such as ``site``; ``.yaml`` has precedence over ``.yml``."""
    return next((path for path in yaml_files(directory) if path.stem == name), None)


def service_files(directory: Path) -> list[Path]:
    """List the files of services."""
    return yaml_files(directory / "services")


def profile_files(directory: Path) -> list[Path]:
    """List a directory's own profiles."""
    return yaml_files(directory / "profiles")


def shipped_profiles() -> list[Path]:
    """List the profiles that ship with the compiler."""
    return yaml_files(SHIPPED / "profiles")


def shared_spec_files(directory: Path) -> list[Path]:
    """List all files that a compilation may depend on, except those of services."""
    return [*yaml_files(directory), *profile_files(directory), *shipped_profiles(), *yaml_files(SHIPPED)]


def shown_path(path: Path) -> str:
    """Name a file for its reader: a file that ships with the compiler has no path of the reader's."""
    if path.is_absolute() and path.is_relative_to(SHIPPED):
        return f"{SHIPPED_PREFIX}{path.relative_to(SHIPPED).as_posix()}"
    return path.as_posix()


def _entries(directory: Path) -> list[Path]:
    """List a directory, without the names with a dot, which are an editor's or a system's own."""
    try:
        return sorted(path for path in directory.iterdir() if not path.name.startswith("."))
    except FileNotFoundError:
        if os.path.lexists(directory):  # a link that leads nowhere
            raise
        return []
