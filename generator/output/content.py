"""The files to be: a hash is compared, the bytes are asked for only where they are written."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.artifact import Artifact, Packed, Parts
from generator.output.errors import OutputError, name_of
from generator.output.manifest import manifest_of
from generator.output.paths import MANIFEST, check_paths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from generator.artifact import File


class Content(Struct, frozen=True):
    """The content of a file: its SHA-256 in hex, its size in bytes, and how to get it, part by part."""

    sha256: str
    size: int
    read: Callable[[], Iterable[bytes]]


def contents(artifacts: Sequence[File]) -> dict[str, Content]:
    """Return the files to be, by path, the manifest among them.

    Raises:
        OutputError: paths that are unsafe or collide; text that cannot be encoded.
    """
    check_paths(artifact.path for artifact in artifacts)
    files = {artifact.path: _content(artifact) for artifact in artifacts}
    manifest = manifest_of({path: content.sha256 for path, content in files.items()})
    return {**files, MANIFEST: _of_bytes(manifest.encode())}


def _content(artifact: File) -> Content:
    try:
        if isinstance(artifact, Artifact):
            return _of_bytes(artifact.text.encode())
        if isinstance(artifact, Parts):
            return _in_parts(lambda: (part.encode() for part in artifact.parts()))
    except UnicodeEncodeError:
        message = f"the text of {name_of(artifact.path)} holds a lone surrogate, which no file can"
        raise OutputError(message, "find it in the specs; nothing was written") from None
    return Content(artifact.sha256, artifact.size, lambda: _unpacked(artifact))


def _of_bytes(data: bytes) -> Content:
    return Content(sha256(data).hexdigest(), len(data), lambda: (data,))


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
