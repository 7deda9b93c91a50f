"""Parts that earlier compilations left, by the keys of their inputs."""

from __future__ import annotations

import pickle
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from generator.build.folder import keep
from generator.build.part import Part

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_SUFFIX = ".part"


@dataclass(frozen=True, slots=True)
class Cache:
    """The parts of one output; only those that its last compilation used are kept."""

    folder: Path

    def part(self, key: str) -> Part | None:
        """Find a part; its artifacts are known by hash alone."""
        try:
            # As with Python's own compiled files, whoever can write there can do anything already.
            found = pickle.loads((self.folder / f"{key}{_SUFFIX}").read_bytes())  # noqa: S301
        except Exception:  # noqa: BLE001 - a damaged file can raise whatever it likes
            return None
        return found if isinstance(found, Part) else None

    def keep(self, key: str, part: Part) -> None:
        """Keep a part without the texts of its artifacts, which the output holds."""
        bare = tuple(replace(artifact, packed=None) for artifact in part.artifacts)
        keep(self.folder / f"{key}{_SUFFIX}", pickle.dumps(replace(part, artifacts=bare), protocol=5))

    def keep_only(self, keys: Iterable[str]) -> None:
        """Delete all parts but these."""
        kept = {f"{key}{_SUFFIX}" for key in keys}
        with suppress(OSError):
            for path in self.folder.iterdir():
                if path.suffix == _SUFFIX and path.name not in kept:
                    path.unlink()
