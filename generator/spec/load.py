"""The files of a specs directory become specs: parsed, validated by their schemas, decoded.

A directory holds ``services/*.yaml`` and, all optional, ``profiles/*.yaml``, ``site.yaml``, ``prices.yaml``,
``signals.yaml`` and ``incidents.yaml``. A profile that a service names and the directory lacks is taken from those that
ship with the compiler, and so are the price list and the library of signals.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import Struct

from generator.diagnostics import Diagnostic, has_errors, limited
from generator.spec.decode import decode
from generator.spec.document import Document, parse_document
from generator.spec.environments import in_environments, too_long
from generator.spec.schema import load_schema, misplaced, validate
from generator.spec.schema_fit import fits
from generator.spec.sources import Sources, SpecFile, read_sources
from generator.spec.texts import check_secrets, check_texts
from generator.spec.types import (
    IncidentsSpec,
    PricesSpec,
    ProfileSpec,
    ServiceSpec,
    SharedSpecs,
    SignalsSpec,
    SiteSpec,
    Specs,
)

if TYPE_CHECKING:
    from pathlib import Path


T = TypeVar("T")

#: Files of these kinds have unquoted times, which are read as text.
_WITH_DATES = frozenset({"incidents"})


class Loaded(Struct, Generic[T], frozen=True):
    """The specs of a file or a directory; None when they cannot be loaded."""

    specs: T | None
    diagnostics: tuple[Diagnostic, ...]


def load(directory: Path) -> Loaded[Specs]:
    """Load all specs of a directory; every file is read, and services at fault are left out."""
    sources = read_sources(directory)
    services = [load_services(file) for file in sources.services]
    shared = load_shared(sources)
    diagnostics = (*(one for each in services for one in each.diagnostics), *shared.diagnostics)
    if shared.specs is None:
        return Loaded(None, diagnostics)
    understood = tuple(spec for each in services for spec in each.specs or ())
    return Loaded(Specs(shared.specs, understood), diagnostics)


def load_services(file: SpecFile) -> Loaded[tuple[ServiceSpec, ...]]:
    """Load the file of a service: of one, or of one for each of its environments."""
    loaded = _load(file, "service", ServiceSpec)
    if loaded.specs is None:
        return Loaded(None, loaded.diagnostics)
    if too_many := too_long(loaded.specs):
        return Loaded(None, (*loaded.diagnostics, *too_many))
    return Loaded(in_environments(loaded.specs), loaded.diagnostics)


def load_profile(file: SpecFile) -> Loaded[ProfileSpec]:
    """Load the file of one profile."""
    return _load(file, "profile", ProfileSpec)


def load_incidents(file: SpecFile) -> Loaded[IncidentsSpec]:
    """Load a list of incidents."""
    return _load(file, "incidents", IncidentsSpec)


def load_shared(sources: Sources) -> Loaded[SharedSpecs]:
    """Load the parts that all services share: the site, the prices, the library of signals and the profiles."""
    profiles = _profiles(sources)
    site = _load_shared(sources.site, "site", SiteSpec) if sources.site else None
    prices = _load_shared(sources.prices, "prices", PricesSpec) if sources.prices else None
    signals = _load_shared(sources.signals, "signals", SignalsSpec) if sources.signals else None
    every = (*profiles, *(each for each in (site, prices, signals) if each))
    diagnostics = (*(one for each in every for one in each.diagnostics), *sources.diagnostics)
    if has_errors(diagnostics):
        return Loaded(None, diagnostics)
    shared = SharedSpecs(
        site.specs if site else None,
        prices.specs if prices else None,
        signals.specs if signals else None,
        tuple(profile.specs for profile in profiles if profile.specs is not None),
        _shadowed(profiles, sources),
    )
    return Loaded(shared, diagnostics)


def _profiles(sources: Sources) -> list[Loaded[ProfileSpec]]:
    """Load the profiles; a directory's own profile replaces the shipped one of its name."""
    own = [_load_shared(file, "profile", ProfileSpec) for file in sources.profiles]
    local = {each.specs.profile.value for each in own if each.specs is not None}
    return own + [
        _load_shared(file, "profile", ProfileSpec) for file in sources.shipped if file.path.stem not in local
    ]


def _shadowed(profiles: list[Loaded[ProfileSpec]], sources: Sources) -> tuple[ProfileSpec, ...]:
    """Load the shipped profiles that the directory's own of their names extend."""
    own = [each.specs for each in profiles if each.specs is not None]
    names = {spec.profile.value for spec in own if spec.extends and spec.extends.value == spec.profile.value}
    shipped = [
        _load_shared(file, "profile", ProfileSpec).specs
        for file in sources.shipped
        if file.path.stem in names
    ]
    return tuple(spec for spec in shipped if spec is not None)


def _errors_of(document: Document, kind: str) -> tuple[Diagnostic, ...]:
    """Find all errors of one document: of its texts, and of its schema."""
    of_texts = (*check_texts(document.root), *(check_secrets(document.root) if kind == "site" else ()))
    of_schema = () if fits(document.to_plain(), kind) else validate(document, load_schema(kind))
    if of_schema and (elsewhere := misplaced(document, kind)):
        return (elsewhere,)
    # A text gets one error only.
    places = {one.span for one in of_texts}
    return limited((*of_texts, *(one for one in of_schema if one.span not in places)))


def _load(file: SpecFile, kind: str, into: type[T]) -> Loaded[T]:
    """Load a file of one kind."""
    source = file.source
    if source.value is None:
        return Loaded(None, source.diagnostics)
    document = parse_document(source.value, dates=kind in _WITH_DATES)
    if document.value is None:
        return Loaded(None, (*source.diagnostics, *document.diagnostics))
    misfits = _errors_of(document.value, kind)
    findings = (*source.diagnostics, *document.diagnostics, *misfits)
    return Loaded(None if has_errors(misfits) else decode(document.value.root, into), findings)


#: Files that services share are seldom edited, and one process may compile often: while it watches, say.
_load_shared = lru_cache(maxsize=64)(_load)
