"""Compile, and write or compare the output directory."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from generator.build.inputs import inputs_of
from generator.build.memo import Memo
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

    from generator.build.build import Build
    from generator.build.inputs import Inputs


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


def write_output(specs: Path, output: Path, folder: Path | None, inputs: Inputs | None) -> int:
    """Compile what has changed, in memory, and only then touch the output.

    Args:
        specs: The directory of specs.
        output: The output directory.
        folder: Where earlier compilations of it left what they made.
        inputs: What is compiled now; without either of the two everything is.
    """
    memo = Memo(folder, inputs, partial(holds, output)) if folder and inputs else None
    found = built(specs, memo=memo)
    if found is None:
        return CALL_AT_FAULT
    if _refused(found, output):
        return SPEC_AT_FAULT
    try:
        written = write(found.artifacts, output)
    except OutputError as problem:
        complain(problem.message, problem.help)
        return CALL_AT_FAULT
    if memo and inputs_of(specs) == memo.inputs:  # else an editor has saved a file meanwhile
        _remember(found, output, memo)
    sys.stdout.write(f"{output}: {written.summary()}\n")
    return OK


def _refused(found: Build, output: Path) -> bool:
    """Say what is found; whether that is the end of it."""
    sys.stderr.write(told(found, coloured=colours(sys.stderr), notes=False))
    if found.failed:
        sys.stderr.write(f"nothing was written to {output}\n")
    return found.failed


def _remember(found: Build, output: Path, memo: Memo) -> None:
    memo.save()
    paths = [MANIFEST, *(artifact.path for artifact in found.artifacts)]
    said = Told(*(told(found, coloured=coloured, notes=False) for coloured in (False, True)))
    remember(memo.folder, memo.inputs.whole, output, paths, said)
