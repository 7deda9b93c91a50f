"""The compiler: texts of specs in, artifacts and diagnostics out. Pure; files are read and written elsewhere.

Services are compiled one by one; what only all of them together show stands on a small entry of each. So a service
whose spec has not changed need not be compiled again, where a memory has what became of it.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import Struct, json, msgpack
from msgspec.structs import replace

from generator.artifact import File, kept
from generator.checks.all import check_fleet, check_service
from generator.checks.facts import ServiceFacts, service_facts
from generator.diagnostics import Diagnostic, has_errors, shown
from generator.model.service import Model, Site
from generator.prometheus.compiled import Compiled, compile_rules
from generator.resolve.model import check_between, resolve_common, resolve_one
from generator.spec.load import Loaded, load_service, load_shared
from generator.spec.types import Claims, Shared

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from generator.artifact import Artifact
    from generator.emit import Entry
    from generator.resolve.model import Common
    from generator.spec.sources import Sources, SpecFile
    from generator.spec.types import ServiceSpec

T = TypeVar("T")
E = TypeVar("E")


class Memory:
    """Results of earlier compilations, by the bytes that they depend on; this one has none, and keeps none."""

    def recall(self, kind: type[T], *inputs: bytes) -> T | None:  # noqa: ARG002 - for memories that have some
        """Find a result."""
        return None

    def retain(self, value: object, *inputs: bytes) -> None:
        """Keep a result for later compilations."""

    def holds(self, file: File) -> bool:  # noqa: ARG002
        """Whether the output directory has a file whose text was forgotten."""
        return False


class Compilation(Struct, frozen=True):
    """The result of a compilation.

    Attributes:
        files: All of the output; none when a spec is at fault, or where specs are only checked.
        diagnostics: In order.
        texts: Of the specs, by the names that diagnostics give them.
        model: None when a service is not understood, or comes from a memory.
        facts: Of the model's services, in its order.
    """

    files: tuple[File, ...]
    diagnostics: tuple[Diagnostic, ...]
    texts: Mapping[str, str]
    model: Model | None = None
    facts: tuple[ServiceFacts, ...] = ()

    @property
    def rules(self) -> tuple[Compiled, ...]:
        """The rules of the model's services, in their order."""
        return tuple(each.compiled for each in self.facts)

    @property
    def failed(self) -> bool:
        """Whether nothing may be generated."""
        return has_errors(self.diagnostics)


class Part(Struct, Generic[E], frozen=True):
    """The file of one service, compiled; ``E`` is the type of entries, which only back ends know.

    Attributes:
        claims: Names and series that no other service may claim as well; None when it is no spec.
        live: The service's series at once, raw and recorded; None when the spec is not understood.
        entry: None when the spec is at fault, or is only to be checked.
        files: The service's own; none when there is no entry.
        diagnostics: What is found about it alone.
    """

    claims: Claims | None
    live: int | None
    entry: E | None
    files: tuple[File, ...]
    diagnostics: tuple[Diagnostic, ...]


class Made(Struct, frozen=True):
    """Files that stand on less than all of a spec; ``stands_on`` is the SHA-256 of that."""

    stands_on: bytes
    files: tuple[File, ...]


class CompiledService(Struct, frozen=True):
    """A service with its rules, and what is found about it; ``facts`` is None when its spec is not understood."""

    facts: ServiceFacts | None
    diagnostics: tuple[Diagnostic, ...]


Progress = Callable[[int, int], None]
"""Is called with the number of services that are compiled, and of all."""


def _silent(done: int, total: int) -> None:
    """Show no progress."""


def check(sources: Sources, progress: Progress = _silent) -> Compilation:
    """Compile specs as far as the checks need; no file is made."""
    shared = load_shared(sources)
    if shared.specs is None or not sources.services:
        return _not_understood(sources, shared)
    common, found = resolve_common(shared.specs)
    total = len(sources.services)
    parts, known = [], []
    for done, file in enumerate(sources.services, 1):
        part, facts = _checked(file, common)
        parts.append(part)
        known += [facts] if facts else []
        progress(done, total)
    between = check_between([part.claims for part in parts if part.claims], common)
    is_sound = len(known) == total and not has_errors((*found, *between))
    known = sorted(known, key=lambda one: one.service.name) if is_sound else []
    model = Model(common.site, tuple(one.service for one in known)) if is_sound else None
    every = _findings((*shared.diagnostics, *found, *between), parts, common.site)
    return Compilation((), every, sources.texts, model, tuple(known))


def generate(sources: Sources, memory: Memory | None = None, progress: Progress = _silent) -> Compilation:
    """Compile specs to all of the output; what ``memory`` has of earlier compilations is not made again."""
    memory = memory or Memory()
    shared = _recalled_shared(sources, memory)
    if shared.specs is None or not sources.services:
        return _not_understood(sources, shared)
    common, found = resolve_common(shared.specs)
    key, total = sources.identity, len(sources.services)
    parts = []
    for done, file in enumerate(sources.services, 1):
        parts.append(_generated(file, common, memory, key))
        progress(done, total)
    between = check_between([part.claims for part in parts if part.claims], common)
    every = _findings((*shared.diagnostics, *found, *between), parts, common.site)
    files = () if has_errors(every) else _files(parts, common.site, memory)
    return Compilation(files, every, sources.texts)


def _not_understood(sources: Sources, shared: Loaded[Shared]) -> Compilation:
    """Say all the same what is wrong with the files of services."""
    alone = (one for file in sources.services for one in load_service(file).diagnostics)
    return Compilation((), shown((*shared.diagnostics, *alone)), sources.texts)


def _recalled_shared(sources: Sources, memory: Memory) -> Loaded[Shared]:
    key = sources.identity
    found = memory.recall(Loaded[Shared], key)
    if found is None:
        found = _read_back(load_shared(sources), Loaded[Shared])
        memory.retain(found, key)
    return found


def _checked(file: SpecFile, common: Common) -> tuple[Part[Entry], ServiceFacts | None]:
    loaded = load_service(file)
    if loaded.specs is None:
        return Part(None, None, None, (), loaded.diagnostics), None
    compiled = compile_service(loaded.specs, common)
    live = compiled.facts.account.live if compiled.facts else None
    found = (*loaded.diagnostics, *compiled.diagnostics)
    return Part(loaded.specs.claims, live, None, (), found), compiled.facts


def _generated(file: SpecFile, common: Common, memory: Memory, key: bytes) -> Part[Entry]:
    from generator import emit  # noqa: PLC0415 - the back ends import much that checking does not need

    part, module = memory.recall(Part[emit.Entry], key, file.identity), f"module of {file.path}"
    if part and all(map(memory.holds, part.files)):
        memory.recall(Made, module.encode())  # what is not asked for is forgotten
        return part
    part, facts = _checked(file, common)
    if facts and not has_errors(part.diagnostics):
        service, site = emit.measured(facts.service), common.site
        own = _made(memory, module, (service, site), lambda: emit.emit_module(service, site))
        files = (*emit.emit_service(facts, site), *own)
        entry = _read_back(emit.entry_of(facts, common.site), emit.Entry)
        part = replace(part, entry=entry, files=files)
        memory.retain(replace(part, files=tuple(map(kept, files))), key, file.identity)
    return part


def _read_back(value: T, kind: type[T]) -> T:
    """Make of a value what a memory would make of it: a 1 where a float is meant is 1.0, now and then."""
    try:
        return msgpack.decode(msgpack.encode(value), type=kind)
    except OverflowError:  # an integer of more than 64 bits, which no memory keeps
        return value


def _findings(
    found: Sequence[Diagnostic], parts: Sequence[Part[Entry]], site: Site
) -> tuple[Diagnostic, ...]:
    """Add what only all services together can break, where all of them are understood."""
    live = {part.claims.service.value: part.live for part in parts if part.claims and part.live is not None}
    total = check_fleet(live, site) if len(live) == len(parts) else ()
    return shown((*found, *(one for part in parts for one in part.diagnostics), *total))


def _files(parts: Sequence[Part[Entry]], site: Site, memory: Memory) -> tuple[File, ...]:
    """Add to the services' own files those that are about all of them."""
    from generator import emit  # noqa: PLC0415

    entries = sorted((part.entry for part in parts if part.entry), key=lambda entry: entry.service)
    own = (file for part in parts for file in part.files)
    return (*own, *_dashboards(entries, site, memory), *emit.emit_fleet(entries, site))


def _dashboards(entries: Sequence[Entry], site: Site, memory: Memory) -> tuple[File, ...]:
    """Draw the dashboards, unless the same series are recorded as before."""
    from generator import emit  # noqa: PLC0415
    from generator.grafana.records import records_of  # noqa: PLC0415

    records = records_of((entry.recording for entry in entries), site)
    return _made(memory, "dashboards", (records, site), lambda: emit.emit_dashboards(records, site))


def _made(
    memory: Memory, name: str, stands_on: object, make: Callable[[], tuple[Artifact, ...]]
) -> tuple[File, ...]:
    """Make files, unless those of this name were made last time from the same.

    Args:
        memory: What was made last time.
        name: Tells these files from others.
        stands_on: All that they depend on.
        make: Makes them.
    """
    inputs = sha256(json.encode(stands_on, order="sorted")).digest()
    found = memory.recall(Made, name.encode())
    if found and found.stands_on == inputs and all(map(memory.holds, found.files)):
        return found.files
    files = make()
    memory.retain(Made(inputs, tuple(map(kept, files))), name.encode())
    return files


def compile_service(spec: ServiceSpec, common: Common) -> CompiledService:
    """Resolve a service, compile its rules and run every check on it, if what it stands on is sound."""
    resolved = resolve_one(spec, common)
    if resolved.value is None or not common.sound:
        return CompiledService(None, resolved.diagnostics)
    rules = compile_rules(resolved.value, common.site)
    facts = service_facts(resolved.value, common.site, rules)
    return CompiledService(facts, (*resolved.diagnostics, *check_service(facts, common.site)))
