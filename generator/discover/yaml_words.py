"""Words of a spec as YAML on one line."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
#: Words that some YAML reader does not read as text.
_MEANT_OTHERWISE = frozenset({"y", "n", "yes", "no", "true", "false", "on", "off", "null"})


def word(text: str) -> str:
    """Write a text, quoted where it could be read as something else."""
    plain = _PLAIN.fullmatch(text) and text.lower() not in _MEANT_OTHERWISE
    return text if plain else json.dumps(text, ensure_ascii=False)


def words(texts: Iterable[str]) -> str:
    """Write a list."""
    return f"[{', '.join(map(word, texts))}]"


def pairs(texts: Mapping[str, str]) -> str:
    """Write a mapping of texts."""
    return f"{{{', '.join(f'{key}: {word(value)}' for key, value in texts.items())}}}"
