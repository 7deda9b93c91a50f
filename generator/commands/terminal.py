"""What the commands share: loading specs, and showing diagnostics."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TextIO

from msgspec import Struct
from msgspec.structs import replace

from generator.commands.stream import colours
from generator.compiler import Checked, check
from generator.diagnostics import Severity, ordered
from generator.diagnostics.printable import printable
from generator.spec.load import load

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from generator.build.build import Build
    from generator.diagnostics import Diagnostic


class Outcome(Struct, frozen=True):
    """Specs, checked, with all diagnostics in order and the sources to show them in."""

    checked: Checked
    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, str]


def check_directory(specs: Path) -> Outcome:
    """Load and check a specs directory."""
    loaded = load(specs)
    checked = Checked(None, (), loaded.diagnostics)
    if loaded.specs is not None:
        found = check(loaded.specs)
        checked = replace(found, diagnostics=(*loaded.diagnostics, *found.diagnostics))
    return Outcome(checked, ordered(checked.diagnostics), loaded.sources)


def told(found: Outcome | Build, *, coloured: bool, notes: bool) -> str:
    """Write the diagnostics for a person; ``notes`` says whether decisions made on the author's behalf count."""
    from generator.diagnostics.text import render_text  # noqa: PLC0415 - only where something is to be said

    shown = [one for one in found.diagnostics if notes or one.severity is not Severity.INFO]
    return render_text(shown, found.sources, colour=coloured) if shown else ""


def show(found: Outcome | Build, stream: TextIO, *, notes: bool) -> None:
    """Write the diagnostics to a stream, with colours where it has them."""
    stream.write(told(found, coloured=colours(stream), notes=notes))


def complain(message: str, help_: str = "") -> None:
    """Say what is wrong with the call or the machine."""
    sys.stderr.write(f"error: {printable(message)}\n" + (f"  help: {printable(help_)}\n" if help_ else ""))
