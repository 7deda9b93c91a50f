"""Compiling a directory as commands do: with a bar on a terminal."""

from __future__ import annotations

import gc
import sys
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from generator.build.build import Build, build
from generator.build.workers import WorkerKilledError
from generator.commands.progress import ProgressLine
from generator.commands.terminal import complain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from generator.build.memo import Memo
    from generator.spool import Spool

#: Who waits for a second wants to know for how long.
_WORTH_SHOWING = 1.0


@contextmanager
def _uncollected() -> Iterator[None]:
    """Do not look for garbage: what is compiled is needed to the end, and holds no cycles worth finding."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def built(specs: Path, *, spool: Spool | None = None, memo: Memo | None = None) -> Build | None:
    """Compile, or without a spool only check; None, with a word why, when that was ended from outside."""
    with ProgressLine(sys.stderr, _WORTH_SHOWING) as line, _uncollected():
        try:
            return build(specs, partial(line.show, "compiling"), spool=spool, memo=memo)
        except WorkerKilledError:
            complain("a process that compiles was killed", "there may be too little memory for it; run again")
            return None
