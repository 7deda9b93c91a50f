"""What a validator finds, as values: where a document does not fit its schema."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.spec.nodes import Step


def fits_pattern(pattern: str, text: str) -> bool:
    """Whether a text has a JSON Schema pattern; Python's ``$`` would also match before a last line break."""
    ends = pattern.endswith("$") and not pattern.endswith(r"\$")
    return re.search(pattern[:-1] + r"\Z" if ends else pattern, text) is not None


def twins(items: list[Any]) -> tuple[int, int] | None:
    """The indices of the first item that stands in a list for the second time: first its first place."""
    seen: dict[str, int] = {}
    for index, item in enumerate(items):
        first = seen.setdefault(json.dumps(_canonical(item), sort_keys=True), index)
        if first != index:
            return first, index
    return None


def _canonical(item: object) -> object:
    """The same for equal values: 1 and 1.0 are equal to JSON Schema."""
    if isinstance(item, dict):
        return {key: _canonical(value) for key, value in item.items()}
    if isinstance(item, list):
        return [_canonical(each) for each in item]
    return int(item) if isinstance(item, float) and item.is_integer() else item


class Misfit(Struct, frozen=True):
    """One keyword of a schema that a value fails.

    ``path`` leads to the value from the document's root, ``schema_path`` to the keyword from the schema's.
    ``keyword`` is empty for a place where nothing is allowed, ``wanted`` is the keyword's value, and
    ``schema`` holds it. ``forms`` has the misfits of each form when none of several (``anyOf``, ``oneOf``)
    fits.
    """

    keyword: str
    path: tuple[Step, ...]
    schema_path: tuple[Step, ...]
    instance: Any
    wanted: Any
    schema: Mapping[str, Any]
    forms: tuple[tuple[Misfit, ...], ...] = ()

    @property
    def known_keys(self) -> tuple[str, ...]:
        """The keys that its schema names."""
        return tuple(self.schema.get("properties", ()))

    @property
    def extra_keys(self) -> tuple[str, ...]:
        """The keys of the value that its schema neither names nor describes by a pattern."""
        patterns = tuple(self.schema.get("patternProperties", ()))
        unnamed = (key for key in self.instance if key not in self.known_keys)
        return tuple(key for key in unnamed if not any(re.search(pattern, key) for pattern in patterns))

    @property
    def twins(self) -> tuple[int, int]:
        """The indices of two equal items, of a list that has such."""
        return twins(self.instance) or (0, 0)

    @property
    def missing_keys(self) -> tuple[str, ...]:
        """The keys that it requires and the value lacks."""
        return tuple(key for key in self.wanted if key not in self.instance)
