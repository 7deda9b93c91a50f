"""Compile the specs, and write or compare the output directory: once, or again whenever a spec is saved.

``--watch`` polls the files: a library for change events would have to be installed for every system, and misses changes
on network and container mounts.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from generator import unchanged
from generator.cache import Cache, opened_cache
from generator.commands.call import OK, SPEC_AT_FAULT, exit_code, printable_text
from generator.commands.compiling import compiling
from generator.commands.terminal import complain, rendered, show
from generator.compiler import Compilation, generate
from generator.model.names import DASHBOARDS, SELF_CHECK, dashboard_path
from generator.output.directory import MANIFEST, digest
from generator.output.outcome import OutputError, WriteResult
from generator.output.write import compare, write
from generator.spec import sources
from generator.spec.sources import read_sources

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.memory import Memory
    from generator.output.origin import OutputOrigin


_PAUSE_S = 0.02
#: The files of a fleet take long to check; at most this part of the time is spent on it.
_PART = 20
#: An editor may empty a file before it writes it; and modification times differ only after this long.
_SETTLING_S = 0.012


def compare_output(specs: Path, output: Path) -> int:
    """Compile everything, and print the differences from the output."""
    compilation = _compiled(specs, output, None)
    if compilation.failed:
        return exit_code(compilation)
    difference = compare(compilation.files, output)
    sys.stdout.write(f"{printable_text(output)}: {difference.summary()}\n")
    return SPEC_AT_FAULT if difference else OK


def write_output(origin: OutputOrigin, *, cached: bool) -> int:
    """Compile in memory, and only then write the output; if ``cached``, unchanged services are not compiled again."""
    specs, output = origin.specs, origin.output
    with opened_cache(output, wanted=cached) as cache:
        before, now = inputs(specs), time.time_ns()
        compilation = generated(origin, cache)
        # An editor may have saved a file after it was read.
        if (
            cache
            and cache.directory is not None
            and not compilation.failed
            and before == inputs(specs)
            and not _is_racy(before, now)
        ):
            unchanged.remember(cache.directory, str(specs), str(output), _record(compilation, before, output))
        return exit_code(compilation)


def generated(origin: OutputOrigin, cache: Cache | None, before: Compilation | None = None) -> Compilation:
    """Compile, write the output unless a spec is at fault, and show the findings and the result.

    Warnings that the compilation ``before`` had as well are not shown again.
    """
    output = origin.output
    compilation = _compiled(origin.specs, output, cache, before)
    if compilation.failed:
        return compilation
    origin.check(file.path for file in compilation.files)
    written = write(compilation.files, output)
    origin.remember()
    sys.stdout.write(f"{printable_text(output)}: {written.summary()}\n")
    if MANIFEST in written.created:
        sys.stdout.write(f"  {_first_look(output)}\n")
    if cache:
        cache.save()
    return compilation


def _first_look(output: Path) -> str:
    """Show the first steps to a new user."""
    checklist, board = (
        printable_text(output / path) for path in (SELF_CHECK, dashboard_path(DASHBOARDS["overview"]))
    )
    return (
        f"look first at {checklist} (what is measured); then bring {board} (the on-call screen) and all else to your "
        "servers: agent-metrics apply --help"
    )


def _compiled(
    specs: Path, output: Path, memory: Memory | None, before: Compilation | None = None
) -> Compilation:
    """Compile, and show the findings, and that a spec at fault keeps the output as it is."""
    read = read_sources(specs)
    try:
        with compiling() as progress:
            compilation = generate(read, memory, progress)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("nothing was written") from None
    if compilation.failed or before is None or compilation.diagnostics != before.diagnostics:
        show(compilation)
    if compilation.failed:
        sys.stderr.write(f"nothing was written to {printable_text(output)}\n")
    return compilation


def inputs(specs: Path) -> dict[str, str]:
    """Sign all files and directories of specs, by path; empty where one cannot be read."""
    places = (specs, sources.SHIPPED)
    folders = [folder for place in places for folder in (place, place / "services", place / "profiles")]
    try:
        folders += sources.misspelt_folders(specs)
        paths = [
            *filter(Path.is_dir, folders),
            *sources.service_files(specs),
            *sources.shared_spec_files(specs),
        ]
        return {str(path): unchanged.signature(path.stat()) for path in paths}
    except OSError:
        return {}


def _is_racy(inputs: Mapping[str, str], now: int) -> bool:
    """Whether a file could be changed after it was signed, and still have the same signature."""
    return not inputs or any(unchanged.is_racy(signed, now) for signed in inputs.values())


def _record(compilation: Compilation, inputs: Mapping[str, str], output: Path) -> unchanged.Record:
    """Record the output of the next call for the case that nothing changes, and the files that it depends on."""
    paths = [*(file.path for file in compilation.files), MANIFEST]
    plain, coloured = (rendered(compilation, coloured=coloured, notes=False) for coloured in (False, True))
    summary = f"{printable_text(output)}: {WriteResult(unchanged=tuple(paths)).summary()}\n"
    read = {path: (signed, unchanged.digest_of(path)) for path, signed in inputs.items()}
    made = {f"{output}{os.sep}{path}": output / path for path in paths}
    wrote = {name: (unchanged.signature(path.lstat()), digest(path)) for name, path in made.items()}
    return unchanged.Record([plain, coloured, summary], {**read, **wrote})


def watch(origin: OutputOrigin, *, cached: bool) -> None:
    """Compile, and compile changed specs again; findings and errors are shown, and do not end the command."""
    specs = origin.specs
    gc.enable()
    with opened_cache(origin.output, wanted=cached, lasting=True) as cache:
        try:
            memory = cache or Cache(None, origin.output, lasting=True)
            sys.stderr.write(f"watching {printable_text(specs)}; Ctrl-C ends it\n")
            seen, compilation = None, None
            while True:
                seen = _settled(specs, seen)
                compilation = _generated_again(origin, memory, compilation)
        except KeyboardInterrupt:
            return


def _settled(specs: Path, seen: dict[str, str] | None) -> dict[str, str]:
    """Wait until the files differ from those seen before, and no longer change."""
    while True:
        begun = time.monotonic()
        now = inputs(specs)
        if now == seen:
            time.sleep(max(_PAUSE_S, (time.monotonic() - begun) * _PART))
            continue
        time.sleep(_SETTLING_S)
        if inputs(specs) == now:
            return now


def _generated_again(origin: OutputOrigin, cache: Cache, before: Compilation | None) -> Compilation | None:
    """Compile changed specs; an output that cannot be written is only reported."""
    try:
        return generated(origin, cache, before)
    except OutputError as problem:
        complain(str(problem), problem.help)
        return before
    finally:
        sys.stdout.flush()
