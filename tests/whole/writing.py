"""Specs as files: plain data written as YAML, in any order of its keys."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from tests.whole.specs import Directory


def write(files: Directory, directory: Path, order: Random | None = None) -> Path:
    """Write each file of ``files``; with ``order``, files and the keys of every mapping are in one of its orders.

    Profiles and the library keep their own order: it determines the order of rules and reports, and the metric that
    represents a label.
    """
    for path in _ordered(files, order):
        own = None if path.startswith("profiles/") or path == "signals.yaml" else order
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text("".join(_lines(files[path], own)) or "{}\n", "utf-8")
    return directory


def _ordered(mapping: dict[str, Any], order: Random | None) -> list[str]:
    keys = list(mapping)
    if order:
        order.shuffle(keys)
    return keys


def _lines(mapping: dict[str, Any], order: Random | None, indent: str = "") -> list[str]:
    lines = []
    for key in _ordered(mapping, order):
        value = mapping[key]
        lines.append(f"{indent}{_scalar(key)}:")
        if isinstance(value, dict) and value:
            lines += ["\n", *_lines(value, order, f"{indent}  ")]
        else:
            lines.append(f" {_scalar(value)}\n")
    return lines


def _scalar(value: object) -> str:
    """JSON is YAML, except for half of a surrogate pair; so no character is escaped unnecessarily."""
    return json.dumps(value, ensure_ascii=False)
