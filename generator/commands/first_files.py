"""Files to begin with: written where there are none, with the schemas that editors hold them against."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from generator.commands.schema import schema_files
from generator.commands.stream import shown
from generator.commands.terminal import complain
from generator.spec.files import SHIPPED

if TYPE_CHECKING:
    from pathlib import Path


def shipped_text(file: str, schemas: str) -> str:
    """Copy a shipped file; ``schemas`` is where its editor will find the schemas."""
    first, _, text = (SHIPPED / file).read_text(encoding="utf-8").partition("\n")
    return f"# yaml-language-server: $schema={schemas}/{first.rpartition('/')[2]}\n{text}"


def write_new(files: dict[Path, str], specs: Path) -> bool:
    """Write the files that are not there yet, and the schemas; False, with a word why, when the system refuses."""
    schemas = {specs / ".schemas" / name: text for name, text in schema_files().items()}
    missing = {path: text for path, text in (files | schemas).items() if not path.exists()}
    try:
        for path, text in missing.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
    except OSError as problem:
        complain(f"{problem.filename} cannot be written: {problem.strerror}")
        return False
    sys.stdout.writelines(f"wrote {shown(path)}\n" for path in missing if path not in schemas)
    return True
