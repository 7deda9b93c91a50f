"""Plain values as block YAML, in the very bytes of PyYAML, which needs thirty times as long for a rule file.

PyYAML itself still writes every text that is not plainly plain, once.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Value = str | int | Sequence["Value"] | Mapping[str, "Value"]

_NEVER_FOLD = 100_000
#: Begins with no indicator and holds nothing but printable ASCII.
_PRINTABLE = re.compile(r"[A-Za-z0-9_./($][ -~]*")
#: What ends a plain text early, or is no text at the start of a line.
_ENDS = re.compile(r": | #|[: ]$|^\.\.\.")


class _Dumper(yaml.CSafeDumper):
    """Writes text of several lines as a literal block."""


def _text(dumper: yaml.CSafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def block_yaml(value: Mapping[str, Value]) -> str:
    """Write a mapping that is not empty as a YAML document, keys in their order."""
    return "".join(_mapping(value, ""))


def _mapping(value: Mapping[str, Value], indent: str) -> Iterator[str]:
    """Write the lines of a mapping; the first is not indented, as it may stand behind a dash."""
    lead = ""
    for key, one in value.items():
        yield f"{lead}{_scalar(key)}:"
        yield from _nested(one, indent)
        lead = indent


def _nested(value: Value, indent: str) -> Iterator[str]:
    """Write what follows a colon."""
    if isinstance(value, str):
        yield f" {_indented(_scalar(value), indent)}\n"
    elif isinstance(value, int):
        yield f" {value}\n"
    elif not value:
        yield " []\n" if isinstance(value, list | tuple) else " {}\n"
    elif isinstance(value, list | tuple):
        yield "\n"
        yield from _sequence(value, indent)
    else:
        yield f"\n{indent}  "
        yield from _mapping(value, f"{indent}  ")
