"""Values as bytes: what waits, or crosses from one process to another, takes little memory."""

from __future__ import annotations

import pickle
import zlib
from typing import Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")

#: Little is gained by more, and it takes several times as long.
_LEVEL = 1


class Frozen(Struct, Generic[T], frozen=True):
    """A value of the compiler, pickled and compressed; it is thawed in processes of the compiler alone."""

    data: bytes

    def thaw(self) -> T:
        """Make the value anew."""
        value: T = pickle.loads(zlib.decompress(self.data))  # noqa: S301 - it comes from ``freeze``
        return value


def freeze(value: T) -> Frozen[T]:
    """Keep a value as bytes."""
    return Frozen(zlib.compress(pickle.dumps(value, protocol=5), _LEVEL))
