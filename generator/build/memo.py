"""What earlier compilations of an output left for later ones, by the keys of what it was made from."""

from __future__ import annotations

import pickle
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct, field

from generator.build.folder import keep
from generator.build.inputs import joint_hash
from generator.spool import Spool, Spooled, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from generator.artifact import Packed
    from generator.build.inputs import Inputs

T = TypeVar("T")

_SUFFIX = ".memo"
#: Bytes of the SHA-256 of what follows it.
_DIGEST = 32


class Memo(Struct, frozen=True):
    """The memory of one output; it keeps only what its last compilation used.

    Attributes:
        folder: Where it is.
        inputs: What is compiled now.
        spool: Where what was made waits until it is kept.
        holds: Says whether the output directory has a file of this path and SHA-256.
    """

    folder: Path
    inputs: Inputs
    spool: Spool
    holds: Callable[[str, str], bool]
    _used: dict[str, bytes | Spooled | None] = field(default_factory=dict)

    def key_of(self, *parts: str) -> str:
        """Return a key for what depends on ``parts`` and on what all services share."""
        return joint_hash(part.encode() for part in (self.inputs.shared, *parts))

    def find(self, key: str, kind: type[T]) -> T | None:
        """Find what was made of the inputs that ``key`` stands for."""
        try:
            data = (self.folder / f"{key}{_SUFFIX}").read_bytes()
            digest, data = data[:_DIGEST], data[_DIGEST:]
            # What is damaged may show only where it is used. Who can write there can do anything, as with Python's
            # own compiled files.
            found = pickle.loads(data) if sha256(data).digest() == digest else None  # noqa: S301
        except Exception:  # noqa: BLE001 - a damaged file can raise whatever it likes
            return None
        if not isinstance(found, kind):
            return None
        self._used[key] = None
        return found

    def holds_all(self, artifacts: Iterable[Packed]) -> bool:
        """Whether the output has all of these files."""
        return all(self.holds(artifact.path, artifact.sha256) for artifact in artifacts)

    def made(self, key: str, value: object) -> None:
        """Note what was made, to be kept if the compilation comes to its end."""
        data = pickle.dumps(value, protocol=5)
        self._used[key] = self.spool.put(sha256(data).digest() + data)

    def save(self) -> None:
        """Keep what was made and what was found, and nothing else."""
        for key, data in self._used.items():
            if data is not None:
                keep(self.folder / f"{key}{_SUFFIX}", read(data))
        kept = {f"{key}{_SUFFIX}" for key in self._used}
        with suppress(OSError):
            for path in self.folder.iterdir():
                if path.suffix == _SUFFIX and path.name not in kept:
                    path.unlink()
