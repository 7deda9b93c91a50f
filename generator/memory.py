"""The memory of compilations: results by the bytes that they depend on."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import sha256
from typing import TYPE_CHECKING, TypeVar, cast

from msgspec import Struct, msgpack

from generator.artifact import Artifact, File, without_text

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class DerivedFiles(Struct, frozen=True):
    """Files that depend on a part of the specs; ``depends_on`` is the SHA-256 of that part."""

    depends_on: bytes
    files: tuple[File, ...]


class Memory:
    """Results of earlier compilations; this class keeps none."""

    def recall(self, kind: type[T], *inputs: bytes) -> T | None:  # noqa: ARG002 - for memories that have some
        """Find a result."""
        return None

    def retain(self, value: object, *inputs: bytes) -> None:
        """Keep a result for later compilations."""

    def keep(self, value: object, encoded: bytes, *inputs: bytes) -> None:  # noqa: ARG002
        """Keep a result of which the encoding is known."""
        self.retain(value, *inputs)

    def holds(self, file: File) -> bool:  # noqa: ARG002
        """Whether the output directory has a file whose text was dropped."""
        return False

    def once(self, kind: type[T], make: Callable[[], T], *depends_on: object) -> T:
        """Make a value of a kind, unless it was made from equal inputs."""
        try:
            inputs = _encoded((str(kind), depends_on))
        except OverflowError:
            return make()
        value = self.recall(kind, inputs)
        if value is None:
            made = make()
            try:
                encoded = msgpack.encode(made)
            except OverflowError:
                return made
            value = msgpack.decode(encoded, type=kind)
            self.keep(value, encoded, inputs)
        return value

    def files(
        self, name: str, make: Callable[[], tuple[Artifact, ...]], *depends_on: object
    ) -> tuple[File, ...]:
        """Make files, unless those of this name were last made from equal inputs and are in the output directory."""
        try:
            inputs = sha256(_encoded(depends_on)).digest()
        except OverflowError:
            return make()
        derived = self.recall(DerivedFiles, name.encode())
        if derived and derived.depends_on == inputs and all(map(self.holds, derived.files)):
            return derived.files
        files = make()
        self.retain(DerivedFiles(inputs, tuple(map(without_text, files))), name.encode())
        return files

    def keep_files(self, name: str) -> None:
        """Keep the files of this name, which a compilation does not ask for."""
        self.recall(DerivedFiles, name.encode())


#: What this process made lately, by the SHA-256 of the inputs.
_LATELY: OrderedDict[bytes, object] = OrderedDict()
_MOST = 16


def lately(name: str, make: Callable[[], T], *depends_on: object) -> T:
    """Make a value, unless this process made it lately: several directories may have the same shared files.

    Args:
        name: Of what it makes; equal names and inputs mean equal values.
        make: Makes it.
        depends_on: The inputs.
    """
    try:
        # In the order of the keys, which may be the order of the result.
        key = sha256(msgpack.encode((name, depends_on))).digest()
    except OverflowError:
        return make()
    if key not in _LATELY:
        _LATELY[key] = make()
    _LATELY.move_to_end(key)
    if len(_LATELY) > _MOST:
        _LATELY.popitem(last=False)
    return cast("T", _LATELY[key])


def _encoded(inputs: object) -> bytes:
    """Encode inputs, equal ones alike.

    Raises:
        OverflowError: an integer has more than 64 bits; no memory keeps it.
    """
    return msgpack.encode(inputs, order="deterministic")


def read_back(value: T, kind: type[T]) -> T:
    """Convert a value as a memory would: a 1 in place of a float becomes 1.0."""
    try:
        return msgpack.decode(msgpack.encode(value), type=kind)
    except OverflowError:
        return value
