"""Plain values as block YAML: keys in their order, no line folded, text of several lines as a literal block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import yaml

Mapped = Mapping[str, "Value"]
Value = str | int | Sequence["str | Mapped"] | Mapped

_NEVER_FOLD = 100_000


class _Dumper(yaml.CSafeDumper):
    """Writes text of several lines as a literal block."""


def _text(dumper: yaml.CSafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def block_yaml(value: Mapped) -> str:
    """Write a mapping as a document."""
    written: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_NEVER_FOLD)
    return written
