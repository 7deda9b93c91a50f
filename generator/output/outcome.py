"""The results of a write and of a comparison."""

from __future__ import annotations

from msgspec import Struct

from generator.diagnostics.printable import printable
from generator.diagnostics.suggest import listed


class WriteResult(Struct, frozen=True):
    """The paths of the output by their change: relative, with ``/``, sorted, ``manifest.json`` included.

    Attributes:
        created: did not exist.
        changed: were generated before and have new content.
        edited: were generated before and edited by hand since; replaced.
        unchanged: had this content already and were not written.
        deleted: were generated before, and are no longer.
        kept: are no longer generated, but were edited by hand: left as they are, and no longer ours.
    """

    created: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything was written."""
        return bool(self.created or self.changed or self.edited or self.deleted)

    def summary(self) -> str:
        """One line of counts, and one more for files that were edited by hand."""
        if not self:
            return f"up to date, {_files(len(self.unchanged))}"
        counts = {
            "created": len(self.created),
            "changed": len(self.changed) + len(self.edited),
            "deleted": len(self.deleted),
            "unchanged": len(self.unchanged),
        }
        lines = [_counted(counts)]
        if self.edited:
            lines.append(f"edited by hand, replaced: {_names(self.edited)}")
        if self.kept:
            lines.append(f"no longer generated, but edited by hand, kept: {_names(self.kept)}")
        return "\n  ".join(lines)


class OutputDifference(Struct, frozen=True):
    """The differences of an output directory from the output to write: true when there are any.

    Attributes:
        missing: do not exist.
        changed: have other content, or are not regular files.
        stale: are listed in the manifest, exist, and are no longer generated.
    """

    missing: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is any difference."""
        return bool(self.missing or self.changed or self.stale)

    def summary(self) -> str:
        """One line of counts, and one more for each kind of difference, with its paths."""
        kinds = {"missing": self.missing, "changed": self.changed, "stale": self.stale}
        if not self:
            return "up to date"
        lines = [f"out of date: {_counted({name: len(paths) for name, paths in kinds.items()})}"]
        lines += [f"{name}: {_names(paths)}" for name, paths in kinds.items() if paths]
        return "\n  ".join(lines)


def _files(count: int) -> str:
    return f"{count} file{'' if count == 1 else 's'}"


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)


def _names(paths: tuple[str, ...]) -> str:
    return listed(map(printable, paths))
