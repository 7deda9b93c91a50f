"""Services are compiled by several processes where that pays."""

from __future__ import annotations

import os
import signal
import sys
from functools import partial
from typing import TYPE_CHECKING

from generator.build.part import compile_part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from generator.build.part import Part
    from generator.compiler import Foundation

#: A process that is started has as much to do as two or three services take.
_FEW = 12
_LARGEST_CHUNK = 16
#: Forked processes have the compiler already; where forking is not safe they import it.
_START = "fork" if sys.platform == "linux" else "spawn"


class WorkerKilledError(Exception):
    """A process that compiled was killed."""


_compile_one: Callable[[Path], Part] | None = None


def compile_parts(paths: Sequence[Path], base: Foundation, *, emit: bool) -> Iterator[Part]:
    """Compile files, in their order; without ``emit`` only to check them.

    Raises:
        WorkerKilledError: a process was killed.
    """
    count = min(_processors(), len(paths) // (_FEW // 2))
    if len(paths) < _FEW or count < 2:  # noqa: PLR2004 - one process is the one that there is
        yield from (compile_part(path, base, emit=emit) for path in paths)
    else:
        yield from _shared_out(paths, base, count, emit=emit)


def _shared_out(paths: Sequence[Path], base: Foundation, count: int, *, emit: bool) -> Iterator[Part]:
    # They take as long to import as a service takes, and most directories have few.
    import multiprocessing  # noqa: PLC0415
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415
    from concurrent.futures.process import BrokenProcessPool  # noqa: PLC0415

    chunk = max(1, min(_LARGEST_CHUNK, len(paths) // (4 * count)))
    context = multiprocessing.get_context(_START)
    with ProcessPoolExecutor(count, context, _begin, (base, emit)) as pool:
        try:
            yield from pool.map(_compile, paths, chunksize=chunk)
        except BrokenProcessPool as error:
            raise WorkerKilledError from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _begin(base: Foundation, emit: bool) -> None:  # noqa: FBT001 - the pool passes arguments by their order
    global _compile_one  # noqa: PLW0603 - a process's state; the pool has no other place for it
    _compile_one = partial(compile_part, base=base, emit=emit)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the parent, and that ends its pool


def _compile(path: Path) -> Part:
    assert _compile_one is not None  # noqa: S101 - _begin comes first
    return _compile_one(path)
