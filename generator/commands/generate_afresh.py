"""Compile the specs, and write or compare the output directory."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from generator import private, unchanged
from generator.cache import Cache
from generator.commands.compiling import compiling
from generator.commands.exit_codes import OK, SPEC_AT_FAULT, of_failed
from generator.commands.stream import shown
from generator.commands.terminal import rendered, show
from generator.compiler import generate
from generator.output.outcome import Outcome
from generator.output.paths import MANIFEST
from generator.output.write import compare, write
from generator.spec import files
from generator.spec.sources import read_sources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.compiler import Compilation, Memory
    from generator.spec.sources import Sources


@contextmanager
def _cache_directory(*, wanted: bool) -> Iterator[int | None]:
    directory = private.opened(make=True) if wanted else None
    try:
        yield directory
    finally:
        if directory is not None:
            os.close(directory)


def compare_output(specs: Path, output: Path) -> int:
    """Compile everything, and say how the output differs."""
    found = _compiled(read_sources(specs), None)
    if found.failed:
        return _refused(found, output)
    difference = compare(found.files, output)
    sys.stdout.write(f"{shown(output)}: {difference.summary()}\n")
    return SPEC_AT_FAULT if difference else OK


def write_output(specs: Path, output: Path, *, cached: bool) -> int:
    """Compile in memory, and only then touch the output; if ``cached`` what has not changed is not compiled again."""
    with _cache_directory(wanted=cached) as directory:
        return _written(specs, output, directory)


def _written(specs: Path, output: Path, directory: int | None) -> int:
    cache = Cache(directory, output) if directory is not None else None
    before = _inputs(specs)
    found = _compiled(read_sources(specs), cache)
    if found.failed:
        return _refused(found, output)
    written = write(found.files, output)
    sys.stdout.write(f"{shown(output)}: {written.summary()}\n")
    if cache is not None and directory is not None:
        cache.save()
        if before and before == _inputs(specs):  # else an editor has saved a file meanwhile
            unchanged.remember(directory, str(specs), str(output), _record(found, before, output))
    return OK


def _compiled(sources: Sources, memory: Memory | None) -> Compilation:
    try:
        with compiling() as progress:
            found = generate(sources, memory, progress)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("nothing was written") from None
    show(found, sys.stderr, notes=False)
    return found


def _refused(found: Compilation, output: Path) -> int:
    sys.stderr.write(f"nothing was written to {shown(output)}\n")
    return of_failed(found.diagnostics)


def _inputs(specs: Path) -> dict[str, str]:
    """Sign all files and directories of specs; nothing where one may be changed without another signature."""
    now = time.time_ns()
    places = (specs, files.SHIPPED)
    folders = [folder for place in places for folder in (place, place / "services", place / "profiles")]
    try:
        paths = [*filter(Path.is_dir, folders), *files.services(specs), *files.shared(specs)]
        found = {str(path): path.stat() for path in paths}
    except OSError:
        return {}
    if any(unchanged.is_racy(status, now) for status in found.values()):
        return {}
    return {path: unchanged.signature(status) for path, status in found.items()}


def _record(found: Compilation, inputs: dict[str, str], output: Path) -> unchanged.Record:
    """Note what the next call says if nothing changes until then, and the files that it stands on."""
    paths = [*(file.path for file in found.files), MANIFEST]
    plain, coloured = (rendered(found, coloured=coloured, notes=False) for coloured in (False, True))
    summary = f"{shown(output)}: {Outcome(unchanged=tuple(paths)).summary()}\n"
    read = {path: (signed, unchanged.digest_of(path)) for path, signed in inputs.items()}
    made = {f"{output}{os.sep}{path}": output / path for path in paths}
    wrote = {
        name: (unchanged.signature(path.lstat()), unchanged.digest_of(name)) for name, path in made.items()
    }
    return unchanged.Record([plain, coloured, summary], {**read, **wrote})
