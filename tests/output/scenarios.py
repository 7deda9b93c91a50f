"""Writes that are interrupted: the files before, and the files after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.output.write import write
from tests.output.trees import artifacts, put

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from generator.output.outcome import WriteResult

OLD = {"catalog.json": "{}\n", "rules/a.yml": "old\n", "rules/deep/b.yml": "b\n", "turned": "a file\n"}
NEW = {"catalog.json": "{}\n", "rules/a.yml": "new\n", "books/c.md": "c\n", "turned/d": "a directory now\n"}
THIRD = {"catalog.json": "{1}\n", "rules/a.yml": "third\n", "rules/deep/b.yml": "third\n"}

FOREIGN = {"mine.txt": "mine\n", "rules/theirs.yml": "theirs\n", "own/x/y": "y\n"}


class WriteScenario(Struct, frozen=True):
    """Writing ``NEW`` over ``OLD``, or where there is no output yet."""

    there: bool = True

    def prepare(self, target: Path) -> None:
        """Create the files before the write, including foreign files and a link."""
        target.parent.mkdir(parents=True)
        if self.there:
            write(artifacts(OLD), target)
            for path, text in FOREIGN.items():
                put(target, path, text)
            (target / "rules" / "link").symlink_to("nowhere")

    def may_be(self, path: str) -> set[str | None]:
        """Return the contents that a file of ours may have at any moment; None when it may be missing."""
        return {OLD.get(path) if self.there else None, NEW.get(path)}

    def run(self, target: Path, files: Mapping[str, str] = NEW) -> WriteResult:
        """Write."""
        return write(artifacts(files), target)


SCENARIOS = {"again": WriteScenario(), "first": WriteScenario(there=False)}
