"""The command line: arguments and exit codes. 0 is clean, 1 says that a spec is at fault, 2 that the call is."""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from generator import __version__
from generator.commands.exit_codes import CALL_AT_FAULT, OK

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMATS = ("text", "json", "sarif", "github")
KINDS = ("service", "profile", "site", "prices", "common")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a character gets its number, not a traceback.
            stream.reconfigure(errors="backslashreplace")
    arguments = parser().parse_args(argv)
    # Each command imports only what it needs: --help and explain answer at once.
    command = importlib.import_module(f"generator.commands.{arguments.command}")
    try:
        code: int = command.run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader (head, less) went away: nothing is wrong with the specs.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except KeyboardInterrupt:
        return CALL_AT_FAULT
    return code


def parser() -> argparse.ArgumentParser:
    """Describe all commands."""
    top = argparse.ArgumentParser(
        prog="agent-metrics",
        description="Agent metrics as code: YAML specs become Prometheus rules and Grafana dashboards.",
        epilog="Exit status: 0 clean, 1 a spec is at fault, 2 the call is.",
    )
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _generate(commands)
    _check(commands)
    _cardinality(commands)
    _explain(commands)
    _schema(commands)
    _init(commands)
    return top


Commands = argparse._SubParsersAction  # noqa: SLF001 - argparse gives its type no public name


def _generate(commands: Commands[argparse.ArgumentParser]) -> None:
    generate = commands.add_parser(
        "generate",
        help="compile the specs into output/",
        description="Compile the specs. The output directory changes as a whole, or, on any error, not at all.",
    )
    _specs(generate)
    generate.add_argument(
        "-o", "--output", type=Path, default=Path("output"), metavar="DIR", help="default: output"
    )
    generate.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 when the output is out of date"
    )


def _check(commands: Commands[argparse.ArgumentParser]) -> None:
    check = commands.add_parser(
        "check",
        help="check the specs and write nothing",
        description="Check the specs: schema, references, units, cardinality, the checklist of agent metrics.",
    )
    _specs(check)
    check.add_argument("--format", choices=FORMATS, default="text", help="default: text")


def _cardinality(commands: Commands[argparse.ArgumentParser]) -> None:
    cardinality = commands.add_parser(
        "cardinality",
        help="show how many series the specs allow",
        description="Show the bound of series of each metric, and what it costs Prometheus.",
    )
    _specs(cardinality)
    cardinality.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def _explain(commands: Commands[argparse.ArgumentParser]) -> None:
    explain = commands.add_parser(
        "explain",
        help="explain a code of a message",
        description="Explain a code such as cardinality/forbidden-label; without one, list them all.",
    )
    explain.add_argument("code", nargs="?", metavar="CODE")


def _schema(commands: Commands[argparse.ArgumentParser]) -> None:
    schema = commands.add_parser(
        "schema",
        help="print a JSON Schema, or write them all",
        description="Print the JSON Schema of a kind of file, or write them all for an editor to use.",
    )
    schema.add_argument("kind", nargs="?", choices=KINDS, metavar="KIND", help=", ".join(KINDS))
    schema.add_argument("-o", "--output", type=Path, metavar="DIR", help="write all schemas there")


def _init(commands: Commands[argparse.ArgumentParser]) -> None:
    init = commands.add_parser(
        "init",
        help="write a first spec",
        description="Write a directory with a first service to edit. Existing files are never touched.",
    )
    init.add_argument(
        "specs", nargs="?", type=Path, default=Path("specs"), metavar="SPECS", help="default: specs"
    )
    init.add_argument("--service", default="my-agent", metavar="NAME", help="its name; default: my-agent")
    init.add_argument(
        "--owner", default="my-team", metavar="TEAM", help="who its alerts go to; default: my-team"
    )
    init.add_argument("--job", metavar="JOB", help="the job label of its series; default: its name")


def _specs(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "specs", nargs="?", type=Path, default=Path("specs"), metavar="SPECS", help="default: specs"
    )
