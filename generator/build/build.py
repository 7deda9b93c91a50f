"""A directory of specs becomes artifacts; what has not changed since the last time is taken from there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from generator.build.workers import compile_parts
from generator.checks.all import check_fleet
from generator.compiler import emit_fleet
from generator.diagnostics import Diagnostic, has_errors, ordered
from generator.resolve.model import check_between, resolve_common
from generator.spec.load import load, load_shared, service_files

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from generator.artifact import Artifact, Packed
    from generator.build.cache import Cache
    from generator.build.part import Part
    from generator.checks.selfcheck import SelfCheck
    from generator.model.service import Site
    from generator.resolve.model import Common


@dataclass(frozen=True, slots=True)
class Build:
    """What a directory was compiled to.

    Attributes:
        artifacts: All of ``output/``; none when a spec is at fault, or where specs are only checked.
        checklists: Of the services that are not at fault.
        diagnostics: In order.
        sources: Texts by shown path.
        compiled: The parts that were made now, by the files of their services.
    """

    artifacts: tuple[Artifact | Packed, ...]
    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, str]
    checklists: tuple[SelfCheck, ...] = ()
    compiled: Mapping[Path, Part] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether nothing may be written."""
        return has_errors(self.diagnostics)


@dataclass(frozen=True, slots=True)
class Before:
    """What an earlier compilation left.

    Attributes:
        cache: Its parts.
        keys: By the path of each service's file the key of its part.
        holds: Says whether the output directory has a file of this path and SHA-256.
    """

    cache: Cache
    keys: Mapping[Path, str]
    holds: Callable[[str, str], bool]

    def part(self, path: Path) -> Part | None:
        """Find a part that can be used again: its files are still what they were."""
        found = self.cache.part(self.keys.get(path, ""))
        if found and all(self.holds(artifact.path, artifact.sha256) for artifact in found.artifacts):
            return found
        return None


def build(
    directory: Path,
    progress: Callable[[int, int], None],
    *,
    before: Before | None = None,
    emit: bool = True,
) -> Build:
    """Compile a directory.

    Args:
        directory: The specs.
        progress: Is told how many files of services are done, and how many there are.
        before: What need not be compiled again.
        emit: Whether artifacts are made; else the specs are only checked.
    """
    paths, shared = service_files(directory), load_shared(directory)
    if paths.specs is None or shared.specs is None:
        # What is wrong with one file shall not hide what is wrong with another.
        whole = load(directory)
        return Build((), ordered(whole.diagnostics), whole.sources)
    common, found = resolve_common(shared.specs)
    used = {path: part for path in paths.specs if before and (part := before.part(path))}
    made = _compiled([path for path in paths.specs if path not in used], common, progress, emit=emit)
    parts = [used.get(path) or made[path] for path in paths.specs]
    specs = [part.spec for part in parts if part.spec is not None]
    told = (*shared.diagnostics, *found, *check_between(specs), *_check_total(parts, common.site))
    told = ordered((*told, *(one for part in parts for one in part.diagnostics)))
    sources = {**shared.sources, **{path: text for part in parts for path, text in part.sources.items()}}
    artifacts = _artifacts(parts, common.site) if emit and not has_errors(told) else ()
    checklists = (part.checklist for part in parts if part.checklist)
    return Build(artifacts, told, sources, tuple(sorted(checklists, key=lambda one: one.service)), made)


def _compiled(
    paths: Sequence[Path], common: Common, progress: Callable[[int, int], None], *, emit: bool
) -> dict[Path, Part]:
    parts: dict[Path, Part] = {}
    for path, part in zip(paths, compile_parts(paths, common, emit=emit), strict=True):
        parts[path] = part
        progress(len(parts), len(paths))
    return parts


def _check_total(parts: Sequence[Part], site: Site) -> tuple[Diagnostic, ...]:
    """Run what only all services together can break, where all of them are understood."""
    live = {part.spec.service.value: part.live for part in parts if part.spec and part.live is not None}
    return check_fleet(live, site) if len(live) == len(parts) else ()


def _artifacts(parts: Sequence[Part], site: Site) -> tuple[Artifact | Packed, ...]:
    """Add to the services' own artifacts those that are about all of them."""
    entries = sorted((part.entry for part in parts if part.entry), key=lambda entry: entry.service.name)
    own = [artifact for part in parts for artifact in part.artifacts]
    return (*own, *emit_fleet(entries, site))
