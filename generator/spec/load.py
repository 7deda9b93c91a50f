"""The files of a specs directory become specs: found, read, parsed, held against their schemas, decoded.

A directory holds ``services/*.yaml`` and, all optional, ``profiles/*.yaml``, ``site.yaml`` and ``prices.yaml``. A
profile that a service names and the directory lacks is taken from those that ship with the compiler, and so is the
price list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import Struct

from generator.diagnostics import Diagnostic, Span, error, has_errors, warning
from generator.spec import files
from generator.spec.decode import decode
from generator.spec.document import parse_document
from generator.spec.schema import load_schema, misplaced, validate
from generator.spec.source import read_source
from generator.spec.types import PricesSpec, ProfileSpec, ServiceSpec, Shared, SiteSpec, Specs

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")

MAX_SERVICES = 5000
"""Five fleets of a thousand; Prometheus and Grafana are outgrown long before."""

MAX_PROFILES = 200
"""Each is read for every compilation."""


class Loaded(Struct, Generic[T], frozen=True):
    """What a file or a directory holds; ``specs`` is None when nothing can be said of it. ``sources`` is by path."""

    specs: T | None
    diagnostics: tuple[Diagnostic, ...]
    sources: dict[str, str]


def load(directory: Path) -> Loaded[Specs]:
    """Load all specs of a directory; every file is read, and services at fault are left out."""
    found = service_files(directory)
    if found.specs is None:
        return Loaded(None, found.diagnostics, {})
    shared, services = load_shared(directory), [load_service(path) for path in found.specs]
    every: tuple[Loaded[ServiceSpec] | Loaded[Shared], ...] = (*services, shared)
    diagnostics = tuple(one for each in every for one in each.diagnostics)
    sources = {path: text for each in every for path, text in each.sources.items()}
    if shared.specs is None:
        return Loaded(None, diagnostics, sources)
    understood = tuple(each.specs for each in services if each.specs is not None)
    return Loaded(Specs(shared.specs, understood), diagnostics, sources)


def service_files(directory: Path) -> Loaded[list[Path]]:
    """Find the files of services, in order; without any there is nothing to compile."""
    if not directory.is_dir():
        message = "there is no such directory" if not directory.exists() else "this is not a directory"
        help_ = "name the directory that holds services/, or run: init"
        return Loaded(None, (error("source/no-specs", message, Span.of_file(str(directory)), help_),), {})
    try:
        found = files.services(directory)
    except OSError as problem:
        return Loaded(None, (_unlisted(problem, directory / "services"),), {})
    if too_many := _too_many(len(found), MAX_SERVICES, directory / "services"):
        return Loaded(None, too_many, {})
    if found:
        return Loaded(found, (), {})
    help_ = "add services/<name>.yaml, name the directory that holds services/, or run: init"
    place = Span.of_file(str(directory / "services"))
    return Loaded(None, (error("source/no-services", "no service is declared", place, help_),), {})


def load_service(path: Path) -> Loaded[ServiceSpec]:
    """Load the file of one service."""
    return _load(path, "service", ServiceSpec)


def load_shared(directory: Path) -> Loaded[Shared]:
    """Load what all services share: the site, the prices and the profiles."""
    try:
        return _load_shared(directory)
    except OSError as problem:
        return Loaded(None, (_unlisted(problem, directory),), {})


def _load_shared(directory: Path) -> Loaded[Shared]:
    own = files.profiles(directory)
    if too_many := _too_many(len(own), MAX_PROFILES, directory / "profiles"):
        return Loaded(None, too_many, {})
    profiles = [_load(path, "profile", ProfileSpec) for path in own]
    local = {each.specs.profile.value for each in profiles if each.specs is not None}
    profiles += [
        _load(path, "profile", ProfileSpec) for path in files.shipped_profiles() if path.stem not in local
    ]
    site = _optional(directory, "site", SiteSpec)
    prices = _optional(directory, "prices", PricesSpec) or _optional(files.SHIPPED, "prices", PricesSpec)
    every = (*profiles, *(each for each in (site, prices) if each))
    diagnostics = (*(one for each in every for one in each.diagnostics), *_not_read(directory))
    sources = {path: text for each in every for path, text in each.sources.items()}
    if has_errors(diagnostics):
        return Loaded(None, diagnostics, sources)
    shared = Shared(
        site.specs if site else None,
        prices.specs if prices else None,
        tuple(profile.specs for profile in profiles if profile.specs is not None),
    )
    return Loaded(shared, diagnostics, sources)


def _not_read(directory: Path) -> list[Diagnostic]:
    """Report what looks like a spec and is in no place where one is read."""
    help_ = "specs are services/*.yaml, profiles/*.yaml, site.yaml and prices.yaml: move it, or delete it"
    return [
        warning(
            "source/not-read",
            f"this {'directory' if path.is_dir() else 'file'} is not read",
            Span.of_file(path.as_posix()),
            help_,
        )
        for path in files.overlooked(directory)
    ]


def _too_many(count: int, most: int, directory: Path) -> tuple[Diagnostic, ...]:
    """Report a directory of more files than are read; nothing where it has no more."""
    if count <= most:
        return ()
    message = f"the directory holds {count} specs, and no more than {most} are compiled at once"
    help_ = "split it into several directories, each with an output of its own"
    return (error("source/too-many-files", message, Span.of_file(str(directory)), help_),)


def _unlisted(problem: OSError, directory: Path) -> Diagnostic:
    """Report a directory that is there and does not show what it holds."""
    message = f"the directory cannot be read: {(problem.strerror or str(problem)).lower()}"
    help_ = "check its permissions and where it leads, or remove it"
    return error("source/unreadable", message, Span.of_file(str(problem.filename or directory)), help_)


def _optional(directory: Path, kind: str, into: type[T]) -> Loaded[T] | None:
    """Load a file that need not be there."""
    path = files.shared_file(directory, kind)
    return _load(path, kind, into) if path else None


def _load(path: Path, kind: str, into: type[T]) -> Loaded[T]:
    """Load a file of one kind."""
    source = read_source(path, files.shown(path))
    if source.value is None:
        return Loaded(None, source.diagnostics, {})
    text = {source.value.path: source.value.text}
    document = parse_document(source.value)
    if document.value is None:
        return Loaded(None, (*source.diagnostics, *document.diagnostics), text)
    violations = validate(document.value, load_schema(kind))
    if violations and (elsewhere := misplaced(document.value, kind)):
        violations = (elsewhere,)
    told = (*source.diagnostics, *document.diagnostics, *violations)
    return Loaded(None if has_errors(violations) else decode(document.value.root, into), told, text)
