"""What a file is to hold: the hash is compared, the bytes are asked for only where they are written."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.artifact import Artifact, Parts
from generator.output.errors import OutputError, name_of
from generator.output.manifest import hash_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from generator.artifact import File, Packed


class Content(Struct, frozen=True):
    """The content of a file: its SHA-256 in hex, its size in bytes, and how to get it, part by part."""

    sha256: str
    size: int
    read: Callable[[], Iterable[bytes]]


def content_of(data: bytes) -> Content:
    """Take content that is in memory."""
    return Content(hash_of(data), len(data), lambda: (data,))


def content_of_artifact(artifact: File) -> Content:
    """Take the content of a file to be.

    Raises:
        UnicodeEncodeError: its text holds a lone surrogate.
    """
    if isinstance(artifact, Artifact):
        return content_of(artifact.text.encode())
    if isinstance(artifact, Parts):
        return _in_parts(lambda: (part.encode() for part in artifact.parts()))
    return Content(artifact.sha256, artifact.size, lambda: _unpacked(artifact))


def _in_parts(read: Callable[[], Iterable[bytes]]) -> Content:
    found, size = sha256(), 0
    for part in read():
        found.update(part)
        size += len(part)
    return Content(found.hexdigest(), size, read)


def _unpacked(artifact: Packed) -> tuple[bytes]:
    data = artifact.data()
    if data is None:
        message = f"{name_of(artifact.path)} was changed in the output directory while this ran"
        raise OutputError(message, "run again; nothing was written")
    return (data,)
