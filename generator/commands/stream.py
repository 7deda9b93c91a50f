"""Words of the command line as they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def shown(typed: Path | str) -> str:
    """Write what was typed so that its characters show themselves."""
    text = str(typed)
    if text.isprintable():
        return text
    from generator.diagnostics.printable import printable  # noqa: PLC0415 - a call that does nothing is to be quick

    return printable(text)
