"""The list of incidents that a call names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.commands.call import CallError
from generator.compiler import Compilation
from generator.diagnostics import has_errors
from generator.resolve.incidents import resolve_incidents
from generator.spec.load import load_incidents
from generator.spec.sources import read_file

if TYPE_CHECKING:
    from pathlib import Path

    from generator.model.incidents import Incidents
    from generator.model.service import Model


class Listed(Struct, frozen=True):
    """A list of incidents, with its findings; ``incidents`` is None where it has errors."""

    incidents: Incidents | None
    found: Compilation

    @property
    def failed(self) -> bool:
        """Whether the list cannot be used."""
        return has_errors(self.found.diagnostics)


def incidents_of(path: Path, model: Model) -> Listed:
    """Read the list at ``path``, which is about services of ``model``.

    Raises:
        CallError: there is no such file.
    """
    file = read_file(path)
    if not path.is_file():
        (problem,) = file.source.diagnostics
        raise CallError(
            f"{path} cannot be read: {problem.message.removeprefix('there is ')}",
            "give a list of incidents: specs/incidents.yaml",
        )
    loaded = load_incidents(file)
    texts = {file.source.value.path: file.source.value.text} if file.source.value else {}
    if loaded.specs is None:
        return Listed(None, Compilation((), loaded.diagnostics, texts))
    resolved = resolve_incidents(loaded.specs, [one.name for one in model.services])
    return Listed(resolved.value, Compilation((), (*loaded.diagnostics, *resolved.diagnostics), texts))
