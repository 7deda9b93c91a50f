"""The rules of one subject as text, and the ways to wrap them: nothing here reads or writes an expression."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from generator.artifact import Artifact

_GROUPS = "groups:\n"
_NAME = re.compile(r"[^/]+/[^/]+/(?P<name>[^/.]+)\.(?:rules|alerts)\.yml")
#: The comment in front of every file of a target that takes comments.
GENERATED = "# Generated from the specs: change the specs, not this file.\n"


class RuleText(Struct, frozen=True):
    """The rule groups of a service, or of a family of shared rules.

    Attributes:
        name: What their rule files are called after, such as ``support-agent`` or ``agent-run``.
        owner: Of the service; empty for what is shared.
        groups: The items below ``groups:`` of the rule files as they stand there, those of recording rules first.
    """

    name: str
    owner: str
    groups: str

    def under(self, depth: int) -> str:
        """Write ``groups:`` with its items ``depth`` levels of two spaces in."""
        return indented(_GROUPS + self.groups, depth)


def rule_texts(files: Iterable[Artifact], owner: str = "") -> Iterator[RuleText]:
    """Gather rule files by the name that they are called after."""
    by_name: dict[str, list[str]] = {}
    for file in files:
        found = _NAME.fullmatch(file.path)
        if not found:
            raise ValueError(f"no rule file: {file.path}")
        by_name.setdefault(found["name"], []).append(_items(file.text))
    for name, items in by_name.items():
        yield RuleText(name, owner, "".join(items))


def joined(texts: Iterable[RuleText]) -> str:
    """Write the items of several subjects as those of one."""
    return "".join(text.groups for text in texts)


def indented(text: str, depth: int) -> str:
    """Move lines ``depth`` levels of two spaces in; empty ones stay empty."""
    step = "  " * depth
    return re.sub(r"^(?=.)", step, text, flags=re.MULTILINE)


def _items(text: str) -> str:
    """Find what stands below ``groups:``, which begins a line after comments only."""
    _, _, items = f"\n{text}".partition(f"\n{_GROUPS}")
    return items
