"""How a stream is written to."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO


def colours(stream: TextIO) -> bool:
    """Colours are for terminals, unless the environment asks for none."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def shown(typed: Path | str) -> str:
    """Write what was typed so that its characters show themselves."""
    text = str(typed)
    if text.isprintable():
        return text
    from generator.diagnostics.printable import printable  # noqa: PLC0415 - a call that does nothing is to be quick

    return printable(text)
