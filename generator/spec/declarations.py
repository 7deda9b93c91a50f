"""The entries of ``alerts``, ``signals``, ``metrics`` and ``labels`` in specs, by name and as they are written.

Read are the files of a specs directory and those that ship with the compiler. They need not be valid: a name is also
explained while a spec is being edited.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.spec import nodes, sources
from generator.spec.document import Document, parse_document
from generator.spec.source import read_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SECTIONS = ("alerts", "signals", "metrics", "labels")


class Declaration(Struct, frozen=True):
    """An entry of a section of a file, with its YAML; ``title`` and ``meaning`` are empty where it has none."""

    name: str
    section: str
    file: str
    title: str
    meaning: str
    text: str


def declared(name: str, specs: Path) -> Iterator[Declaration]:
    """Yield the declarations of a name: first those of shared files, then those that services declare or change."""
    for document in _documents(specs, name):
        for section, entry in _entries(document):
            if entry.key.text == name:
                yield _declaration(document, section, entry)


def declared_names(specs: Path) -> Iterator[str]:
    """Yield all declared names; a name may come several times."""
    for document in _documents(specs):
        yield from (entry.key.text for _, entry in _entries(document))


def _documents(specs: Path, mentioned: str = "") -> Iterator[Document]:
    """Parse the files that mention a name; the command ``check`` reports files that are not YAML."""
    own = [*sources.profile_files(specs), *sources.yaml_files(specs)]
    taken = {path.relative_to(specs) for path in own}
    shipped = [
        path
        for path in [*sources.shipped_profiles(), *sources.yaml_files(sources.SHIPPED)]
        if path.relative_to(sources.SHIPPED) not in taken
    ]
    for path in [*own, *shipped, *sources.service_files(specs)]:
        source = read_source(path, sources.shown_path(path)).value
        if source and mentioned in source.text and (document := parse_document(source).value):
            yield document


def _entries(document: Document) -> Iterator[tuple[str, nodes.KeyValue]]:
    for section in _SECTIONS:
        section_node = document.root.child(section)
        if isinstance(section_node, nodes.Mapping):
            yield from ((section, entry) for entry in section_node.entries.values())


def _declaration(document: Document, section: str, entry: nodes.KeyValue) -> Declaration:
    first, end = entry.key.span, entry.value.span
    # A block ends where the next key begins.
    last = end.end_line - (end.end_column <= first.column and end.end_line > first.line)
    lines = document.source.text.splitlines()[first.line - 1 : last]
    return Declaration(
        name=entry.key.text,
        section=section,
        file=f"{document.source.path}:{first.line}",
        title=_text(entry, "title", "summary"),
        meaning=_text(entry, "means", "description", "help"),
        text="\n".join(line.removeprefix("  ") for line in lines).rstrip(),
    )


def _text(entry: nodes.KeyValue, *keys: str) -> str:
    """Return the text of the first of the keys that exists."""
    texts = [child.text for key in keys if isinstance(child := entry.value.child(key), nodes.Scalar)]
    return texts[0] if texts else ""
