"""An output file before it is written."""

from __future__ import annotations

from hashlib import sha256

from msgspec import Struct


class Artifact(Struct, frozen=True, order=True, tag=True):
    """A file to write: ``path`` is relative to the output directory, with ``/`` between its parts."""

    path: str
    text: str


class Kept(Struct, frozen=True, tag=True):
    """A file of an earlier compilation: SHA-256 in hex and size in bytes of the one in the output."""

    path: str
    sha256: str
    size: int


#: A file to write, made now or before.
File = Artifact | Kept


def without_text(file: File) -> Kept:
    """Drop the text of a file that will be in the output.

    Raises:
        UnicodeEncodeError: its text has a lone surrogate.
    """
    if isinstance(file, Kept):
        return file
    data = file.text.encode()
    return Kept(file.path, sha256(data).hexdigest(), len(data))
