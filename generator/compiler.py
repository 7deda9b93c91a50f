"""The compiler: texts of specs in, artifacts and diagnostics out. Pure; files are read and written elsewhere.

Services are compiled one by one; files about all services use a small entry of each. So a service whose spec has not
changed need not be compiled again, where a memory has its result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from generator import foundation
from generator.artifact import File, without_text
from generator.checks.all import check_service
from generator.checks.cardinality.account import SharedAccount
from generator.checks.cardinality.series_budget import check_total
from generator.checks.closed_world import check_variants
from generator.checks.facts import ServiceFacts, service_facts
from generator.checks.receivers import check_receivers
from generator.delivery.deliver import undeliverable
from generator.diagnostics import Diagnostic, displayed, has_errors
from generator.foundation import Foundation, SharedForm, SharedInputs
from generator.memory import Memory, lately, read_back
from generator.model.service import Model, Site
from generator.prometheus.alertmanager import Routing, routing
from generator.prometheus.rule_set import compile_rules
from generator.resolve.incidents import resolve_incidents
from generator.resolve.model import check_between, resolve_one
from generator.resolve.site import check_shards
from generator.spec.load import load_incidents, load_services
from generator.spec.types import Claims, ServiceSpec

if TYPE_CHECKING:
    from generator.artifact import Artifact
    from generator.emit import ServiceEntry
    from generator.model.alerts import Variant
    from generator.spec.sources import Sources, SpecFile

E = TypeVar("E")


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


class CompiledService(Struct, frozen=True):
    """A service with its rules, and its findings; ``facts`` is None when its spec has errors."""

    facts: ServiceFacts | None
    diagnostics: tuple[Diagnostic, ...]


#: A function that is called with the number of compiled services, and of all.
CompileProgress = Callable[[int, int], None]


def _silent(done: int, total: int) -> None:
    """Show no progress."""


def check(sources: Sources, memory: Memory | None = None, progress: CompileProgress = _silent) -> Compilation:
    """Compile specs as far as the checks need; no file is made. What services share is not made again."""
    base, found = foundation.load_foundation(sources, memory or Memory())
    if base is None or not sources.services:
        return _not_understood(sources, found)
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
    alerts = (alert.name for service in services for alert in service.alerts)
    listed = _of_incidents(sources, parts, alerts if is_sound else None, base)
    every = _findings((*found, *between, *listed), parts, base)
    fleet = _fleet(parts, (variant for service in services for variant in service.deviations.variants))
    every = displayed((*every, *_undeliverable((), parts, base, fleet)))
    account = base.of_fleet(fleet).account if is_sound else None
    return Compilation((), every, sources.texts, model, tuple(known), account)


def generate(
    sources: Sources, memory: Memory | None = None, progress: CompileProgress = _silent
) -> Compilation:
    """Compile specs to the whole output; results in ``memory`` are not made again."""
    memory = memory or Memory()
    base, found = foundation.load_foundation(sources, memory)
    if base is None or not sources.services:
        return _not_understood(sources, found)
    common, total = base.common, len(sources.services)
    parts: list[ServicePart[ServiceEntry]] = []
    known: dict[bytes, object] = {}
    for done, file in enumerate(sources.services, 1):
        parts += _sharing_values(_generated(file, base), known)
        progress(done, total)
    between = check_between([part.claims for part in parts if part.claims], common)
    entries = [part.entry for part in parts if part.entry]
    alerts = (name for entry in entries for name in entry.runbooks.rows)
    listed = _of_incidents(sources, parts, alerts if len(entries) == len(parts) else None, base)
    every = _findings((*found, *between, *listed), parts, base)
    if has_errors(every):
        return Compilation((), every, sources.texts)
    fleet = _fleet(parts, (variant for part in parts if part.entry for variant in part.entry.variants))
    files = _files(parts, fleet, base)
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
    shared = len(base.of_fleet(fleet).rules.groups)
    yield from undeliverable(files, groups, shared, places, base.site)


def _of_incidents(
    sources: Sources,
    parts: Sequence[ServicePart[ServiceEntry]],
    own: Iterable[str] | None,
    base: Foundation,
) -> tuple[Diagnostic, ...]:
    """Find the errors of the list of incidents, from which no file is generated; ``own`` are the services' alerts."""
    if sources.incidents is None:
        return ()
    listed = load_incidents(sources.incidents)
    names = [part.claims.service.value for part in parts if part.claims]
    # A service whose file has errors may be the one that an incident names.
    if listed.specs is None or len(names) < len(parts):
        return listed.diagnostics
    alerts = None if own is None else {*own, *(alert.name for alert in base.common.base.library.alerts)}
    return (*listed.diagnostics, *resolve_incidents(listed.specs, names, alerts).diagnostics)


def _fleet(parts: Sequence[ServicePart[ServiceEntry]], variants: Iterable[Variant]) -> SharedInputs:
    profiles = frozenset(part.claims.profile for part in parts if part.claims)
    by_name = {(one.alert, one.name): one for one in variants}
    marks = frozenset(mark for part in parts if part.routing for mark in part.routing.marks)
    return SharedInputs(profiles, tuple(by_name.values()), marks)


def _not_understood(sources: Sources, found: Sequence[Diagnostic]) -> Compilation:
    """Report the errors in services' files nevertheless."""
    alone = (one for file in sources.services for one in load_services(file).diagnostics)
    return Compilation((), displayed((*found, *alone)), sources.texts)


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


def _generated(file: SpecFile, base: Foundation) -> list[ServicePart[ServiceEntry]]:
    from generator import emit  # noqa: PLC0415 - the back ends import much that checking does not need

    memory, module = base.memory, f"module of {file.path}"
    parts = memory.recall(list[ServicePart[emit.ServiceEntry]], base.identity, file.identity)
    if parts and all(memory.holds(file) for part in parts for file in part.files):
        memory.keep_files(module)
        return parts
    checked = _checked(file, base)
    if any(facts is None or has_errors(part.diagnostics) for part, facts in checked):
        return [part for part, _ in checked]
    parts = [_emitted(part, facts, base) for part, facts in checked if facts]
    first = next(facts.service for _, facts in checked if facts)
    service, site = emit.measured_part(first), base.site
    own = memory.files(module, lambda: emit.emit_module(service, site), service, site)
    parts[0] = replace(parts[0], files=(*parts[0].files, *own))
    kept = [replace(part, files=tuple(map(without_text, part.files))) for part in parts]
    memory.retain(kept, base.identity, file.identity)
    return parts


def _emitted(
    part: ServicePart[ServiceEntry], facts: ServiceFacts, base: Foundation
) -> ServicePart[ServiceEntry]:
    """Add to a service its entry, and its own files."""
    from generator import emit  # noqa: PLC0415

    site = base.site.of(facts.service)
    entry = read_back(emit.entry_of(facts, site, base.memory), emit.ServiceEntry)
    return replace(part, entry=entry, files=emit.emit_service(facts, site))


def _sharing_values(
    parts: Iterable[ServicePart[ServiceEntry]], known: dict[bytes, object]
) -> Iterator[ServicePart[ServiceEntry]]:
    """Share equal values among the entries of services; ``known`` are those of earlier ones."""
    from generator import emit  # noqa: PLC0415

    return (replace(part, entry=part.entry and emit.sharing_values(part.entry, known)) for part in parts)


def _findings(
    diagnostics: Sequence[Diagnostic], parts: Sequence[ServicePart[ServiceEntry]], base: Foundation
) -> tuple[Diagnostic, ...]:
    """Add the findings about all services together, where all of them are valid."""
    claims = [part.claims.service.value for part in parts if part.claims]
    # A file with errors may be the missing one.
    shards = check_shards(base.common.shards, claims) if len(claims) == len(parts) else ()
    live = {part.claims.service.value: part.live for part in parts if part.claims and part.live is not None}
    once = base.of_fleet(_fleet(parts, ())).account.recorded.live
    places = {part.claims.service.value: part.claims.service.span for part in parts if part.claims}
    total = check_total(live, once, base.site, places) if len(live) == len(parts) else ()
    alone = (one for part in parts for one in part.diagnostics)
    routes = [part.routing for part in parts if part.routing]
    receivers = check_receivers(base.common.receivers, routes) if len(routes) == len(parts) else ()
    return displayed((*diagnostics, *base.understood.defects, *alone, *shards, *receivers, *total))


def _files(
    parts: Sequence[ServicePart[ServiceEntry]], fleet: SharedInputs, base: Foundation
) -> tuple[File, ...]:
    """Add the files about all services to the services' own files."""
    from generator import emit  # noqa: PLC0415

    entries = sorted((part.entry for part in parts if part.entry), key=lambda entry: entry.service)
    own = (file for part in parts for file in part.files)
    form, site, memory = base.of_fleet(fleet), base.site, base.memory
    routes = [part.routing for part in parts if part.routing]
    rules = memory.files(
        "shared rules", lambda: emit.emit_shared_rules(form.rules, site), base.identity, form.key
    )
    delivered = _delivered(routes, form, memory)
    dashboards, tests = _dashboards(entries, site, memory), _shared_tests(form, memory)
    paths = [file.path for file in rules]
    lists = emit.emit_fleet(entries, routes, paths, site, memory)
    reports = _reports(entries, form, memory)
    return (*own, *dashboards, *tests, *rules, *lists, *reports, *delivered)


def _shared_tests(form: SharedForm, memory: Memory) -> tuple[File, ...]:
    """Write the unit tests of the shared alerts, unless they are in memory."""
    from generator import emit  # noqa: PLC0415

    library, variants, site = form.library, form.variants, form.foundation.site
    inputs = replace(library, origins={}), variants, site

    def make() -> tuple[Artifact, ...]:
        return emit.emit_shared_tests(library, form.rules, variants, site)

    return memory.files("shared tests", lambda: lately("shared tests", make, *inputs), *inputs)


def _reports(entries: Sequence[ServiceEntry], form: SharedForm, memory: Memory) -> tuple[File, ...]:
    """Write the reports, unless those with the same numbers are in memory."""
    from generator import emit  # noqa: PLC0415

    account, site = form.account, form.foundation.site
    rows = [entry.report for entry in entries]
    return memory.files("reports", lambda: emit.emit_reports(entries, account, site), rows, account, site)


def _delivered(routes: Sequence[Routing], form: SharedForm, memory: Memory) -> tuple[File, ...]:
    """Write the shared rules and the lists of services for the site's targets, unless they are in memory."""
    from generator import emit  # noqa: PLC0415

    base = form.foundation
    if not base.site.deliver.targets:
        return ()
    return memory.files(
        "delivered",
        lambda: emit.emit_delivered(form.rules, routes, base.site),
        base.identity,
        form.key,
        routes,
    )


def _dashboards(entries: Sequence[ServiceEntry], site: Site, memory: Memory) -> tuple[File, ...]:
    """Draw the dashboards, unless those of the same records are in memory."""
    from generator import emit  # noqa: PLC0415
    from generator.grafana.records import combined_records  # noqa: PLC0415

    records = combined_records((entry.recording for entry in entries), site)

    def make() -> tuple[Artifact, ...]:
        return emit.emit_dashboards(records, site)

    return memory.files("dashboards", lambda: lately("dashboards", make, records, site), records, site)


def compile_service(spec: ServiceSpec, base: Foundation) -> CompiledService:
    """Resolve a service, compile its rules and run every check on it, if its base has no errors."""
    common = base.common
    resolved = resolve_one(spec, common)
    if resolved.value is None or not common.sound:
        return CompiledService(None, resolved.diagnostics)
    site = common.site.of(resolved.value)
    rules, form = compile_rules(resolved.value, site, base.shared.records), base.of_service(resolved.value)
    facts = service_facts(resolved.value, site, rules, form.rules, form.world_of(resolved.value))
    findings = (*resolved.diagnostics, *check_service(facts))
    if not has_errors(findings):
        findings += check_variants(form.variant_problems, resolved.value)
    return CompiledService(facts, findings)
