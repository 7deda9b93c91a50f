"""A call of a command: exit codes, errors of the call, and words as they were typed. To import it takes no time.

Exit codes: 0 is clean, 1 says that a spec is at fault, 2 that the call or the machine is, 130 interrupted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from generator.diagnostics import Diagnostic

OK = 0
SPEC_AT_FAULT = 1
CALL_AT_FAULT = 2
#: As a shell says of what SIGINT ended.
INTERRUPTED = 130

#: The call named a place without specs: no spec can be at fault.
_NOTHING_THERE = frozenset({"source/no-specs", "source/no-services"})


def of_failed(found: Iterable[Diagnostic]) -> int:
    """Say whose fault it is that specs are not understood, by what is found about them."""
    return CALL_AT_FAULT if any(one.code in _NOTHING_THERE for one in found) else SPEC_AT_FAULT


class CallError(CommandError):
    """A call that cannot be done; ``help`` says how it would."""


def shown(typed: Path | str) -> str:
    """Write what was typed so that its characters show themselves."""
    text = str(typed)
    if text.isprintable():
        return text
    from generator.diagnostics.printable import printable  # noqa: PLC0415 - a call that does nothing is to be quick

    return printable(text)
