"""An output file before it is written."""

from __future__ import annotations

from hashlib import sha256

from msgspec import Struct


class Artifact(Struct, frozen=True, order=True, tag=True):
    """A file to be: ``path`` is relative to the output directory, with ``/`` between its parts."""

    path: str
    text: str


class Kept(Struct, frozen=True, tag=True):
    """A file to be that an earlier compilation wrote: SHA-256 in hex and size in bytes of what the output holds."""

    path: str
    sha256: str
    size: int


File = Artifact | Kept
"""A file to be, made now or before."""


def kept(file: File) -> Kept:
    """Forget the text of a file, which the output is about to hold.

    Raises:
        UnicodeEncodeError: its text holds a lone surrogate.
    """
    if isinstance(file, Kept):
        return file
    data = file.text.encode()
    return Kept(file.path, sha256(data).hexdigest(), len(data))
