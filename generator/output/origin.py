"""The directory of specs that an output is generated from: other specs do not replace its services by mistake."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.diagnostics.wording import listed, printable
from generator.model.names import is_shared_name, rules_path
from generator.output.outcome import OutputError, name_of

if TYPE_CHECKING:
    from collections.abc import Iterable

_RULES = re.compile(re.escape(rules_path("*")).replace(r"\*", "([^/]+)"))


class Origin(Struct, frozen=True):
    """The directories of a call, as it names them; ``replace`` allows to delete services of other specs."""

    specs: Path
    output: Path
    replace: bool = False

    def seen_from(self, place: Path) -> str:
        """Write the path from the output; empty where that would be a path of this machine."""
        specs, output = Path(os.path.realpath(self.specs)), Path(os.path.realpath(place))
        is_far = os.path.commonpath([specs, output]) == "/" != str(output.parent)
        return "" if is_far else os.path.relpath(specs, output)

    def check(self, before: str, lost: tuple[str, ...]) -> None:
        """Refuse to delete the ``lost`` services of the specs of ``before``.

        Raises:
            OutputError: they are named.
        """
        if self.replace or not lost:
            return
        other = os.path.normpath(self.output / before)
        raise OutputError(
            f"{name_of(self.output)} was generated from {name_of(other)}, and {name_of(self.specs)} does not have its "
            f"{'service' if len(lost) == 1 else 'services'} {listed(map(printable, lost))}",
            "name another output directory, as in: -o my-output; or pass --replace, which deletes the files of what "
            "these specs do not have; nothing was written",
        )


def services_of(paths: Iterable[str]) -> tuple[str, ...]:
    """Name the services that have a rule file of their own among the paths."""
    names = (match[1] for path in paths if (match := _RULES.fullmatch(path)))
    return tuple(sorted(name for name in names if not is_shared_name(name)))
