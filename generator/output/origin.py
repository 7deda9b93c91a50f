"""The directory of specs that an output is generated from: other specs do not delete its services by mistake.

The last one is kept in the user's cache, also by a call that compiles everything anew. It is not in the output, whose
bytes depend on nothing but the content of specs.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from generator import private
from generator.diagnostics.wording import listed, printable
from generator.model.names import is_shared_name, rules_path
from generator.output.manifest import owned_in
from generator.output.outcome import OutputError, name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: What an output directory may have from the start, such as that of a new repository or volume.
_USUAL = re.compile(r"\.|README|LICEN[CS]E|lost\+found$", re.IGNORECASE)
#: The largest number of files in a message.
_SHOWN = 5
_RULES = re.compile(re.escape(rules_path("*")).replace(r"\*", "([^/]+)"))


class OutputOrigin(Struct, frozen=True):
    """The directories of a call, as it names them.

    ``replace`` allows to delete services of other specs, and ``beside`` to write among files of others.
    """

    specs: Path
    output: Path
    replace: bool = False
    beside: bool = False

    def check(self, paths: Iterable[str]) -> None:
        """Refuse to mix the new ``paths`` with other files, and to delete services of other specs that they lack.

        The specs are other ones where the last run had another directory. Where none is known, as in a clone, they are
        if no service remains; but a single service may have got another name.

        Args:
            paths: All files of the new output.

        Raises:
            OutputError: the services or the files are named.
        """
        every, owned = tuple(paths), self._owned()
        if owned is None:
            return
        if not owned and not self.beside:
            self._check_alone({path.partition("/")[0] for path in every})
        there, made = _services_of(owned), _services_of(every)
        lost = sorted(there - made)
        if self.replace or not lost:
            return
        last = self._last()
        is_other = last != os.path.realpath(self.specs) if last else len(lost) > 1 and there.isdisjoint(made)
        if not is_other:
            return
        made_from = _seen(last) if last else "other specs"
        raise OutputError(
            f"{name_of(self.output)} was generated from {made_from}, and {name_of(self.specs)} does not have its "
            f"{'service' if len(lost) == 1 else 'services'} {listed(map(printable, lost))}",
            "name another output directory, as in: -o my-output; or pass --replace, which deletes the files of what "
            "these specs do not have; nothing was written",
        )

    def _check_alone(self, made: set[str]) -> None:
        """Refuse to write for the first time where others have files, such as a project that was named by mistake."""
        specs = Path(os.path.realpath(self.specs))
        unknown = (path for path in _listed(self.output) if not _USUAL.match(path.name))
        others = sorted(
            {path.name for path in unknown if not specs.is_relative_to(os.path.realpath(path))} - made
        )
        if others:
            raise OutputError(
                f"{name_of(self.output)} holds {listed(map(printable, others), _SHOWN)}, and nothing generated",
                "name a new or an empty directory, as in: -o my-output; or pass --beside, which writes "
                f"{listed(sorted(made), _SHOWN)} among them; nothing was written",
            )

    def remember(self) -> None:
        """Keep the directory of specs for the next run, where the user has a cache."""
        with _opened_private(make=True) as cache:
            if cache is not None:
                private.write_file(cache, self._name, os.fsencode(os.path.realpath(self.specs)))

    def _owned(self) -> tuple[str, ...] | None:
        """List the files of the output; None where its manifest cannot be read, of which the writer tells."""
        try:
            return tuple(owned_in(self.output))
        except (OSError, OutputError):
            return None

    def _last(self) -> str:
        """Return the directory of specs of the last run; empty where none is known, or it is gone."""
        with _opened_private(make=False) as cache:
            known = None if cache is None else private.read(cache, self._name)
        return os.fsdecode(known) if known and Path(os.fsdecode(known)).is_dir() else ""

    @property
    def _name(self) -> str:
        return f"{sha256(os.fsencode(os.path.realpath(self.output))).hexdigest()[:32]}.specs"


@contextmanager
def _opened_private(*, make: bool) -> Iterator[int | None]:
    directory = private.opened(make=make)
    try:
        yield directory
    finally:
        if directory is not None:
            os.close(directory)


def _seen(directory: str) -> str:
    """Write a directory as seen from the current one, if it is in there."""
    relative = os.path.relpath(directory)
    return name_of(directory if relative.startswith(os.pardir) else relative)


def _listed(directory: Path) -> list[Path]:
    """List the entries of a directory; none where it cannot be read, of which the writer tells."""
    try:
        return list(directory.iterdir())
    except OSError:
        return []


def _services_of(paths: Iterable[str]) -> set[str]:
    """Name the services that have a rule file of their own among the paths."""
    names = (match[1] for path in paths if (match := _RULES.fullmatch(path)))
    return {name for name in names if not is_shared_name(name)}
