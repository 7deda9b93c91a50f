"""Writes that something interrupts: what was there before, what is to be there, and in which way."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, NoReturn

from msgspec import Struct

from generator.output.write import write
from tests.output.trees import artifacts, put

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from generator.output.outcome import Outcome

OLD = {"catalog.json": "{}\n", "rules/a.yml": "old\n", "rules/deep/b.yml": "b\n", "turned": "a file\n"}
NEW = {"catalog.json": "{}\n", "rules/a.yml": "new\n", "books/c.md": "c\n", "turned/d": "a directory now\n"}
THIRD = {"catalog.json": "{1}\n", "rules/a.yml": "third\n", "rules/deep/b.yml": "third\n"}

FOREIGN = {"mine.txt": "mine\n", "rules/theirs.yml": "theirs\n", "own/x/y": "y\n"}


class Scenario(Struct, frozen=True):
    """One way of writing ``NEW`` over ``OLD``.

    Attributes:
        there: whether there is an old output.
        in_place: replace file by file.
        exchange: whether the system can exchange two directories.
    """

    there: bool = True
    in_place: bool = False
    exchange: bool = True

    def prepare(self, target: Path) -> None:
        """Make what is there before, files of somebody else and a link among them."""
        target.parent.mkdir(parents=True)
        if self.there:
            write(artifacts(OLD), target)
            for path, text in FOREIGN.items():
                put(target, path, text)
            (target / "rules" / "link").symlink_to("nowhere")

    def may_be(self, path: str) -> set[str | None]:
        """What one of our files may hold between the beginning and the end; None when it need not be there."""
        return {OLD.get(path) if self.there else None, NEW.get(path)}

    def run(self, target: Path, files: Mapping[str, str] = NEW) -> Outcome:
        """Write as this scenario says, with the ``exchange`` that is in force."""
        return write(artifacts(files), target, in_place=self.in_place)


SCENARIOS = {
    "exchange": Scenario(),
    "renames": Scenario(exchange=False),
    "in-place": Scenario(in_place=True),
    "first": Scenario(there=False),
}


def no_exchange(_one: Path, _other: Path) -> NoReturn:
    """As on a system without such a call."""
    raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
