"""The compiler: texts of specs in, artifacts and diagnostics out. Pure; files are read and written elsewhere.

Services are compiled one by one; files about all services use a small entry of each. So a service whose spec has not
changed need not be compiled again, where a memory has its result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import Struct, field, json, msgpack
from msgspec.structs import replace

from generator.artifact import Artifact, File, without_text
from generator.checks.all import check_fleet, check_service, check_shared
from generator.checks.cardinality.account import SharedAccount, shared_account
from generator.checks.facts import ServiceFacts, service_facts
from generator.checks.receivers import check_receivers
from generator.delivery.deliver import undeliverable
from generator.diagnostics import Diagnostic, displayed, has_errors
from generator.model.service import Model, Service, Site
from generator.prometheus.alertmanager import Routing, routing
from generator.prometheus.compiled import Compiled, compile_rules
from generator.prometheus.shared import SharedRules, shared_rules, with_variants
from generator.resolve.incidents import resolve_incidents
from generator.resolve.model import Common, check_between, resolve_common, resolve_one
from generator.resolve.site import check_shards
from generator.spec.load import Loaded, load_incidents, load_services, load_shared
from generator.spec.types import Claims, ServiceSpec, SharedSpecs

if TYPE_CHECKING:
    from generator.emit import ServiceEntry
    from generator.model.alerts import Variant
    from generator.model.library import Library
    from generator.spec.sources import Sources, SpecFile

T = TypeVar("T")
E = TypeVar("E")


class Memory:
    """Results of earlier compilations, by the bytes that they depend on; this class keeps none."""

    def recall(self, kind: type[T], *inputs: bytes) -> T | None:  # noqa: ARG002 - for memories that have some
        """Find a result."""
        return None

    def retain(self, value: object, *inputs: bytes) -> None:
        """Keep a result for later compilations."""

    def holds(self, file: File) -> bool:  # noqa: ARG002
        """Whether the output directory has a file whose text was dropped."""
        return False


#: Profiles, marks, and the alerts and names of variants.
_Key = tuple[tuple[str, ...], tuple[str, ...], tuple[tuple[str, str], ...]]


class SharedInputs(Struct, frozen=True):
    """The input of the shared rules from all services: profiles in use, variants, and marks of alerts."""

    profiles: frozenset[str] = frozenset()
    variants: tuple[Variant, ...] = ()
    marks: frozenset[str] = frozenset()


class Foundation(Struct, frozen=True):
    """The base for compiling every service: the parts that services share, and the shared rules.

    Attributes:
        common: The parts that services share.
        shared: The shared rules in the library's form.
        defects: The defects of these rules.
        made: The rules of other profiles, with marks or variants, by the profiles' names, the marks, and the variants'
            alerts and names, as far as they were requested.
    """

    common: Common
    shared: SharedRules
    defects: tuple[Diagnostic, ...] = ()
    made: dict[_Key, SharedRules] = field(default_factory=dict)

    def of_service(self, service: Service) -> SharedRules:
        """The shared rules with the variants and the marks of a service; equal names mean the same rules."""
        return self._rules(self.common.base.library.marked(service.marks), service.deviations.variants)

    def of_fleet(self, fleet: SharedInputs) -> SharedRules:
        """The shared rules of a fleet: with the variants in use, and without unused profiles."""
        return self._rules(self.library_of(fleet), fleet.variants)

    def _rules(self, library: Library, variants: tuple[Variant, ...]) -> SharedRules:
        if not variants and library is self.common.base.library:
            return self.shared
        profiles = tuple(one.name for one in library.profiles)
        key = profiles, library.marks, tuple(sorted({(one.alert, one.name) for one in variants}))
        if key not in self.made:
            self.made[key] = (
                with_variants(self._rules(library, ()), variants, library, self.site)
                if variants
                else shared_rules(library, self.site)
            )
        return self.made[key]

    def library_of(self, fleet: SharedInputs) -> Library:
        """The library without unused profiles, and without prices of tokens that only those count."""
        return self.common.base.library.used_by(fleet.profiles).marked(fleet.marks)

    @property
    def site(self) -> Site:
        """The site."""
        return self.common.site


def foundation(shared: SharedSpecs) -> tuple[Foundation, tuple[Diagnostic, ...]]:
    """Resolve the parts that services share, and compile the shared rules."""
    common, rules, defects, found = _of_shared(shared)
    return Foundation(common, rules, defects), found


@lru_cache(maxsize=4)
def _of_shared(
    shared: SharedSpecs,
) -> tuple[Common, SharedRules, tuple[Diagnostic, ...], tuple[Diagnostic, ...]]:
    """Make the parts of a foundation, and its findings; once for as long as the specs stay the same."""
    common, found = resolve_common(shared)
    rules = shared_rules(common.base.library, common.site)
    return common, rules, check_shared(rules, common.base.library) if common.sound else (), found


class Compilation(Struct, frozen=True):
    """The result of a compilation.

    Attributes:
        files: The whole output; empty when a spec has errors, or is only checked.
        diagnostics: The findings, in order.
        texts: The texts of the specs, by their names in diagnostics.
        model: None when a service has errors, or comes from a memory.
        facts: Facts of the model's services, in its order.
        shared: The cost of the shared rules; None where ``model`` is.
    """

    files: tuple[File, ...]
    diagnostics: tuple[Diagnostic, ...]
    texts: Mapping[str, str]
    model: Model | None = None
    facts: tuple[ServiceFacts, ...] = ()
    shared: SharedAccount | None = None

    @property
    def rules(self) -> tuple[Compiled, ...]:
        """The rules of the model's services, in their order."""
        return tuple(each.compiled for each in self.facts)

    @property
    def failed(self) -> bool:
        """Whether nothing may be generated."""
        return has_errors(self.diagnostics)


class ServicePart(Struct, Generic[E], frozen=True):
    """One service of a file, compiled; ``E`` is the type of entries, which the back ends define.

    Attributes:
        claims: Names and series that no other service may claim as well; None when it is not a spec.
        live: The service's series at once, raw and recorded; None when the spec has errors.
        entry: None when the spec has errors, or is only checked.
        files: The service's own; empty without an entry.
        diagnostics: Findings about it alone.
        groups: The number of its own rule groups.
        routing: The facts for routing its alerts; None when the spec has errors.
    """

    claims: Claims | None
    live: int | None
    entry: E | None
    files: tuple[File, ...]
    diagnostics: tuple[Diagnostic, ...]
    groups: int = 0
    routing: Routing | None = None


class Tests(Struct, frozen=True):
    """The unit tests of the shared alerts."""

    files: tuple[File, ...]


class DerivedFiles(Struct, frozen=True):
    """Files that depend on a part of the specs; ``depends_on`` is the SHA-256 of that part."""

    depends_on: bytes
    files: tuple[File, ...]


class CompiledService(Struct, frozen=True):
    """A service with its rules, and its findings; ``facts`` is None when its spec has errors."""

    facts: ServiceFacts | None
    diagnostics: tuple[Diagnostic, ...]


Progress = Callable[[int, int], None]
"""A function that is called with the number of compiled services, and of all."""


def _silent(done: int, total: int) -> None:
    """Show no progress."""


def check(sources: Sources, progress: Progress = _silent) -> Compilation:
    """Compile specs as far as the checks need; no file is made."""
    shared = load_shared(sources)
    if shared.specs is None or not sources.services:
        return _not_understood(sources, shared)
    base, found = foundation(shared.specs)
    common, total = base.common, len(sources.services)
    parts, known = [], []
    for done, file in enumerate(sources.services, 1):
        for part, facts in _checked(file, base):
            parts.append(part)
            known += [facts] if facts else []
        progress(done, total)
    between = check_between([part.claims for part in parts if part.claims], common)
    is_sound = len(known) == len(parts) and not has_errors((*found, *between))
    known = sorted(known, key=lambda one: one.service.name) if is_sound else []
    services = tuple(one.service for one in known)
    model = Model(common.site, common.base.library, services) if is_sound else None
    listed = _of_incidents(sources, parts)
    every = _findings((*shared.diagnostics, *found, *between, *listed), parts, base)
    fleet = _fleet(parts, (variant for service in services for variant in service.deviations.variants))
    every = displayed((*every, *_undeliverable((), parts, base, fleet)))
    account = shared_account(base.of_fleet(fleet)) if is_sound else None
    return Compilation((), every, sources.texts, model, tuple(known), account)


def generate(sources: Sources, memory: Memory | None = None, progress: Progress = _silent) -> Compilation:
    """Compile specs to the whole output; results in ``memory`` are not made again."""
    memory = memory or Memory()
    shared = _recalled_shared(sources, memory)
    if shared.specs is None or not sources.services:
        return _not_understood(sources, shared)
    base, found = foundation(shared.specs)
    common = base.common
    key, total = sources.identity, len(sources.services)
    parts: list[ServicePart[ServiceEntry]] = []
    known: dict[bytes, object] = {}
    for done, file in enumerate(sources.services, 1):
        parts += _once(_generated(file, base, memory, key), known)
        progress(done, total)
    between = check_between([part.claims for part in parts if part.claims], common)
    listed = _of_incidents(sources, parts)
    every = _findings((*shared.diagnostics, *found, *between, *listed), parts, base)
    if has_errors(every):
        return Compilation((), every, sources.texts)
    fleet = _fleet(parts, (variant for part in parts if part.entry for variant in part.entry.variants))
    files = _files(parts, fleet, base, memory)
    refused = displayed(_undeliverable(files, parts, base, fleet))
    return Compilation(() if has_errors(refused) else files, (*every, *refused), sources.texts)


def _undeliverable(
    files: Sequence[File], parts: Sequence[ServicePart[ServiceEntry]], base: Foundation, fleet: SharedInputs
) -> Iterator[Diagnostic]:
    """Find parts that a target of the site would refuse; before there are files, by the number of groups alone."""
    if not base.site.deliver.targets:
        return
    claims = {part.claims.service.value: part for part in parts if part.claims}
    groups = {name: part.groups for name, part in claims.items()}
    places = {name: part.claims.service.span for name, part in claims.items() if part.claims}
    shared = len(base.of_fleet(fleet).groups)
    yield from undeliverable(files, groups, shared, places, base.site)


def _of_incidents(sources: Sources, parts: Sequence[ServicePart[ServiceEntry]]) -> tuple[Diagnostic, ...]:
    """Find the errors of the list of incidents, from which no file is generated."""
    if sources.incidents is None:
        return ()
    listed = load_incidents(sources.incidents)
    names = [part.claims.service.value for part in parts if part.claims]
    # A service whose file has errors may be the one that an incident names.
    if listed.specs is None or len(names) < len(parts):
        return listed.diagnostics
    return (*listed.diagnostics, *resolve_incidents(listed.specs, names).diagnostics)


def _fleet(parts: Sequence[ServicePart[ServiceEntry]], variants: Iterable[Variant]) -> SharedInputs:
    profiles = frozenset(part.claims.profile for part in parts if part.claims)
    by_name = {(one.alert, one.name): one for one in variants}
    marks = frozenset(mark for part in parts if part.routing for mark in part.routing.marks)
    return SharedInputs(profiles, tuple(by_name.values()), marks)


def _not_understood(sources: Sources, shared: Loaded[SharedSpecs]) -> Compilation:
    """Report the errors in services' files nevertheless."""
    alone = (one for file in sources.services for one in load_services(file).diagnostics)
    return Compilation((), displayed((*shared.diagnostics, *alone)), sources.texts)


def _recalled_shared(sources: Sources, memory: Memory) -> Loaded[SharedSpecs]:
    key = sources.identity
    loaded = memory.recall(Loaded[SharedSpecs], key)
    if loaded is None:
        loaded = _read_back(load_shared(sources), Loaded[SharedSpecs])
        memory.retain(loaded, key)
    return loaded


def _checked(file: SpecFile, base: Foundation) -> list[tuple[ServicePart[ServiceEntry], ServiceFacts | None]]:
    """Check the services of a file: one, or one for each environment."""
    loaded = load_services(file)
    if loaded.specs is None:
        return [(ServicePart(None, None, None, (), loaded.diagnostics), None)]
    return [
        _compiled(spec, base, () if number else loaded.diagnostics)
        for number, spec in enumerate(loaded.specs)
    ]


def _compiled(
    spec: ServiceSpec, base: Foundation, diagnostics: tuple[Diagnostic, ...]
) -> tuple[ServicePart[ServiceEntry], ServiceFacts | None]:
    """Compile a service, and add its findings to those of its file."""
    compiled = compile_service(spec, base)
    every = (*diagnostics, *compiled.diagnostics)
    facts = compiled.facts
    if facts is None:
        return ServicePart(spec.claims, None, None, (), every), None
    groups = len(facts.compiled.recording) + len(facts.compiled.alerting)
    return ServicePart(
        spec.claims, facts.account.live, None, (), every, groups, routing(facts.service)
    ), facts


def _generated(
    file: SpecFile, base: Foundation, memory: Memory, key: bytes
) -> list[ServicePart[ServiceEntry]]:
    from generator import emit  # noqa: PLC0415 - the back ends import much that checking does not need

    parts, module = (
        memory.recall(list[ServicePart[emit.ServiceEntry]], key, file.identity),
        f"module of {file.path}",
    )
    if parts and all(memory.holds(file) for part in parts for file in part.files):
        memory.recall(DerivedFiles, module.encode())  # the facts are dropped unless they are requested
        return parts
    checked = _checked(file, base)
    if any(facts is None or has_errors(part.diagnostics) for part, facts in checked):
        return [part for part, _ in checked]
    parts = [_emitted(part, facts, base.site) for part, facts in checked if facts]
    first = next(facts.service for _, facts in checked if facts)
    service, site = emit.measured_part(first), base.site
    own = _made(memory, module, (service, site), lambda: emit.emit_module(service, site))
    parts[0] = replace(parts[0], files=(*parts[0].files, *own))
    memory.retain(
        [replace(part, files=tuple(map(without_text, part.files))) for part in parts], key, file.identity
    )
    return parts


def _emitted(part: ServicePart[ServiceEntry], facts: ServiceFacts, site: Site) -> ServicePart[ServiceEntry]:
    """Add to a service its entry, and its own files."""
    from generator import emit  # noqa: PLC0415

    site = site.of(facts.service)
    entry = _read_back(emit.entry_of(facts, site), emit.ServiceEntry)
    return replace(part, entry=entry, files=emit.emit_service(facts, site))


def _once(
    parts: Iterable[ServicePart[ServiceEntry]], known: dict[bytes, object]
) -> Iterator[ServicePart[ServiceEntry]]:
    """Share equal values among the entries of services; ``known`` are those of earlier ones."""
    from generator import emit  # noqa: PLC0415

    return (replace(part, entry=part.entry and emit.once(part.entry, known)) for part in parts)


def _read_back(value: T, kind: type[T]) -> T:
    """Convert a value as a memory would: a 1 in place of a float becomes 1.0."""
    try:
        return msgpack.decode(msgpack.encode(value), type=kind)
    except OverflowError:  # an integer of more than 64 bits, which no memory keeps
        return value


def _findings(
    diagnostics: Sequence[Diagnostic], parts: Sequence[ServicePart[ServiceEntry]], base: Foundation
) -> tuple[Diagnostic, ...]:
    """Add the findings about all services together, where all of them are valid."""
    claims = [part.claims.service.value for part in parts if part.claims]
    # A file with errors may be the missing one.
    shards = check_shards(base.common.shards, claims) if len(claims) == len(parts) else ()
    live = {part.claims.service.value: part.live for part in parts if part.claims and part.live is not None}
    account = shared_account(base.of_fleet(_fleet(parts, ())))
    total = check_fleet(live, account, base.site) if len(live) == len(parts) else ()
    alone = (one for part in parts for one in part.diagnostics)
    routes = [part.routing for part in parts if part.routing]
    receivers = check_receivers(base.common.receivers, routes) if len(routes) == len(parts) else ()
    return displayed((*diagnostics, *base.defects, *alone, *shards, *receivers, *total))


def _files(
    parts: Sequence[ServicePart[ServiceEntry]], fleet: SharedInputs, base: Foundation, memory: Memory
) -> tuple[File, ...]:
    """Add the files about all services to the services' own files."""
    from generator import emit  # noqa: PLC0415

    entries = sorted((part.entry for part in parts if part.entry), key=lambda entry: entry.service)
    own = (file for part in parts for file in part.files)
    shared = base.of_fleet(fleet)
    dashboards = _dashboards(entries, base.site, memory)
    tests = _shared_tests(base.library_of(fleet), shared, fleet.variants, base.site, memory)
    routes = [part.routing for part in parts if part.routing]
    return (*own, *dashboards, *tests, *emit.emit_fleet(entries, routes, shared, base.site))


def _shared_tests(
    library: Library, shared: SharedRules, variants: tuple[Variant, ...], site: Site, memory: Memory
) -> tuple[File, ...]:
    """Write the unit tests of the shared alerts, unless they are in memory."""
    from generator import emit  # noqa: PLC0415

    key = json.encode((replace(library, origins={}), variants, site), order="sorted")
    tests = memory.recall(Tests, key)
    if tests and all(map(memory.holds, tests.files)):
        return tests.files
    files = emit.emit_shared_tests(library, shared, variants, site)
    memory.retain(Tests(tuple(map(without_text, files))), key)
    return files


def _dashboards(entries: Sequence[ServiceEntry], site: Site, memory: Memory) -> tuple[File, ...]:
    """Draw the dashboards, unless those of the same records are in memory."""
    from generator import emit  # noqa: PLC0415
    from generator.grafana.records import records_of  # noqa: PLC0415

    records = records_of((entry.recording for entry in entries), site)
    return _made(memory, "dashboards", (records, site), lambda: emit.emit_dashboards(records, site))


def _made(
    memory: Memory, name: str, depends_on: object, make: Callable[[], tuple[Artifact, ...]]
) -> tuple[File, ...]:
    """Make files, unless those of this name were last made from the same input.

    Args:
        memory: The results of the last time.
        name: Distinguishes these files from others.
        depends_on: Their whole input.
        make: Makes them.
    """
    inputs = sha256(json.encode(depends_on, order="sorted")).digest()
    derived = memory.recall(DerivedFiles, name.encode())
    if derived and derived.depends_on == inputs and all(map(memory.holds, derived.files)):
        return derived.files
    files = make()
    memory.retain(DerivedFiles(inputs, tuple(map(without_text, files))), name.encode())
    return files


def compile_service(spec: ServiceSpec, base: Foundation) -> CompiledService:
    """Resolve a service, compile its rules and run every check on it, if its base has no errors."""
    common = base.common
    resolved = resolve_one(spec, common)
    if resolved.value is None or not common.sound:
        return CompiledService(None, resolved.diagnostics)
    site = common.site.of(resolved.value)
    rules = compile_rules(resolved.value, site, base.shared.records)
    facts = service_facts(resolved.value, site, rules, base.of_service(resolved.value))
    return CompiledService(facts, (*resolved.diagnostics, *check_service(facts, site)))
