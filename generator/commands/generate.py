"""``generate``: compile the specs into the output directory, or compare the two."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from generator.commands import options
from generator.commands.call import OK, CallError

if TYPE_CHECKING:
    import argparse

#: The subdirectories from which specs are read.
_READ = ("services", "profiles")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.description = "Compile the specs. On any error the output directory stays as it is."
    options.add_specs(parser)
    options.add_output(parser)
    way = parser.add_mutually_exclusive_group()
    way.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 when the output is out of date"
    )
    way.add_argument(
        "--watch", action="store_true", help="compile again whenever a spec is saved, until Ctrl-C"
    )
    parser.add_argument(
        "--replace",
        action="store_true",
        help="replace an output that was generated from another directory of specs, and delete the services that these "
        "specs do not have; otherwise that is an error",
    )
    parser.add_argument(
        "--beside",
        action="store_true",
        help="write the first output into a directory that has files of others, which stay; otherwise that is an error",
    )
    parser.add_argument(
        "--no-cache",
        action="store_true",
        help="compile everything anew; otherwise what has not changed since the last time is used again "
        "(from $XDG_CACHE_HOME/agent-metrics)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Compile the changed specs in memory, and only then write the output; for a comparison, compile everything."""
    # --help does not need the compiler.
    from generator.commands.generate_afresh import compare_output, watch, write_output  # noqa: PLC0415
    from generator.output.origin import OutputOrigin  # noqa: PLC0415

    origin = OutputOrigin(arguments.specs, arguments.output, arguments.replace, arguments.beside)
    cached = not arguments.no_cache
    _check_apart(arguments.specs, arguments.output)
    if arguments.check:
        return compare_output(arguments.specs, arguments.output)
    if arguments.watch:
        watch(origin, cached=cached)
        return OK
    return write_output(origin, cached=cached)


def _check_apart(specs: Path, output: Path) -> None:
    """Refuse to write among the specs; any other directory below or above them is allowed.

    Raises:
        CallError: the output is the specs directory, or one from which services or profiles are read.
    """
    place, root = Path(os.path.realpath(output)), Path(os.path.realpath(specs))
    if place == root or any(place.is_relative_to(os.path.realpath(root / name)) for name in _READ):
        raise CallError(
            f"{output} is where specs are read from", "name another output directory, as in: -o output"
        )
