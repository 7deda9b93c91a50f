"""``generate``: compile the specs into the output directory, or compare the two."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from generator.build.folder import cache_folder
from generator.build.inputs import inputs_of
from generator.build.state import told_last
from generator.commands import options
from generator.commands.apart import check_apart
from generator.commands.call_error import CallError
from generator.commands.exit_codes import CALL_AT_FAULT, OK
from generator.commands.stream import colours, shown

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from generator.build.inputs import Inputs


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.description = "Compile the specs. On any error the output directory stays as it is."
    options.specs(parser)
    options.output(parser)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 when the output is out of date"
    )
    parser.add_argument(
        "--no-cache",
        action="store_true",
        help="compile everything anew; otherwise what has not changed since the last time is used again "
        "(from $XDG_CACHE_HOME/agent-metrics)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Compile, unless nothing has changed since the last time; to compare the two, compile everything."""
    try:
        check_apart(arguments.specs, arguments.output)
    except CallError as problem:
        from generator.commands.terminal import complain  # noqa: PLC0415 - only where something is wrong

        complain(str(problem), problem.help)
        return CALL_AT_FAULT
    folder = None if arguments.check or arguments.no_cache else cache_folder(arguments.output)
    inputs = inputs_of(arguments.specs) if folder else None
    if folder and inputs and _unchanged(folder, inputs, arguments.output):
        return OK
    # The compiler itself is imported only where there is something to compile.
    from generator.commands.generate_afresh import compare_output, write_output  # noqa: PLC0415

    if arguments.check:
        return compare_output(arguments.specs, arguments.output)
    return write_output(arguments.specs, arguments.output, folder, inputs)


def _unchanged(folder: Path, inputs: Inputs, output: Path) -> bool:
    """Say again what the last compilation said, if this one would be the same."""
    told = told_last(folder, inputs.whole, output)
    if told is None:
        return False
    sys.stderr.write(told.coloured if colours(sys.stderr) else told.plain)
    sys.stdout.write(f"{shown(output)}: {told.summary}\n")
    return True
