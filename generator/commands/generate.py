"""``generate``: compile the specs into the output directory, or compare the two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.commands import options
from generator.commands.apart import check_apart
from generator.commands.call_error import CallError
from generator.commands.exit_codes import CALL_AT_FAULT

if TYPE_CHECKING:
    import argparse


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
    """Compile what has changed, in memory, and only then touch the output; to compare the two, compile everything."""
    # The compiler is not needed for --help.
    from generator.commands.generate_afresh import compare_output, write_output  # noqa: PLC0415
    from generator.commands.terminal import complain  # noqa: PLC0415
    from generator.output.errors import OutputError  # noqa: PLC0415

    try:
        check_apart(arguments.specs, arguments.output)
        if arguments.check:
            return compare_output(arguments.specs, arguments.output)
        return write_output(arguments.specs, arguments.output, cached=not arguments.no_cache)
    except (CallError, OutputError) as problem:
        complain(str(problem), problem.help)
        return CALL_AT_FAULT
