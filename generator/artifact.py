"""An output file before it is written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Artifact:
    """A file to be: ``path`` is relative to the output directory, with ``/`` between its parts."""

    path: str
    text: str
