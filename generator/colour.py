"""Colours of a terminal."""

from __future__ import annotations

import os

TYPE_CHECKING = False  # the import of typing takes longer than the answer where nothing has changed
if TYPE_CHECKING:
    from typing import TextIO


def colours(stream: TextIO) -> bool:
    """Whether a stream shows colours: terminals do, unless the environment disables them."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
