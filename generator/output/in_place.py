"""The output directory changed file by file: each file is old or new at any moment, the whole is not.

For a directory that must keep its identity. New files are written beside their places first, so that a full disk is
met before anything changes; the first of them is a manifest that lists what follows, so that the next run finds what
a killed one has left. Until the last step the manifest lists the old hashes too: a run that is killed leaves a mixture,
and the next one knows which files are ours.
"""

from __future__ import annotations

import re
import secrets
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from generator.output.entries import Kind, find, kind_of, signature, standing
from generator.output.errors import OutputError, name_of, reason
from generator.output.files import discard, flush_directory, permissions, prune, write_new
from generator.output.manifest import parse_manifest
from generator.output.paths import MANIFEST, parents

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from generator.output.plan import Plan

_STAGED = re.compile(r"\.(.+)\.new-[0-9a-f]{16}", re.DOTALL)


def replace_each(plan: Plan, target: Path, under_way: bytes) -> None:
    """Carry the plan out file by file.

    Args:
        plan: what to do.
        target: the output directory, which exists.
        under_way: the manifest for the time between the first and the last file.

    Raises:
        OSError: nothing was changed.
        OutputError: the disk failed between the files.
    """
    staged: dict[str, Path] = {}
    first = _beside(target, MANIFEST)
    try:
        write_new(first, (under_way,), permissions(target / MANIFEST))
        for path in plan.written:
            staged[path] = _beside(target, path)
            write_new(staged[path], plan.files[path].read(), permissions(target / path))
        with _half_done(target):
            first.replace(target / MANIFEST)
            _delete(plan, target)
            _move(staged, target)
    finally:
        with suppress(OSError):  # the next run tries again, as long as the manifest is there
            discard([*staged.values(), first])


def sweep(target: Path, paths: Iterable[str]) -> None:
    """Remove what killed runs have left beside any of the paths, or any path of theirs; ``target`` exists."""
    manifests = [path for path in target.iterdir() if _is_staged(path, {MANIFEST})]
    every = {*paths, *(path for manifest in manifests for path in _listed(manifest))}
    names = {path.rpartition("/")[2] for path in every}
    below = sorted({folder for path in every for folder in parents(path)})
    folders = [target, *(target / folder for folder in below if find(target, folder).kind is Kind.DIRECTORY)]
    for folder in folders:
        discard([path for path in folder.iterdir() if _is_staged(path, names) and path not in manifests])
    discard(manifests)  # last: they are the way to the others


def _listed(manifest: Path) -> Iterable[str]:
    """The paths of a run that was killed; none when it did not come to stage any."""
    try:
        return parse_manifest(manifest.read_bytes())
    except OutputError:
        return ()


def _is_staged(path: Path, names: set[str]) -> bool:
    match = _STAGED.fullmatch(path.name)
    return match is not None and match[1] in names and kind_of(path) is Kind.FILE


def _beside(target: Path, path: str) -> Path:
    """A new name on the same file system as the path, in a directory that exists."""
    name = path.rpartition("/")[2]
    return standing(target, path) / f".{name}.new-{secrets.token_hex(8)}"


@contextmanager
def _half_done(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        raise OutputError(
            f"{name_of(target)} is only partly written: {reason(problem)}",
            "mend that and run again: it continues where this run stopped",
        ) from problem


def _delete(plan: Plan, target: Path) -> None:
    for path, before in plan.deleted.items():
        with suppress(FileNotFoundError):
            if signature(target / path) == before:
                (target / path).unlink()
    prune(target, plan.left, plan.files)


def _move(staged: dict[str, Path], target: Path) -> None:
    for path, source in staged.items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        source.replace(target / path)
    for folder in {(target / path).parent for path in staged}:
        flush_directory(folder)
