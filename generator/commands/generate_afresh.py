"""Compile, and write or compare the output directory."""

from __future__ import annotations

import sys
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from generator.build.build import Before, Build, build
from generator.build.cache import Cache
from generator.build.inputs import inputs_of
from generator.build.state import Told, remember
from generator.commands.exit_codes import CALL_AT_FAULT, OK, SPEC_AT_FAULT
from generator.commands.progress import ProgressLine
from generator.commands.stream import colours
from generator.commands.terminal import complain
from generator.diagnostics import Severity
from generator.output.compare import compare, holds
from generator.output.errors import OutputError
from generator.output.paths import MANIFEST
from generator.output.write import write

if TYPE_CHECKING:
    from pathlib import Path

    from generator.build.inputs import Inputs


@dataclass(frozen=True, slots=True)
class Memory:
    """Where compilations of an output leave what later ones may use, and what this one depends on."""

    folder: Path
    inputs: Inputs


def compare_output(specs: Path, output: Path) -> int:
    """Compile everything, and say how the output differs."""
    built = _built(specs)
    if built is None:
        return CALL_AT_FAULT
    if _refused(built, output):
        return SPEC_AT_FAULT
    try:
        difference = compare(built.artifacts, output)
    except OutputError as problem:
        complain(problem.message, problem.help)
        return CALL_AT_FAULT
    sys.stdout.write(f"{output}: {difference.summary()}\n")
    return SPEC_AT_FAULT if difference else OK


def write_output(specs: Path, output: Path, memory: Memory | None) -> int:
    """Compile what has changed, in memory, and only then touch the output."""
    before = None
    if memory:
        before = Before(Cache(memory.folder), memory.inputs.keys, partial(holds, output))
    built = _built(specs, before)
    if built is None:
        return CALL_AT_FAULT
    if _refused(built, output):
        return SPEC_AT_FAULT
    try:
        written = write(built.artifacts, output)
    except OutputError as problem:
        complain(problem.message, problem.help)
        return CALL_AT_FAULT
    if memory and inputs_of(specs) == memory.inputs:  # else an editor has saved a file meanwhile
        _remember(built, output, memory)
    sys.stdout.write(f"{output}: {written.summary()}\n")
    return OK


def _built(specs: Path, before: Before | None = None) -> Build | None:
    """Compile, with a bar on a terminal; None when that was ended from outside."""
    with ProgressLine(sys.stderr) as line:
        try:
            return build(specs, partial(line.show, "compiling"), before)
        except BrokenProcessPool:
            complain("a process that compiles was killed", "there may be too little memory for it; run again")
            return None


def _refused(built: Build, output: Path) -> bool:
    """Say what is found; whether that is the end of it."""
    sys.stderr.write(_told(built, coloured=colours(sys.stderr)))
    if built.failed:
        sys.stderr.write(f"nothing was written to {output}\n")
    return built.failed


def _told(built: Build, *, coloured: bool) -> str:
    """Write what the author should see; what was decided on their behalf is for ``check``."""
    from generator.diagnostics.text import render_text  # noqa: PLC0415 - only where something is to be said

    shown = [found for found in built.diagnostics if found.severity is not Severity.INFO]
    return render_text(shown, built.sources, colour=coloured) if shown else ""


def _remember(built: Build, output: Path, memory: Memory) -> None:
    cache, keys = Cache(memory.folder), memory.inputs.keys
    for path, part in built.compiled.items():
        if path in keys:
            cache.keep(keys[path], part)
    cache.keep_only(keys.values())
    paths = [MANIFEST, *(artifact.path for artifact in built.artifacts)]
    told = Told(_told(built, coloured=False), _told(built, coloured=True))
    remember(memory.folder, memory.inputs.whole, output, paths, told)
