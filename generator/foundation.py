"""The base for compiling every service: the parts that services share, and the shared rules.

All of it depends on the files that services share alone, so that after an edit of a service a memory has all of it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar, cast

from msgspec import Struct, field

from generator.checks.cardinality.account import SharedAccount, shared_account
from generator.checks.closed_world import Problem, check_shared, variant_problems
from generator.checks.world import SharedWorld, data_of, shared_world
from generator.diagnostics import Diagnostic
from generator.memory import Memory, read_back
from generator.model.rules import SharedRules
from generator.prometheus.shared import shared_rules, with_variants
from generator.resolve.model import Common, resolve_common
from generator.spec.load import load_shared

if TYPE_CHECKING:
    from collections.abc import Callable

    from generator.model.alerts import Variant
    from generator.model.service import Library, Service, Site
    from generator.spec.sources import Sources
    from generator.spec.types import SharedSpecs

T = TypeVar("T")


class SharedInputs(Struct, frozen=True):
    """The input of the shared rules from all services: profiles in use, variants, and marks of alerts."""

    profiles: frozenset[str] = frozenset()
    variants: tuple[Variant, ...] = ()
    marks: frozenset[str] = frozenset()


class Understood(Struct, frozen=True):
    """The files that services share, resolved, and the shared rules in the library's form.

    Attributes:
        common: The parts that services share.
        rules: The shared rules.
        defects: The defects of these rules.
    """

    common: Common
    rules: SharedRules
    defects: tuple[Diagnostic, ...]


class SharedFiles(Struct, frozen=True):
    """The files that services share, and all findings in them; None where a file cannot be loaded."""

    understood: Understood | None
    diagnostics: tuple[Diagnostic, ...]


class Foundation(Struct, frozen=True):
    """The base for compiling every service.

    Attributes:
        understood: The files that services share.
        memory: The memory of earlier compilations.
        identity: A hash of these files, by which a memory has what was made from them.
        made: What was made or recalled for forms of the shared rules.
    """

    understood: Understood
    memory: Memory
    identity: bytes
    made: dict[object, object] = field(default_factory=dict)

    @property
    def common(self) -> Common:
        """The parts that services share."""
        return self.understood.common

    @property
    def shared(self) -> SharedRules:
        """The shared rules in the library's form."""
        return self.understood.rules

    @property
    def site(self) -> Site:
        """The site."""
        return self.common.site

    def of_service(self, service: Service) -> SharedForm:
        """The shared rules with the variants and the marks of a service."""
        return SharedForm(self, self.common.base.library.marked(service.marks), service.deviations.variants)

    def of_fleet(self, fleet: SharedInputs) -> SharedForm:
        """The shared rules of a fleet: with the variants in use, and without the data of unused profiles."""
        library = self.common.base.library.used_by(fleet.profiles).marked(fleet.marks)
        return SharedForm(self, library, fleet.variants)


class SharedForm(Struct, frozen=True):
    """The shared rules for a library, and with the variants that some services have of its alerts."""

    foundation: Foundation
    library: Library
    variants: tuple[Variant, ...]

    @property
    def key(self) -> tuple[tuple[str, ...], ...]:
        """Names of its parts; equal names mean the same rules of one foundation."""
        profiles = tuple(one.name for one in self.library.profiles)
        return profiles, self.library.marks, *sorted({(one.alert, one.name) for one in self.variants})

    @property
    def rules(self) -> SharedRules:
        """The rules."""
        base = self.foundation
        if not self.variants and self.library is base.common.base.library:
            return base.shared
        return self._once(SharedRules, self._compiled)

    def world_of(self, service: Service) -> SharedWorld:
        """The reads and records of the rules, for a service."""
        data = data_of(self.rules, service)
        return self._once(SharedWorld, lambda: shared_world(self.rules, data), data)

    @property
    def variant_problems(self) -> tuple[Problem, ...]:
        """The defects of the variants."""
        return self._once(tuple[Problem, ...], lambda: variant_problems(self.rules)) if self.variants else ()

    @property
    def account(self) -> SharedAccount:
        """The cost of the rules."""
        return self._once(SharedAccount, lambda: shared_account(self.rules))

    def _compiled(self) -> SharedRules:
        site = self.foundation.site
        if not self.variants:
            return shared_rules(self.library, site)
        plain = SharedForm(self.foundation, self.library, ()).rules
        return with_variants(plain, self.variants, self.library, site)

    def _once(self, kind: type[T], make: Callable[[], T], more: object = None) -> T:
        """Make a value of a kind from the rules and ``more``, unless it was made before."""
        base, key = self.foundation, (kind, self.key, more)
        if key not in base.made:
            base.made[key] = base.memory.once(kind, make, base.identity, self.key, more)
        return cast("T", base.made[key])


def load_foundation(sources: Sources, memory: Memory) -> tuple[Foundation | None, tuple[Diagnostic, ...]]:
    """Load and resolve the files that services share; None where a file cannot be loaded. All findings are returned."""
    identity = sources.identity
    found = memory.recall(SharedFiles, identity)
    if found is None:
        found = _loaded(sources)
        memory.retain(found, identity)
    base = Foundation(found.understood, memory, identity) if found.understood else None
    return base, found.diagnostics


def _loaded(sources: Sources) -> SharedFiles:
    shared = load_shared(sources)
    if shared.specs is None:
        return SharedFiles(None, shared.diagnostics)
    understood, diagnostics = _understood(shared.specs)
    return SharedFiles(understood, (*shared.diagnostics, *diagnostics))


@lru_cache(maxsize=4)
def _understood(shared: SharedSpecs) -> tuple[Understood, tuple[Diagnostic, ...]]:
    """Resolve the specs; once a process for as long as they stay the same."""
    common, found = resolve_common(shared)
    rules = shared_rules(common.base.library, common.site)
    defects = check_shared(rules, common.base.library.origins) if common.sound else ()
    return Understood(read_back(common, Common), rules, read_back(defects, tuple[Diagnostic, ...])), found
