"""Compile, and write or compare the output directory."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from generator.build.inputs import inputs_of
from generator.build.memo import Memo
from generator.build.state import Told, remember
from generator.commands.compiling import built
from generator.commands.exit_codes import CALL_AT_FAULT, OK, SPEC_AT_FAULT, of_failed
from generator.commands.stream import shown
from generator.commands.terminal import complain, show, told
from generator.output.errors import OutputError
from generator.output.outcome import Outcome
from generator.output.paths import MANIFEST
from generator.output.write import compare, holds, write
from generator.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from generator.build.build import Build
    from generator.build.inputs import Inputs


def compare_output(specs: Path, output: Path) -> int:
    """Compile everything, and say how the output differs."""
    with Spool() as spool:
        return _ended(_compiled(specs, spool), output, partial(_compare, output=output))


def write_output(specs: Path, output: Path, folder: Path | None, inputs: Inputs | None) -> int:
    """Compile what has changed, in memory, and only then touch the output.

    Args:
        specs: The directory of specs.
        output: The output directory.
        folder: Where earlier compilations of it left what they made.
        inputs: What is compiled now; without either of the two everything is.
    """
    with Spool() as spool:
        memo = Memo(folder, inputs, spool, partial(holds, output)) if folder and inputs else None
        found = _compiled(specs, spool, memo)
        return _ended(found, output, partial(_write, specs=specs, output=output, memo=memo))


def _compiled(specs: Path, spool: Spool, memo: Memo | None = None) -> Build | None:
    try:
        return built(specs, spool=spool, memo=memo)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("nothing was written") from None


def _ended(found: Build | None, output: Path, act: Callable[[Build], int]) -> int:
    """Say what is found; where nothing is wrong, do what is to be done with the output."""
    if found is None:
        return CALL_AT_FAULT
    show(found, sys.stderr, notes=False)
    if found.failed:
        sys.stderr.write(f"nothing was written to {shown(output)}\n")
        return of_failed(found.diagnostics)
    try:
        return act(found)
    except OutputError as problem:
        complain(problem.message, problem.help)
        return CALL_AT_FAULT


def _compare(found: Build, *, output: Path) -> int:
    difference = compare(found.artifacts, output)
    sys.stdout.write(f"{shown(output)}: {difference.summary()}\n")
    return SPEC_AT_FAULT if difference else OK


def _write(found: Build, *, specs: Path, output: Path, memo: Memo | None) -> int:
    written = write(found.artifacts, output)
    if memo and inputs_of(specs) == memo.inputs:  # else an editor has saved a file meanwhile
        _remember(found, output, memo)
    sys.stdout.write(f"{shown(output)}: {written.summary()}\n")
    return OK


def _remember(found: Build, output: Path, memo: Memo) -> None:
    """Keep what was made, and what the next run says if nothing changes until then."""
    memo.save()
    paths = (MANIFEST, *(artifact.path for artifact in found.artifacts))
    plain, coloured = (told(found, coloured=coloured, notes=False) for coloured in (False, True))
    said = Told(plain, coloured, Outcome(unchanged=paths).summary())
    remember(memo.folder, memo.inputs.whole, output, paths, said)
