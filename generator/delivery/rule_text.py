"""The rules of one subject as text, and functions to wrap them: nothing here reads or writes an expression."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from generator.artifact import Artifact

_GROUPS = "groups:\n"
_NAME = re.compile(r"[^/]+/[^/]+/(?P<name>[^/.]+)\.(?:rules|alerts)\.yml")
#: The comment at the top of every file of a target that allows comments.
GENERATED = "# Generated from the specs: change the specs, not this file.\n"


class RuleText(Struct, frozen=True):
    """The rule groups of a service, or of a family of shared rules.

    Attributes:
        name: The name of their rule files, such as ``support-agent`` or ``agent-run``.
        owner: The owner of the service; empty for shared rules.
        groups: The unchanged items below ``groups:`` of the rule files, those of recording rules first.
    """

    name: str
    owner: str
    groups: str

    def under(self, depth: int) -> str:
        """Write ``groups:`` and its items, indented by ``depth`` levels of two spaces."""
        return indented(_GROUPS + self.groups, depth)


def rule_texts(files: Iterable[Artifact], owner: str = "") -> Iterator[RuleText]:
    """Collect rule files by the name of their subject."""
    by_name: dict[str, list[str]] = {}
    for file in files:
        match = _NAME.fullmatch(file.path)
        if not match:
            raise ValueError(f"no rule file: {file.path}")
        by_name.setdefault(match["name"], []).append(_items(file.text))
    for name, items in by_name.items():
        yield RuleText(name, owner, "".join(items))


def join_groups(texts: Iterable[RuleText]) -> str:
    """Join the items of several subjects."""
    return "".join(text.groups for text in texts)


def indented(text: str, depth: int) -> str:
    """Indent lines by ``depth`` levels of two spaces; empty ones stay empty."""
    step = "  " * depth
    return re.sub(r"^(?=.)", step, text, flags=re.MULTILINE)


def _items(text: str) -> str:
    """Return the text below ``groups:``, a line that follows comments only."""
    _, _, items = f"\n{text}".partition(f"\n{_GROUPS}")
    return items
