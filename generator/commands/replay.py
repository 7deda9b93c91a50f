"""``replay``: what the alerts would have done over a span of history, asked of a server that is only read."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from generator.commands import options
from generator.commands.call_error import CallError
from generator.commands.exit_codes import OK
from generator.commands.on_specs import on_specs
from generator.commands.progress import ProgressLine
from generator.commands.replacing import replacing
from generator.replay.errors import ReplayError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from generator.compiler import Compilation
    from generator.model.service import Model
    from generator.replay.report import Report


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.description = (
        "Run the alerts over a span of a server's history, and report what would have fired. The server "
        "is only read."
    )
    parser.epilog = (
        "Credentials are read from the environment: AGENT_METRICS_PROMETHEUS_TOKEN, or ..._USER and "
        "..._PASSWORD."
    )
    options.specs(parser)
    parser.add_argument("--prometheus", metavar="URL", required=True, help="any server with Prometheus's API")
    options.span(parser)
    parser.add_argument(
        "--service", action="append", default=[], metavar="NAME", help="only its alerts; may be repeated"
    )
    parser.add_argument(
        "--alert", action="append", default=[], metavar="NAME", help="only this alert; may be repeated"
    )
    parser.add_argument(
        "--records",
        choices=("auto", "read", "inlined"),
        default="auto",
        help="read the server's recorded series, or compute them from its raw series in a Prometheus of our own; "
        "default: auto, which reads them where there are any",
    )
    parser.add_argument(
        "--truth", type=options.path, metavar="FILE", help="judge by what simulate --truth wrote"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    parser.add_argument(
        "--html", type=options.path, metavar="FILE", help="write a page with a timeline as well"
    )
    parser.add_argument(
        "--step", metavar="DURATION", help="between evaluations; default: the rules' interval"
    )
    parser.add_argument(
        "--resume",
        type=options.path,
        metavar="FILE",
        help="keep answers there, and go on after a stop; removed at the end",
    )
    parser.add_argument(
        "--points", type=int, default=1500, metavar="N", help="steps a request at most; default: 1500"
    )
    parser.add_argument(
        "--concurrency", type=int, default=2, metavar="N", help="requests at once; default: 2"
    )
    parser.add_argument(
        "--max-samples",
        type=int,
        default=50_000_000,
        metavar="N",
        help="raw samples at most; default: 50000000",
    )
    options.timeout(parser, "1m")


def run(arguments: argparse.Namespace) -> int:
    """Replay; a report is written whole or not at all."""

    def replayed(_model: Model, found: Compilation) -> int:
        sys.stdout.writelines(_replayed(arguments, found))
        return OK

    return on_specs(arguments.specs, replayed)


def _replayed(arguments: argparse.Namespace, checked: Compilation) -> Iterable[str]:
    try:
        found = _report(arguments, checked)
    except ReplayError as problem:
        raise CallError(problem.message, problem.help) from problem
    except ModuleNotFoundError as missing:
        if (missing.name or "").startswith("generator"):
            raise
        help_ = "pip install 'agent-metrics[live]'"
        raise CallError(f"the package {missing.name} is not installed", help_) from missing
    return _shown(found, arguments.format)


def _report(arguments: argparse.Namespace, checked: Compilation) -> Report:
    """Replay and judge; what is wrong with the call is found out before a server is asked."""
    from generator.commands.replay_call import asked  # noqa: PLC0415 - urllib3 is an extra
    from generator.replay.replay import replay  # noqa: PLC0415
    from generator.replay.report import report  # noqa: PLC0415

    with ExitStack() as opened:
        page = opened.enter_context(replacing(arguments.html)) if arguments.html else None
        line = opened.enter_context(ProgressLine(sys.stderr))
        call = asked(arguments, checked, line.show, opened)
        found = report(replay(call.order, call.crew), call.truth)
        if page:
            from generator.replay.page import page as rendered  # noqa: PLC0415 - Jinja, for --html only

            page.write([rendered(found)])
    if arguments.resume:
        # It is complete: the same call later means a new replay.
        arguments.resume.unlink(missing_ok=True)
    return found


def _shown(found: Report, format_: str) -> Iterable[str]:
    if format_ == "json":
        from generator.replay.as_json import as_json  # noqa: PLC0415 - one format a call

        return [as_json(found)]
    from generator.replay.as_text import as_text  # noqa: PLC0415

    return (f"{line}\n" for line in as_text(found))
