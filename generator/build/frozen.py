"""Values of the compiler as bytes, for its own processes and for its memory of earlier compilations."""

from __future__ import annotations

import io
import pickle
from dataclasses import fields, is_dataclass
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def freeze(value: object) -> bytes:
    """Write a value for ``thaw``."""
    written = io.BytesIO()
    _Pickler(written, protocol=5).dump(value)
    return written.getvalue()


def thaw(data: bytes) -> object:
    """Read what ``freeze`` wrote, which has to be one's own: it can run code.

    Raises:
        Exception: whatever damaged data makes of it.
    """
    return pickle.loads(data)  # noqa: S301 - as with Python's own compiled files: who can write them can do anything


class _Pickler(pickle.Pickler):
    """Has values made anew by their classes, which takes a third of what dataclasses with slots do by themselves."""

    def reducer_override(self, obj: Any) -> Any:  # noqa: ANN401 - as pickle has it
        if is_dataclass(obj) and not isinstance(obj, type):
            return type(obj), _values(type(obj))(obj)
        return NotImplemented


@cache
def _values(kind: type) -> Callable[[Any], tuple[object, ...]]:
    """Read what a value is made of, in the order of its class's arguments."""
    names = [field.name for field in fields(kind)]
    if len(names) == 1:
        return lambda value: (getattr(value, names[0]),)
    return attrgetter(*names) if names else lambda _: ()
