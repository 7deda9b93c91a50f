"""``schema``: the JSON Schemas of the spec files, for editors and other tools, and the reference of all keys."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from generator.commands import options
from generator.commands.call import OK, CallError, printable_text
from generator.commands.replacing import write_all
from generator.spec.schema import KINDS, SUFFIX, schema_text

if TYPE_CHECKING:
    import argparse
    from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.description = "Print the JSON Schema of a kind of file, or write them all for an editor to use."
    parser.add_argument(
        "kind", nargs="?", choices=KINDS, metavar="KIND", help=f"the kind of file: {', '.join(KINDS)}"
    )
    parser.add_argument(
        "-o", "--output", type=options.output_directory, metavar="DIR", help="write all schemas there"
    )
    parser.add_argument("--markdown", action="store_true", help="print the reference of all keys instead")


def run(arguments: argparse.Namespace) -> int:
    """Print one schema or the reference, or write all schemas."""
    _check(arguments)
    if arguments.output is not None:
        _write(arguments.output)
    elif arguments.markdown:
        from generator.commands.reference import reference  # noqa: PLC0415 - the schemas alone are read faster

        sys.stdout.write(reference())
    else:
        sys.stdout.write(schema_text(arguments.kind))
    return OK


def _check(arguments: argparse.Namespace) -> None:
    """Refuse a call that asks for several things.

    Raises:
        CallError: two of a kind, a directory and the reference, or none of them.
    """
    if arguments.kind is not None and arguments.output is not None:
        raise CallError(
            f"-o writes all schemas, for they refer to each other, and {arguments.kind} is one of them",
            f"leave {arguments.kind} out, or print it alone: schema {arguments.kind}",
        )
    if arguments.markdown and (arguments.kind is not None or arguments.output is not None):
        raise CallError(
            "--markdown prints the reference of all keys, of every kind of file",
            "give it alone: schema --markdown",
        )
    if arguments.kind is None and arguments.output is None and not arguments.markdown:
        message = "name the schema to print, or a directory for all of them"
        raise CallError(message, "schema service, or: schema -o DIR")


def schema_files() -> dict[str, str]:
    """Read every schema, by file name; they refer to each other by these names."""
    return {f"{kind}{SUFFIX}": schema_text(kind) for kind in sorted(KINDS)}


def _write(target: Path) -> None:
    """Write all schemas.

    Raises:
        CallError: they cannot be written.
    """
    write_all({target / name: text for name, text in schema_files().items()})
    sys.stdout.write(f"{printable_text(target)}: {len(schema_files())} schemas\n")
