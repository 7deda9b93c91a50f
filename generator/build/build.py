"""A directory of specs becomes artifacts; what has not changed since the last time is taken from there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.build.part import Part
from generator.build.workers import compile_parts
from generator.checks.all import check_fleet
from generator.diagnostics import Diagnostic, has_errors, ordered
from generator.resolve.model import check_between, resolve_common
from generator.spec.load import Loaded, load, load_shared, service_files

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from generator.artifact import File
    from generator.build.memo import Memo
    from generator.checks.selfcheck import SelfCheck
    from generator.model.service import Site
    from generator.resolve.model import Common
    from generator.spec.types import Shared
    from generator.spool import Spool


class Build(Struct, frozen=True):
    """What a directory was compiled to.

    Attributes:
        artifacts: All of ``output/``; none when a spec is at fault, or where specs are only checked.
        checklists: Of the services that are not at fault, where specs are only checked.
        diagnostics: In order.
        sources: Texts by shown path.
    """

    artifacts: tuple[File, ...]
    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, str]
    checklists: tuple[SelfCheck, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether nothing may be written."""
        return has_errors(self.diagnostics)


def build(
    directory: Path,
    progress: Callable[[int, int], None],
    *,
    spool: Spool | None = None,
    memo: Memo | None = None,
) -> Build:
    """Compile a directory.

    Args:
        directory: The specs.
        progress: Is told how many files of services are done, and how many there are.
        spool: Where what is made waits; without one the specs are only checked.
        memo: What need not be made again, and is told what was made.
    """
    paths, shared = service_files(directory), _shared(directory, memo)
    if paths.specs is None or shared.specs is None:
        # What is wrong with one file shall not hide what is wrong with another.
        whole = load(directory)
        return Build((), ordered(whole.diagnostics), whole.sources)
    common, found = resolve_common(shared.specs)
    parts = _parts(paths.specs, common, progress, spool, memo)
    claims = [part.claims for part in parts if part.claims is not None]
    told = (*shared.diagnostics, *found, *check_between(claims, common), *_check_total(parts, common.site))
    told = ordered((*told, *(one for part in parts for one in part.diagnostics)))
    sources = {**shared.sources, **{path: text for part in parts for path, text in part.sources.items()}}
    artifacts = _artifacts(parts, common.site, memo) if spool and not has_errors(told) else ()
    checklists = (part.checklist for part in parts if part.checklist)
    return Build(artifacts, told, sources, tuple(sorted(checklists, key=lambda one: one.service)))


def _shared(directory: Path, memo: Memo | None) -> Loaded[Shared]:
    found = memo.find(memo.inputs.shared, Loaded) if memo else None
    if found is None:
        found = load_shared(directory)
        if memo and found.specs:
            memo.made(memo.inputs.shared, found)
    return found


def _parts(
    paths: Sequence[Path],
    common: Common,
    progress: Callable[[int, int], None],
    spool: Spool | None,
    memo: Memo | None,
) -> list[Part]:
    """Compile the files that have changed, and find the parts of the others; in the order of the files."""
    parts = {path: _waiting(part, spool) for path in paths if memo and (part := _part(path, memo))}
    changed = [path for path in paths if path not in parts]
    for count, part in enumerate(compile_parts(changed, common, emit=spool is not None), 1):
        path = changed[count - 1]
        parts[path] = _waiting(part, spool)
        if memo and part.entry and path in memo.inputs.keys:
            memo.made(memo.inputs.keys[path], part.bare())
        progress(count, len(changed))
    return [parts[path] for path in paths]


def _part(path: Path, memo: Memo) -> Part | None:
    """Find a part that can be used again: its files are still what they were."""
    found = memo.find(memo.inputs.keys.get(path, ""), Part)
    return found if found and memo.holds_all(found.artifacts) else None


def _waiting(part: Part, spool: Spool | None) -> Part:
    return part.spooled(spool) if spool else part


def _check_total(parts: Sequence[Part], site: Site) -> tuple[Diagnostic, ...]:
    """Run what only all services together can break, where all of them are understood."""
    live = {part.claims.service.value: part.live for part in parts if part.claims and part.live is not None}
    return check_fleet(live, site) if len(live) == len(parts) else ()


def _artifacts(parts: Sequence[Part], site: Site, memo: Memo | None) -> tuple[File, ...]:
    """Add to the services' own artifacts those that are about all of them."""
    from generator.build.fleet import of_all  # noqa: PLC0415 - it needs a back end, which checking does not

    own = [artifact for part in parts for artifact in part.artifacts]
    return (*own, *of_all([part.entry for part in parts if part.entry], site, memo))
