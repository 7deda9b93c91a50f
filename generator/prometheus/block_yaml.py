"""Plain values as block YAML: keys in their order, no line folded, text of several lines as a literal block.

PyYAML's C emitter is given events: its representer, written in Python for any object, takes seven times as long.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import yaml

Mapped = Mapping[str, "Value"]
Value = str | int | Sequence["str | Mapped"] | Mapped

_NEVER_FOLD = 100_000
_TEXT = "tag:yaml.org,2002:str"
_RESOLVER: Any = yaml.CSafeDumper(io.StringIO())  # its stub has no types
_END_MAPPING, _END_SEQUENCE = yaml.MappingEndEvent(), yaml.SequenceEndEvent()


def block_yaml(value: Mapped) -> str:
    """Write a mapping as a document."""
    events: list[yaml.Event] = [yaml.StreamStartEvent(), yaml.DocumentStartEvent(explicit=False)]
    _add(value, events)
    events += [yaml.DocumentEndEvent(explicit=False), yaml.StreamEndEvent()]
    written: str = yaml.emit(events, Dumper=yaml.CSafeDumper, allow_unicode=True, width=_NEVER_FOLD)
    return written


def _add(value: Value | Mapped, events: list[yaml.Event]) -> None:
    if isinstance(value, str):
        events.append(_text(value))
    elif isinstance(value, int):
        events.append(yaml.ScalarEvent(None, None, (True, False), str(value)))
    elif isinstance(value, (dict, Mapping)):  # the plain ones first: that is faster
        events.append(yaml.MappingStartEvent(None, None, implicit=True, flow_style=not value))
        for key, member in value.items():
            events.append(_text(key))
            _add(member, events)
        events.append(_END_MAPPING)
    else:
        events.append(yaml.SequenceStartEvent(None, None, implicit=True, flow_style=not value))
        for member in value:
            _add(member, events)
        events.append(_END_SEQUENCE)


@lru_cache(maxsize=4096)
def _text(text: str) -> yaml.ScalarEvent:
    """Write text plainly only where a reader would not take it for something else; most of it comes often."""
    is_plain = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False)) == _TEXT
    return yaml.ScalarEvent(None, None, (is_plain, True), text, style="|" if "\n" in text else None)
