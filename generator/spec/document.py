"""A source becomes a document: a tree in which every value knows its place.

``parse_document`` keeps the convention of ``generator.diagnostics.result``: whatever the text holds, it
returns, with a document and its warnings or with the errors that it found, each at its place. The tree is frozen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.diagnostics import Result, Span, error, has_errors, limited
from generator.spec.compose import Composer
from generator.spec.nodes import Mapping, Plain, Scalar, Step, to_plain
from generator.spec.source import check_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from generator.diagnostics import Diagnostic
    from generator.spec.nodes import Node
    from generator.spec.source import Source


class Document(Struct, frozen=True):
    """A file's only YAML document, whose root is a mapping."""

    source: Source
    root: Mapping

    def at(self, path: Iterable[Step]) -> Node:
        """The node that a path of keys and indices leads to, or its nearest parent that exists."""
        return self.root.at(path)

    def key_at(self, path: Iterable[Step]) -> Node:
        """The key that a path ends in, or as ``at`` where there is no such key."""
        return self.root.key_at(path)

    def to_plain(self) -> Plain:
        """The values alone, as ``nodes.to_plain``."""
        return to_plain(self.root)


def parse_document(source: Source) -> Result[Document]:
    """The document of a source, or everything that is wrong with its text and its YAML."""
    unreadable = check_text(source)
    if unreadable:
        return Result.failed(*limited(unreadable))
    composer = Composer(source)
    root = composer.compose()
    found = composer.diagnostics
    if not has_errors(found):
        found += _root_problem(source, root)
    if has_errors(found) or not isinstance(root, Mapping):
        return Result.failed(*limited(found))
    return Result(Document(source, root), limited(found))


def _root_problem(source: Source, root: Node | None) -> list[Diagnostic]:
    help_ = "write keys and values, such as: service: support-agent"
    if root is None or (isinstance(root, Scalar) and not root.text and not root.quoted):
        return [error("yaml/empty", "the file holds no document", Span.of_file(source.path), help_)]
    if isinstance(root, Mapping):
        return []
    what = "a single value" if isinstance(root, Scalar) else "a list"
    return [error("yaml/root-type", f"the file holds {what} instead of a mapping", root.span, help_)]
