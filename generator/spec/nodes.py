"""A YAML document as a tree of frozen nodes, each with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

if TYPE_CHECKING:
    import collections.abc
    from collections.abc import Iterable

    from generator.diagnostics import Span

#: Words that older readers of YAML take for true or false.
YES_NO = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}

Value: TypeAlias = str | int | float | bool | None
Plain: TypeAlias = "Value | list[Plain] | dict[str, Plain]"
Step: TypeAlias = str | int


class Node(Struct, frozen=True):
    """The field of every node: the span of its text."""

    span: Span

    def child(self, step: Step) -> Node | None:  # noqa: ARG002 - a scalar has no children
        """The node under a key (str) or an index (int), or ``None``."""
        return None

    def at(self, path: Iterable[Step]) -> Node:
        """The node at the end of the path, or the nearest parent that exists."""
        node: Node = self
        for step in path:
            child = node.child(step)
            if child is None:
                return node
            node = child
        return node

    def key_at(self, path: Iterable[Step]) -> Node:
        """The key that the path ends in; where it ends in an index or leads nowhere, as ``at``."""
        steps = tuple(path)
        parent = self.at(steps[:-1])
        entry = parent.entries.get(str(steps[-1])) if steps and isinstance(parent, Mapping) else None
        return entry.key if entry else parent.at(steps[-1:])


class Scalar(Node, frozen=True):
    """A single value; ``text`` is as written (``1.10``), or the content where it was quoted."""

    value: Value
    text: str
    quoted: bool = False


class KeyValue(Struct, frozen=True):
    """A key, whose ``value`` is always a string, and the node below it."""

    key: Scalar
    value: Node


class Mapping(Node, frozen=True):
    """Entries by key, in the order of the file."""

    entries: collections.abc.Mapping[str, KeyValue]

    def child(self, step: Step) -> Node | None:
        """The value under a key, or ``None``."""
        entry = self.entries.get(step) if isinstance(step, str) else None
        return entry.value if entry else None


class Sequence(Node, frozen=True):
    """Items in order."""

    items: tuple[Node, ...]

    def child(self, step: Step) -> Node | None:
        """The item at an index from 0, or ``None``."""
        return self.items[step] if isinstance(step, int) and 0 <= step < len(self.items) else None


def to_plain(node: Node) -> Plain:
    """The values without places, as dict, list, str, int, float, bool and None: new objects, free to change."""
    if isinstance(node, Mapping):
        return {key: to_plain(entry.value) for key, entry in node.entries.items()}
    if isinstance(node, Sequence):
        return [to_plain(item) for item in node.items]
    return node.value if isinstance(node, Scalar) else None
