"""Texts, lists and mappings as YAML on one line, for people to read and change."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from generator.spec.nodes import YES_NO

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
#: Words that some YAML reader does not read as text.
_MEANT_OTHERWISE = frozenset({*YES_NO, "true", "false", "null"})


def yaml_text(text: str) -> str:
    """Write a text, quoted where it could be read as something else."""
    plain = _PLAIN.fullmatch(text) and text.lower() not in _MEANT_OTHERWISE
    return text if plain else json.dumps(text, ensure_ascii=False)


def yaml_list(texts: Iterable[str]) -> str:
    """Write a list of texts."""
    return f"[{', '.join(map(yaml_text, texts))}]"


def yaml_mapping(texts: Mapping[str, str]) -> str:
    """Write a mapping of texts."""
    return f"{{{', '.join(f'{key}: {yaml_text(value)}' for key, value in texts.items())}}}"
