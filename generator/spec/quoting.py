"""Text as an author would quote it in a spec."""

from __future__ import annotations

from generator.diagnostics.printable import shortened


def in_quotes(text: str) -> str:
    """The text as a quoted YAML scalar, for advice: cut when it is long."""
    part = shortened(text)
    if '"' in part or "\\" in part:
        return "'" + part.replace("'", "''") + "'"
    return f'"{part}"'
