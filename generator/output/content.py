"""The files to be: a hash is compared, the bytes are asked for only where they are written."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.artifact import Artifact
from generator.output.errors import OutputError, name_of
from generator.output.manifest import manifest_of
from generator.output.paths import MANIFEST, check_paths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from generator.artifact import File


class Content(Struct, frozen=True):
    """The content of a file: its SHA-256 in hex, its size in bytes, and the bytes, unless the output holds them."""

    path: str
    sha256: str
    size: int
    held: bytes | None

    @property
    def data(self) -> bytes:
        """The bytes.

        Raises:
            OutputError: the output held them when they were looked for, and does no longer.
        """
        if self.held is None:
            message = f"{name_of(self.path)} was changed in the output directory while this ran"
            raise OutputError(message, "run again; nothing was written")
        return self.held


def contents(artifacts: Sequence[File]) -> dict[str, Content]:
    """Return the files to be, by path, the manifest among them.

    Raises:
        OutputError: paths that are unsafe or collide; text that cannot be encoded.
    """
    check_paths(artifact.path for artifact in artifacts)
    files = {artifact.path: _content(artifact) for artifact in artifacts}
    manifest = manifest_of({path: content.sha256 for path, content in files.items()})
    return {**files, MANIFEST: _of_bytes(MANIFEST, manifest.encode())}


def _content(artifact: File) -> Content:
    if not isinstance(artifact, Artifact):
        return Content(artifact.path, artifact.sha256, artifact.size, None)
    try:
        return _of_bytes(artifact.path, artifact.text.encode())
    except UnicodeEncodeError:
        message = f"the text of {name_of(artifact.path)} holds a lone surrogate, which no file can"
        raise OutputError(message, "find it in the specs; nothing was written") from None


def _of_bytes(path: str, data: bytes) -> Content:
    return Content(path, sha256(data).hexdigest(), len(data), data)
