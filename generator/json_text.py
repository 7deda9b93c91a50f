"""Values as JSON text, in the one form that generated files have."""

from __future__ import annotations

import json

import orjson


def json_text(value: object, *, sort_keys: bool = False) -> str:
    """Write a value over lines, ending with one; Python's own encoder takes fifteen times as long.

    Its integers have any number of digits, those of orjson 64 bits.
    """
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE | (orjson.OPT_SORT_KEYS if sort_keys else 0)
    try:
        return orjson.dumps(value, option=options).decode()
    except TypeError:
        return json.dumps(value, indent=2, sort_keys=sort_keys, ensure_ascii=False, allow_nan=False) + "\n"
