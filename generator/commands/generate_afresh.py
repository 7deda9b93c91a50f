"""Compile, and write or compare the output directory."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from generator.build.build import Before, Build
from generator.build.cache import Cache
from generator.build.inputs import inputs_of
from generator.build.state import Told, remember
from generator.commands.compiling import built, told
from generator.commands.exit_codes import CALL_AT_FAULT, OK, SPEC_AT_FAULT
from generator.commands.stream import colours
from generator.commands.terminal import complain
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
    found = built(specs)
    if found is None:
        return CALL_AT_FAULT
    if _refused(found, output):
        return SPEC_AT_FAULT
    try:
        difference = compare(found.artifacts, output)
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
    found = built(specs, before=before)
    if found is None:
        return CALL_AT_FAULT
    if _refused(found, output):
        return SPEC_AT_FAULT
    try:
        written = write(found.artifacts, output)
    except OutputError as problem:
        complain(problem.message, problem.help)
        return CALL_AT_FAULT
    if memory and inputs_of(specs) == memory.inputs:  # else an editor has saved a file meanwhile
        _remember(found, output, memory)
    sys.stdout.write(f"{output}: {written.summary()}\n")
    return OK


def _refused(found: Build, output: Path) -> bool:
    """Say what is found; whether that is the end of it."""
    sys.stderr.write(told(found, coloured=colours(sys.stderr), notes=False))
    if found.failed:
        sys.stderr.write(f"nothing was written to {output}\n")
    return found.failed


def _remember(found: Build, output: Path, memory: Memory) -> None:
    cache, keys = Cache(memory.folder), memory.inputs.keys
    for path, part in found.compiled.items():
        if path in keys:
            cache.keep(keys[path], part)
    cache.keep_only(keys.values())
    paths = [MANIFEST, *(artifact.path for artifact in found.artifacts)]
    said = Told(*(told(found, coloured=coloured, notes=False) for coloured in (False, True)))
    remember(memory.folder, memory.inputs.whole, output, paths, said)
