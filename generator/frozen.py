"""Values as bytes: what waits, or crosses from one process to another, takes little memory."""

from __future__ import annotations

import pickle
import zlib
from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import Struct

from generator.spool import Spooled, read

if TYPE_CHECKING:
    from generator.spool import Spool

T = TypeVar("T")

#: Little is gained by more, and it takes several times as long.
_LEVEL = 1


class Frozen(Struct, Generic[T], frozen=True):
    """A value of the compiler, pickled and compressed; it is thawed in processes of the compiler alone."""

    data: bytes | Spooled

    def thaw(self) -> T:
        """Make the value anew."""
        value: T = pickle.loads(zlib.decompress(read(self.data)))  # noqa: S301 - it comes from ``freeze``
        return value

    def spooled(self, spool: Spool) -> Frozen[T]:
        """Let it wait in a spool."""
        return Frozen(spool.put(read(self.data)))


def freeze(value: T) -> Frozen[T]:
    """Keep a value as bytes."""
    return Frozen(zlib.compress(pickle.dumps(value, protocol=5), _LEVEL))
