"""``explain``: what a code means and how to mend what it complains about."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from generator.commands.exit_codes import CALL_AT_FAULT, OK
from generator.commands.terminal import complain
from generator.diagnostics.codes import CODES, explain
from generator.diagnostics.suggest import did_you_mean

if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> int:
    """Explain one code, or list all with their titles."""
    if arguments.code is None:
        width = max(len(code) for code in CODES)
        for code, entry in sorted(CODES.items()):
            sys.stdout.write(f"{code:<{width}}  {entry.title}\n")
        return OK
    if arguments.code not in CODES:
        complain(f'there is no code "{arguments.code}"', did_you_mean(arguments.code, CODES))
        return CALL_AT_FAULT
    sys.stdout.write(explain(arguments.code))
    return OK
