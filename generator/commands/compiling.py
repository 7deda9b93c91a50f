"""Compiling a directory as commands do: a bar on a terminal, messages for invalid specs, and valid ones to act on."""

from __future__ import annotations

import gc
import sys
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from generator.cache import opened_cache
from generator.commands.call import CallError, exit_code
from generator.commands.terminal import ProgressLine, show
from generator.compiler import Compilation, CompileProgress, check
from generator.diagnostics.wording import MAX_LISTED, did_you_mean
from generator.spec.sources import read_sources

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from generator.model.service import Model, Service

#: A user who waits for a second wants to know how long it will take.
_WORTH_SHOWING = 1.0


@contextmanager
def compiling() -> Iterator[CompileProgress]:
    """Show the progress of a compilation.

    The garbage collector is off meanwhile: the compiled values are needed to the end, and have no cycles worth finding.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        with ProgressLine(sys.stderr, _WORTH_SHOWING) as line:
            yield partial(line.show, "compiling")
    finally:
        if was_on:
            gc.enable()


def checked(specs: Path, *, cached: bool = True) -> Compilation:
    """Read a directory of specs, and compile it as far as the checks need.

    If ``cached``, what services share is not compiled again while it stays the same.
    """
    with opened_cache(specs, wanted=cached) as cache, compiling() as progress:
        compilation = check(read_sources(specs), cache, progress)
        if cache:
            cache.save()
        return compilation


def on_specs(specs: Path, act: Callable[[Model, Compilation], int]) -> int:
    """Act on the model of a directory, and return the exit code; errors of the specs are printed."""
    compilation = checked(specs)
    if compilation.failed or compilation.model is None:
        show(compilation)
        return exit_code(compilation)
    return act(compilation.model, compilation)


def service_named(name: str, model: Model) -> Service:
    """Find a service by its name.

    Raises:
        CallError: it does not exist.
    """
    services = {service.name: service for service in model.services}
    check_known(name, services, "service")
    return services[name]


def check_known(name: str, there: Collection[str], what: str, most: int = MAX_LISTED) -> None:
    """Check that a name of a call exists; ``what`` is a noun, and the message lists ``most`` names at most.

    Raises:
        CallError: it does not exist.
    """
    if name not in there:
        raise CallError(f'there is no {what} "{name}"', did_you_mean(name, there, f"{what}s", most))
