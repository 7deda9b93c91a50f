"""Compiling a directory as commands do: with a bar on a terminal."""

from __future__ import annotations

import gc
import sys
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from generator.commands.terminal import ProgressLine
from generator.compiler import check
from generator.spec.sources import read_sources

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from generator.compiler import Compilation, Progress

#: A user who waits for a second wants to know how long it will take.
_WORTH_SHOWING = 1.0


@contextmanager
def compiling() -> Iterator[Progress]:
    """Show the progress of a compilation.

    The garbage collector is off meanwhile: the compiled values are needed to the end, and have no cycles worth finding.
    """
    gc.disable()
    try:
        with ProgressLine(sys.stderr, _WORTH_SHOWING) as line:
            yield partial(line.show, "compiling")
    finally:
        gc.enable()


def checked(specs: Path) -> Compilation:
    """Read a directory of specs, and compile it as far as the checks need."""
    with compiling() as progress:
        return check(read_sources(specs), progress)
