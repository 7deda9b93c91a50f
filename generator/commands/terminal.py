"""The terminal: diagnostics for people, and errors of the call."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TextIO

from generator.colour import colours
from generator.diagnostics import Severity
from generator.diagnostics.printable import printable

if TYPE_CHECKING:
    from generator.compiler import Compilation


def rendered(found: Compilation, *, coloured: bool, notes: bool) -> str:
    """Write the diagnostics for a person; ``notes`` says whether decisions made on the author's behalf count."""
    from generator.diagnostics.text import render_text  # noqa: PLC0415 - only where there are diagnostics

    shown = [one for one in found.diagnostics if notes or one.severity is not Severity.INFO]
    return render_text(shown, found.texts, colour=coloured) if shown else ""


def show(found: Compilation, stream: TextIO, *, notes: bool) -> None:
    """Write the diagnostics to a stream, with colours where it has them."""
    stream.write(rendered(found, coloured=colours(stream), notes=notes))


def complain(message: str, help_: str = "") -> None:
    """Say what is wrong with the call or the machine."""
    sys.stderr.write(f"error: {printable(message)}\n" + (f"  help: {printable(help_)}\n" if help_ else ""))
