"""Values as JSON text, in the one form of generated files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def json_text(value: object, *, sort_keys: bool = False) -> str:
    """Write a value over lines, ending with one; Python's own encoder takes fifteen times as long.

    Its integers have any number of digits, those of orjson 64 bits.
    """
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE | (orjson.OPT_SORT_KEYS if sort_keys else 0)
    try:
        return orjson.dumps(value, option=options).decode()
    except TypeError:
        return json.dumps(value, indent=2, sort_keys=sort_keys, ensure_ascii=False, allow_nan=False) + "\n"


def json_member(value: object) -> str:
    """Write a value as ``json_with_members`` places it."""
    return json_text(value).rstrip("\n").replace("\n", "\n    ")


def json_with_members(head: Mapping[str, object], key: str, members: Iterable[tuple[str, str]]) -> str:
    """Write an object like ``json_text``, where the values of its last member are JSON already.

    Args:
        head: The object without its last key.
        key: The last key.
        members: Its names, with values as ``json_member`` writes them.
    """
    begin = json_text({**head, key: {}}).removesuffix("}\n}\n")
    body = ",".join(f"\n    {json_text(name).rstrip()}: {member}" for name, member in members)
    return f"{begin}{body}\n  }}\n}}\n" if body else f"{begin}}}\n}}\n"
