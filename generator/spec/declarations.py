"""The entries that specs declare, by name and as they are written.

Services, profiles, and entries of ``alerts``, ``signals``, ``metrics``, ``labels`` and ``segments`` are read from the
files of a specs directory and those that ship with the compiler. They need not be valid: a name is also explained while
a spec is being edited.
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

_SECTIONS = ("alerts", "signals", "metrics", "labels", "segments")
#: The keys that name a whole file.
_NAMES = ("service", "profile")
_MOST_LINES = 12


class Declaration(Struct, frozen=True):
    """An entry of a section of a file, with its YAML; ``title`` and ``meaning`` are empty where it has none.

    ``section`` is empty for a whole file.
    """

    name: str
    section: str
    file: str
    title: str
    meaning: str
    text: str


def declared(name: str, specs: Path) -> Iterator[Declaration]:
    """Yield the declarations of a name: first those of shared files, then those that services declare or change."""
    for document in _documents(specs, name):
        if name and name == _name_of(document):
            yield _whole_file(document)
        for section, entry in _entries(document):
            if entry.key.text == name:
                yield _declaration(document, section, entry)


def declared_names(specs: Path) -> Iterator[str]:
    """Yield all declared names; a name may come several times."""
    for document in _documents(specs):
        yield from filter(None, [_name_of(document)])
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


def _name_of(document: Document) -> str:
    """Name the service or the profile that a file declares; empty for another file."""
    named = (document.root.child(key) for key in _NAMES)
    return next((node.text for node in named if isinstance(node, nodes.Scalar)), "")


def _whole_file(document: Document) -> Declaration:
    """Describe a service or a profile by the first lines of its file."""
    key = next(each for each in _NAMES if document.root.child(each))
    description = document.root.child("description")
    lines = document.source.text.splitlines()
    rest = len(lines) - _MOST_LINES
    return Declaration(
        name=_name_of(document),
        section="",
        file=document.source.path,
        title=f"a {key}",
        meaning=description.text if isinstance(description, nodes.Scalar) else "",
        text="\n".join([*lines[:_MOST_LINES], *([f"# ... and {rest} more lines"] if rest > 0 else [])]),
    )


def _entries(document: Document) -> Iterator[tuple[str, nodes.KeyValue]]:
    # Only the library declares streams: those of a profile say what feeds them.
    sections = _SECTIONS if _name_of(document) else (*_SECTIONS, "streams")
    for section in sections:
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
