"""An output file before it is written."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.frozen import Frozen, freeze

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from generator.spool import Spool


class Artifact(Struct, frozen=True, order=True):
    """A file to be: ``path`` is relative to the output directory, with ``/`` between its parts."""

    path: str
    text: str


class Parts(Struct, frozen=True):
    """A file to be that is too large to be in memory as a whole: its text comes in parts, each time it is asked for."""

    path: str
    parts: Callable[[], Iterator[str]]

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self.parts())


class Packed(Struct, frozen=True):
    """A file to be that takes little memory; those of a fleet wait together until all of it is compiled.

    Attributes:
        path: As of an artifact.
        sha256: Of the text in UTF-8, in hex.
        size: In bytes.
        packed: The text, in UTF-8; None where the output holds it already and it was not made again.
    """

    path: str
    sha256: str
    size: int
    packed: Frozen[bytes] | None

    def bare(self) -> Packed:
        """Forget the text."""
        return replace(self, packed=None)

    def spooled(self, spool: Spool) -> Packed:
        """Let the text wait in a spool."""
        return replace(self, packed=self.packed and self.packed.spooled(spool))

    def data(self) -> bytes | None:
        """Unpack the text, in UTF-8."""
        return self.packed.thaw() if self.packed else None


File = Artifact | Parts | Packed
"""A file to be, whichever way it waits."""


def packed(artifact: Artifact) -> Packed:
    """Pack an artifact."""
    data = artifact.text.encode()
    return Packed(artifact.path, sha256(data).hexdigest(), len(data), freeze(data))
