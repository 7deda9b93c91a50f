"""A call of a command: exit codes, errors of the call, and typed words for messages. Its import takes no time.

Exit codes: 0 is clean, 1 means that a spec is at fault, 2 that the call or the machine is, 130 interrupted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.errors import CommandError

if TYPE_CHECKING:
    from pathlib import Path

    from generator.compiler import Compilation

OK = 0
SPEC_AT_FAULT = 1
CALL_AT_FAULT = 2
#: The shell's exit code for a process that SIGINT ended.
INTERRUPTED = 130

#: The call named a place without specs, so that no spec is at fault.
_NOTHING_THERE = frozenset({"source/no-specs", "source/no-services"})


def exit_code(compilation: Compilation) -> int:
    """Choose the exit code by the findings about specs."""
    if not compilation.failed:
        return OK
    is_empty = any(one.code in _NOTHING_THERE for one in compilation.diagnostics)
    return CALL_AT_FAULT if is_empty else SPEC_AT_FAULT


class CallError(CommandError):
    """A call that cannot be carried out; ``help`` explains how it could."""


def printable_text(typed: Path | str) -> str:
    """Escape the invisible characters of a typed text."""
    text = str(typed)
    if text.isprintable():
        return text
    from generator.diagnostics.wording import printable  # noqa: PLC0415 - a call that does nothing is to be quick

    return printable(text)
