"""What one service's file becomes: its own artifacts, and its entry in those that are about all services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.artifact import Packed, packed
from generator.checks.selfcheck import self_check
from generator.compiler import Entry, compile_service, emit_service, entry_of
from generator.diagnostics import has_errors
from generator.spec.load import load_service

if TYPE_CHECKING:
    from pathlib import Path

    from generator.checks.selfcheck import SelfCheck
    from generator.diagnostics import Diagnostic
    from generator.resolve.model import Common
    from generator.spec.types import Claims
    from generator.spool import Spool


class Part(Struct, frozen=True):
    """A compiled file.

    Attributes:
        claims: What other services must not claim as well; None when it is no spec.
        live: The service's series at once, raw and recorded; None when the spec is not understood.
        checklist: None when the spec is at fault, or more is made than a check.
        entry: None when the spec is at fault, or is only to be checked.
        artifacts: The service's own; none when there is no entry.
        diagnostics: What is found about it alone.
        sources: Its text by its path, to show what is found in.
    """

    claims: Claims | None
    live: int | None
    checklist: SelfCheck | None
    entry: Entry | None
    artifacts: tuple[Packed, ...]
    diagnostics: tuple[Diagnostic, ...]
    sources: dict[str, str]

    def bare(self) -> Part:
        """Forget the texts of its artifacts: the output holds them."""
        return replace(self, artifacts=tuple(artifact.bare() for artifact in self.artifacts))

    def spooled(self, spool: Spool) -> Part:
        """Let what is long of it wait in a spool."""
        artifacts = tuple(artifact.spooled(spool) for artifact in self.artifacts)
        return replace(self, artifacts=artifacts, entry=self.entry and self.entry.spooled(spool))


def compile_part(path: Path, common: Common, *, emit: bool) -> Part:
    """Compile the file of one service; without ``emit`` only to check it."""
    loaded = load_service(path)
    if loaded.specs is None:
        return Part(None, None, None, None, (), loaded.diagnostics, loaded.sources)
    compiled = compile_service(loaded.specs, common)
    told = (*loaded.diagnostics, *compiled.diagnostics)
    live = compiled.facts.account.live if compiled.facts else None
    if compiled.facts is None or has_errors(told):
        return Part(loaded.specs.claims, live, None, None, (), told, loaded.sources)
    facts, claims, sources = compiled.facts, loaded.specs.claims, loaded.sources
    if not emit:
        return Part(claims, live, self_check(facts.service), None, (), told, sources)
    artifacts = tuple(map(packed, emit_service(facts, common.site)))
    return Part(claims, live, None, entry_of(facts, common.site), artifacts, told, sources)
