"""The command line: arguments and exit codes (see ``generator.commands.call``)."""

from __future__ import annotations

import argparse
import gc
import importlib
import io
import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from generator import __version__
from generator.commands.call import CALL_AT_FAULT, INTERRUPTED, OK, printable_text
from generator.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

_LIVE = ("cramjam", "google", "prometheus_client", "urllib3")
_INSTALL = "pip install 'agent-metrics[live]'"
#: Commands whose processes end before there is garbage.
_SHORT = frozenset({"check", "generate"})
#: Messages of argparse about a word that is not known.
_CHOICE = re.compile(r"invalid choice: '?(?P<word>[^']+?)'? \(choose from (?P<known>.+)\)")
_UNKNOWN_OPTION = re.compile(r"unrecognized arguments: (?:.* )?(?P<word>--[a-z-]+)")
#: Each is a module in ``generator.commands`` with ``arguments(parser)`` and ``run(arguments)``; and its description.
COMMANDS = {
    "generate": "compile the specs into output/",
    "check": "check the specs and write nothing",
    "diff": "say what a change of the specs does",
    "cardinality": "show how many series the specs allow",
    "explain": "explain a code of a message, an alert, a signal or a key of the specs",
    "schema": "print a JSON Schema, or write them all",
    "init": "write a first spec",
    "prices": "take prices from the list that LiteLLM publishes",
    "apply": "bring output/ to a Grafana, a Prometheus or a ruler",
    "simulate": "invent a history with incidents in it",
    "replay": "show what the alerts would have done",
    "audit": "compare a running system with its spec",
    "demo": "watch a service at work, with incidents to switch on",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code."""
    _prepare_streams()
    try:
        arguments = _parsed(sys.argv[1:] if argv is None else argv)
        if arguments.command not in _SHORT:
            gc.enable()
        code: int = _module(arguments.command).run(arguments)
        sys.stdout.flush()
    except ModuleNotFoundError as missing:
        return _without_extra(missing)
    except CommandError as problem:
        from generator.commands.terminal import complain  # noqa: PLC0415 - most calls have no error

        complain(problem.message, problem.help, problem.lines)
        return CALL_AT_FAULT
    except BrokenPipeError:
        # The reader of the pipe (head, less) has ended: the specs have no error.
        _abandon_stdout()
        return OK
    except OSError as problem:
        _abandon_stdout()
        what = printable_text(problem.filename) if problem.filename else "the output cannot be written"
        sys.stderr.write(f"error: {what}: {(problem.strerror or str(problem)).lower()}\n")
        return CALL_AT_FAULT
    except KeyboardInterrupt as interrupt:
        # The message names the state of the work where it is known.
        sys.stderr.write("; ".join(("interrupted", *map(str, interrupt.args))) + "\n")
        return INTERRUPTED
    return code


def _without_extra(missing: ModuleNotFoundError) -> int:
    """Name the extra to install; any other missing module is a defect."""
    if not _is_of_extra(missing):
        raise missing
    sys.stderr.write(f"error: the package {missing.name} is not installed: {_INSTALL}\n")
    return CALL_AT_FAULT


def _is_of_extra(missing: ModuleNotFoundError) -> bool:
    return (missing.name or "").partition(".")[0] in _LIVE


def _prepare_streams() -> None:
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            # The shell closed it (``>&-``): nobody wants to read it.
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - open as long as we are
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a character gets its number, not a traceback.
            stream.reconfigure(errors="backslashreplace")


def _abandon_stdout() -> None:
    """Discard the rest of the output, or Python complains at its end."""
    with suppress(io.UnsupportedOperation):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Parser(argparse.ArgumentParser):
    """A parser that escapes invisible characters of typed text; the commands' parsers are of this class as well."""

    def error(self, message: str) -> NoReturn:
        """Print the error of the call with the likely right word, if there is one, and exit."""
        near = self._near(message)
        help_ = f'\n  help: did you mean "{near}"?' if near else ""
        super().error(f"{printable_text(message)}{help_}")

    def _near(self, message: str) -> str | None:
        """Find the command, the choice or the option that is most like the wrong one."""
        # Most calls are right, and need no difflib.
        from generator.diagnostics.wording import closest  # noqa: PLC0415

        if choice := _CHOICE.search(message):
            return closest(choice["word"], choice["known"].replace("'", "").split(", "))
        option = _UNKNOWN_OPTION.search(message)
        known = [one for action in self._actions for one in action.option_strings]
        return closest(option["word"], known) if option else None


def _parsed(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; only the called command is imported."""
    top = _Parser(
        prog="agent-metrics",
        description="Agent metrics as code: YAML specs become Prometheus rules and Grafana dashboards.",
        epilog="Exit status: 0 clean, 1 a spec is at fault, 2 the call or a server is, 130 interrupted.",
    )
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    # With a given prog, argparse does not format the usage to find it, which would import every compression module.
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", prog=top.prog)
    called = next((word for word in argv if not word.startswith("-")), None)
    answering: argparse.ArgumentParser = top
    # To add a parser takes a while, and a call that begins with a command needs no list of the others.
    for name in [called] if called in COMMANDS and called == argv[0] else COMMANDS:
        parser = commands.add_parser(name, help=COMMANDS[name])
        if name == called:
            answering = parser
            _describe(name, parser, argv)
    parsed, rest = top.parse_known_args(argv)
    if rest:
        # By itself argparse would show the usage of the whole program.
        answering.error(f"unrecognized arguments: {' '.join(rest)}")
    return parsed


def _describe(command: str, parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    """Add the arguments of a command to its parser; --help also works where the command cannot run."""
    try:
        _module(command).arguments(parser)
    except ModuleNotFoundError as missing:
        if not _is_of_extra(missing) or not {"-h", "--help"}.intersection(argv):
            raise
        parser.epilog = f"It needs the package {missing.name}, and lists its options then: {_INSTALL}"


def _module(command: str) -> ModuleType:
    return importlib.import_module(f"generator.commands.{command}")
