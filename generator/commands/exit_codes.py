"""Exit codes: 0 is clean, 1 says that a spec is at fault, 2 that the call or the machine is, 130 interrupted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

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
