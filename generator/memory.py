"""The memory of compilations: results by the bytes that they depend on."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from msgspec import msgpack

if TYPE_CHECKING:
    from collections.abc import Callable

    from generator.artifact import File

T = TypeVar("T")


class Memory:
    """Results of earlier compilations; this class keeps none."""

    def recall(self, kind: type[T], *inputs: bytes) -> T | None:  # noqa: ARG002 - for memories that have some
        """Find a result."""
        return None

    def retain(self, value: object, *inputs: bytes) -> None:
        """Keep a result for later compilations."""

    def holds(self, file: File) -> bool:  # noqa: ARG002
        """Whether the output directory has a file whose text was dropped."""
        return False

    def once(self, kind: type[T], make: Callable[[], T], *depends_on: object) -> T:
        """Make a value of a kind, unless it was made from equal inputs."""
        try:
            inputs = msgpack.encode((str(kind), depends_on), order="deterministic")
        except OverflowError:  # an integer of more than 64 bits, which no memory keeps
            return make()
        value = self.recall(kind, inputs)
        if value is None:
            value = read_back(make(), kind)
            self.retain(value, inputs)
        return value


def read_back(value: T, kind: type[T]) -> T:
    """Convert a value as a memory would: a 1 in place of a float becomes 1.0."""
    try:
        return msgpack.decode(msgpack.encode(value), type=kind)
    except OverflowError:
        return value
