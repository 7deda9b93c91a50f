"""The terminal: diagnostics for people, errors of the call, and the progress of a command."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Self, TextIO

from msgspec import Struct, field

from generator.colour import colours
from generator.diagnostics import Severity
from generator.diagnostics.wording import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from generator.compiler import Compilation

# A higher rate is of no use to a reader.
_SECONDS = 0.1
_SECONDS_ELSEWHERE = 15.0
_WIDTH = 24


def rendered(compilation: Compilation, *, coloured: bool, notes: bool) -> str:
    """Write the diagnostics for a person; with ``notes``, also the decisions made on the author's behalf."""
    from generator.diagnostics.formats import render_text  # noqa: PLC0415 - only where there are diagnostics

    shown = [one for one in compilation.diagnostics if notes or one.severity is not Severity.INFO]
    return render_text(shown, compilation.texts, colour=coloured) if shown else ""


def show(compilation: Compilation) -> None:
    """Write the diagnostics to stderr, with colours where it has them."""
    sys.stderr.write(rendered(compilation, coloured=colours(sys.stderr), notes=False))


def complain(message: str, help_: str = "", lines: Sequence[str] = ()) -> None:
    """Print an error of the call or the machine: the message, a list of what it is about, and a way out."""
    help_lines = [f"help: {help_}"] if help_ else []
    rest = "".join(f"  {printable(line)}\n" for line in (*lines, *help_lines))
    sys.stderr.write(f"error: {printable(message)}\n{rest}")


class ProgressLine(Struct):
    """Shows ``title`` with a bar; where ``stream`` is no terminal, as in CI, it writes a line every 15 seconds.

    Attributes:
        stream: The stream of the bar.
        after: Seconds before the bar is shown.
        shown: The time of the last update; at first, of the start.
        width: Columns of the bar that stands there, to be cleared with blanks: not every terminal knows more.
    """

    stream: TextIO
    after: float = 0
    shown: float = field(default_factory=time.monotonic)
    width: int = 0

    def __post_init__(self) -> None:
        self.shown += self.after - _SECONDS

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.width:
            self._draw("")
            self.stream.write("\r")
            self.stream.flush()

    def show(self, title: str, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` parts of ``title`` are done."""
        now = time.monotonic()
        if not self.stream.isatty():
            self._write_line(f"{title}: {done} of {total}\n", now)
            return
        if now - self.shown < (0 if done == total else _SECONDS):
            return
        self.shown = now
        full = _WIDTH * done // total if total else _WIDTH
        self._draw(f"{title} [{'#' * full}{'.' * (_WIDTH - full)}] {done}/{total}")

    def _draw(self, text: str) -> None:
        self.stream.write(f"\r{text.ljust(self.width)}")
        self.stream.flush()
        self.width = len(text)

    def _write_line(self, text: str, now: float) -> None:
        if now - self.shown >= _SECONDS_ELSEWHERE:
            self.shown = now
            self.stream.write(text)
            self.stream.flush()
