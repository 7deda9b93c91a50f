"""Run something right before the N-th change that a write makes to the file system."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Every function of the operating system counts, except these, which change nothing.
_MODULES = frozenset({"posix", "fcntl"})
_READING = frozenset(
    {
        "access",
        "close",
        "fspath",
        "fstat",
        "getcwd",
        "listdir",
        "listxattr",
        "lseek",
        "lstat",
        "scandir",
        "stat",
        "strerror",
        "urandom",
    }
)


def _is_reading(name: str) -> bool:
    """Whether it changes nothing; names of a path's own functions depend on the Python version."""
    return name in _READING or name.startswith("_path_")


@contextmanager
def before_step(number: int, action: Callable[[], object], *, reading: bool = False) -> Iterator[list[str]]:
    """Run ``action`` before step ``number`` (from 1); its exception becomes the step's. Reads count if ``reading``.

    Yields:
        The names of the steps so far: ``open``, ``write``, ``fsync``, ``rename``, ...
    """
    steps: list[str] = []

    def look(_frame: object, event: str, function: Any) -> None:  # noqa: ANN401 - what a profiler gets
        if event != "c_call" or function.__module__ not in _MODULES:
            return
        if not reading and _is_reading(function.__name__):
            return
        steps.append(function.__name__)
        if len(steps) == number:
            action()

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        yield steps
    finally:
        sys.setprofile(before)
