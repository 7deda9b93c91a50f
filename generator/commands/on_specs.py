"""The frame of commands on valid specs, and the messages for invalid ones."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from generator.commands.call import CALL_AT_FAULT, CallError, of_failed
from generator.commands.compiling import checked
from generator.commands.terminal import complain, show
from generator.diagnostics.suggest import did_you_mean
from generator.live.errors import LiveError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from generator.compiler import Compilation
    from generator.model.service import Model, Service


def on_specs(specs: Path, act: Callable[[Model, Compilation], int]) -> int:
    """Act on the model of a directory, and return the exit code; errors of specs or call are printed."""
    found = checked(specs)
    if found.failed or found.model is None:
        show(found, sys.stderr, notes=False)
        return of_failed(found.diagnostics)
    try:
        return act(found.model, found)
    except (CallError, LiveError) as problem:
        complain(str(problem), problem.help)
        return CALL_AT_FAULT


def named(name: str, model: Model) -> Service:
    """Find a service by its name.

    Raises:
        CallError: it does not exist.
    """
    services = {service.name: service for service in model.services}
    check_known(name, services, "service")
    return services[name]


def check_known(name: str, there: Collection[str], what: str) -> None:
    """Check that a name of a call exists; ``what`` is a noun.

    Raises:
        CallError: it does not exist.
    """
    if name not in there:
        raise CallError(f'there is no {what} "{name}"', did_you_mean(name, there, f"{what}s"))
