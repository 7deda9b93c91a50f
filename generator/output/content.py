"""What a file is to hold: the hash is compared, the bytes are asked for only where they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.artifact import Artifact
from generator.output.errors import OutputError, name_of
from generator.output.manifest import hash_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from generator.artifact import Packed


class Content(Struct, frozen=True):
    """The content of a file: its SHA-256 in hex, its size in bytes, and how to get it."""

    sha256: str
    size: int
    read: Callable[[], bytes]


def content_of(data: bytes) -> Content:
    """Take content that is in memory."""
    return Content(hash_of(data), len(data), lambda: data)


def content_of_artifact(artifact: Artifact | Packed) -> Content:
    """Take the content of a file to be.

    Raises:
        UnicodeEncodeError: its text holds a lone surrogate.
    """
    if isinstance(artifact, Artifact):
        return content_of(artifact.text.encode())

    def read() -> bytes:
        data = artifact.data()
        if data is None:
            message = f"{name_of(artifact.path)} was changed in the output directory while this ran"
            raise OutputError(message, "run again; nothing was written")
        return data

    return Content(artifact.sha256, artifact.size, read)
