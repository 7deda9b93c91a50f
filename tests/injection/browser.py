"""A page in a real browser, without a window."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from generator.live.process import find_program

if TYPE_CHECKING:
    from pathlib import Path

#: Its own sandbox needs rights that a container's root lacks; it opens our page alone.
_ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--dump-dom",
)


def dom(page: str, directory: Path) -> str:
    """Open a page and return its DOM after loading, scripts included."""
    file = directory / "page.html"
    file.write_text(page, "utf-8")
    ended = subprocess.run(
        [
            find_program("chromium", "chromium"),
            *_ARGUMENTS,
            f"--user-data-dir={directory / 'browser'}",
            file.as_uri(),
        ],
        capture_output=True,
        check=True,
        timeout=120,
        env={**os.environ, "HOME": str(directory)},
    )
    return ended.stdout.decode()
