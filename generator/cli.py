"""The command line: arguments and exit codes (see ``generator.commands.exit_codes``)."""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from generator import __version__
from generator.commands.exit_codes import CALL_AT_FAULT, INTERRUPTED, OK
from generator.commands.stream import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMATS = ("text", "json", "sarif", "github")
LIVE = ("cramjam", "google", "prometheus_client", "urllib3")
KINDS = ("service", "profile", "site", "prices", "common")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code."""
    _prepare_streams()
    arguments = parser().parse_args(argv)
    try:
        # Each command imports only what it needs: --help and explain answer at once.
        command = importlib.import_module(f"generator.commands.{arguments.command}")
        code: int = command.run(arguments)
        sys.stdout.flush()
    except ModuleNotFoundError as missing:
        return _without_extra(missing)
    except BrokenPipeError:
        # The reader (head, less) went away: nothing is wrong with the specs.
        _abandon_stdout()
        return OK
    except OSError as problem:
        _abandon_stdout()
        what = shown(problem.filename) if problem.filename else "the output cannot be written"
        sys.stderr.write(f"error: {what}: {problem.strerror}\n")
        return CALL_AT_FAULT
    except KeyboardInterrupt as interrupt:
        # Where it is known what became of the work, it says so.
        sys.stderr.write("; ".join(("interrupted", *map(str, interrupt.args))) + "\n")
        return INTERRUPTED
    return code


def _without_extra(missing: ModuleNotFoundError) -> int:
    """Say which extra to install; what else is missing is a defect."""
    if (missing.name or "").partition(".")[0] not in LIVE:
        raise missing
    sys.stderr.write(
        f"error: the package {missing.name} is not installed: pip install 'agent-metrics[live]'\n"
    )
    return CALL_AT_FAULT


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
    """Let what is still to be written go nowhere, or Python complains of it when it ends."""
    with suppress(io.UnsupportedOperation):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Parser(argparse.ArgumentParser):
    """Shows what was typed by what it is; the commands' parsers are of this class as well."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the call, and leave."""
        super().error(shown(message))


def parser() -> argparse.ArgumentParser:
    """Describe all commands."""
    top = _Parser(
        prog="agent-metrics",
        description="Agent metrics as code: YAML specs become Prometheus rules and Grafana dashboards.",
        epilog="Exit status: 0 clean, 1 a spec is at fault, 2 the call is, 130 interrupted.",
    )
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    # Told the program's name it lays out no usage to find it, which would import every way to compress a file.
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", prog=top.prog)
    _generate(commands)
    _check(commands)
    _cardinality(commands)
    _explain(commands)
    _schema(commands)
    _init(commands)
    _apply(commands)
    _simulate(commands)
    _replay(commands)
    _audit(commands)
    _demo(commands)
    return top


Commands = argparse._SubParsersAction  # noqa: SLF001 - argparse gives its type no public name


def _generate(commands: Commands[_Parser]) -> None:
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
    generate.add_argument(
        "--no-cache",
        action="store_true",
        help="compile everything anew; otherwise what has not changed since the last time is used again "
        "(from $XDG_CACHE_HOME/agent-metrics)",
    )


def _check(commands: Commands[_Parser]) -> None:
    check = commands.add_parser(
        "check",
        help="check the specs and write nothing",
        description="Check the specs: schema, references, units, cardinality, the checklist of agent metrics.",
    )
    _specs(check)
    check.add_argument("--format", choices=FORMATS, default="text", help="default: text")


def _cardinality(commands: Commands[_Parser]) -> None:
    cardinality = commands.add_parser(
        "cardinality",
        help="show how many series the specs allow",
        description="Show the bound of series of each metric, and what it costs Prometheus.",
    )
    _specs(cardinality)
    cardinality.add_argument(
        "--format", choices=("text", "markdown", "json"), default="text", help="default: text"
    )


def _explain(commands: Commands[_Parser]) -> None:
    explain = commands.add_parser(
        "explain",
        help="explain a code of a message",
        description="Explain a code such as cardinality/forbidden-label; without one, list them all.",
    )
    explain.add_argument("code", nargs="?", metavar="CODE")


def _schema(commands: Commands[_Parser]) -> None:
    schema = commands.add_parser(
        "schema",
        help="print a JSON Schema, or write them all",
        description="Print the JSON Schema of a kind of file, or write them all for an editor to use.",
    )
    schema.add_argument("kind", nargs="?", choices=KINDS, metavar="KIND", help=", ".join(KINDS))
    schema.add_argument("-o", "--output", type=Path, metavar="DIR", help="write all schemas there")


def _init(commands: Commands[_Parser]) -> None:
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
    init.add_argument(
        "--profile", metavar="NAME", help="write no service, but a copy of a shipped profile, to change it"
    )


def _apply(commands: Commands[_Parser]) -> None:
    apply = commands.add_parser(
        "apply",
        help="bring output/ to a Grafana and a Prometheus",
        description="Bring the generated dashboards to a Grafana, and have a Prometheus reload its rules. Only what "
        "differs is written, and never a dashboard that agent-metrics did not make.",
        epilog="Tokens are read from the environment: AGENT_METRICS_GRAFANA_TOKEN, AGENT_METRICS_PROMETHEUS_TOKEN, "
        "or ..._USER and ..._PASSWORD.",
    )
    apply.add_argument(
        "-o", "--output", type=Path, default=Path("output"), metavar="DIR", help="default: output"
    )
    apply.add_argument("--grafana", metavar="URL", help="save the dashboards there")
    apply.add_argument("--prometheus", metavar="URL", help="reload it, and see that it runs the rules")
    apply.add_argument("--dry-run", action="store_true", help="only show what would change")
    apply.add_argument(
        "--folder",
        default="agent-metrics",
        metavar="UID",
        help="the uid of Grafana's folder, which is created if need be; default: agent-metrics",
    )
    apply.add_argument(
        "--prune", action="store_true", help="delete dashboards of ours that are no longer generated"
    )
    apply.add_argument(
        "--wait",
        type=float,
        metavar="SECONDS",
        help="for Prometheus's first evaluation of the rules; default: their interval and 30",
    )
    _timeout(apply, "1m")


def _simulate(commands: Commands[_Parser]) -> None:
    simulate = commands.add_parser(
        "simulate",
        help="invent a history with incidents in it",
        description="Invent the history of a service's fleet, and write it into a Prometheus or a file.",
        epilog="Credentials are read from the environment: AGENT_METRICS_PROMETHEUS_TOKEN, or ..._USER and "
        "..._PASSWORD.",
    )
    _specs(simulate)
    simulate.add_argument("--service", metavar="NAME", help="whose; needed where the specs hold several")
    _span(simulate)
    simulate.add_argument(
        "--incident",
        action="append",
        default=[],
        metavar="NAME[@START[+DURATION]]",
        help="what goes wrong, and when: tool-outage@2h+30m, or @2026-03-21T09:00Z; may be repeated. "
        "Names: tool-outage, success-drop-after-release, token-growth-after-release, tool-spam-loop, "
        "latency-creep, limit-reached, cost-explosion, unpriced-model, exporter-gone, "
        "undeclared-label-value, night-low, rolling-restart",
    )
    simulate.add_argument(
        "--seed", type=int, default=1, metavar="N", help="the same seed, the same bytes; default: 1"
    )
    target = simulate.add_mutually_exclusive_group(required=True)
    target.add_argument("--prometheus", metavar="URL", help="write into this server, by remote write")
    target.add_argument("--openmetrics", type=Path, metavar="FILE", help="write OpenMetrics text")
    simulate.add_argument(
        "--record", action="store_true", help="evaluate the recording rules over it as well"
    )
    simulate.add_argument(
        "--add", action="store_true", help="write even where the server has series of the service already"
    )
    simulate.add_argument("--truth", type=Path, metavar="FILE", help="write what happened when, as JSON")
    _timeout(simulate, "1m")


def _replay(commands: Commands[_Parser]) -> None:
    replay = commands.add_parser(
        "replay",
        help="show what the alerts would have done",
        description="Run the alerts over a span of a server's history, and report what would have fired. The server "
        "is only read.",
        epilog="Credentials are read from the environment: AGENT_METRICS_PROMETHEUS_TOKEN, or ..._USER and "
        "..._PASSWORD.",
    )
    _specs(replay)
    replay.add_argument("--prometheus", metavar="URL", required=True, help="any server with Prometheus's API")
    _span(replay)
    replay.add_argument(
        "--service", action="append", default=[], metavar="NAME", help="only its alerts; may be repeated"
    )
    replay.add_argument(
        "--alert", action="append", default=[], metavar="NAME", help="only this alert; may be repeated"
    )
    replay.add_argument(
        "--records",
        choices=("auto", "read", "inlined"),
        default="auto",
        help="read the server's recorded series, or compute them from its raw series in a Prometheus of our own; "
        "default: auto, which reads them where there are any",
    )
    replay.add_argument("--truth", type=Path, metavar="FILE", help="judge by what simulate --truth wrote")
    replay.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    replay.add_argument("--html", type=Path, metavar="FILE", help="write a page with a timeline as well")
    replay.add_argument(
        "--step", metavar="DURATION", help="between evaluations; default: the rules' interval"
    )
    replay.add_argument(
        "--resume",
        type=Path,
        metavar="FILE",
        help="keep answers there, and go on after a stop; removed at the end",
    )
    replay.add_argument(
        "--points", type=int, default=1500, metavar="N", help="steps a request at most; default: 1500"
    )
    replay.add_argument(
        "--concurrency", type=int, default=2, metavar="N", help="requests at once; default: 2"
    )
    replay.add_argument(
        "--max-samples",
        type=int,
        default=50_000_000,
        metavar="N",
        help="raw samples at most; default: 50000000",
    )
    _timeout(replay, "1m")


def _audit(commands: Commands[_Parser]) -> None:
    audit = commands.add_parser(
        "audit",
        help="compare a running system with its spec",
        description="Hold what a running service exposes against its spec: metrics, types, units, buckets, labels, "
        "values, and numbers of series. Nothing is changed.",
        epilog="Credentials are read from the environment: AGENT_METRICS_PROMETHEUS_TOKEN, or ..._USER and "
        "..._PASSWORD; for the URL of an exposition AGENT_METRICS_EXPOSITION_TOKEN and so on. Exit status: 0 the spec "
        "is true, 1 it is not, 2 the call or the server is at fault, 130 interrupted.",
    )
    _specs(audit)
    audit.add_argument("--service", metavar="NAME", help="only this one; an exposition is of one service")
    source = audit.add_mutually_exclusive_group(required=True)
    source.add_argument("--prometheus", metavar="URL", help="what this server has scraped from all instances")
    source.add_argument(
        "--exposition", metavar="FILE|URL", help="what one instance exposes: Prometheus text or OpenMetrics"
    )
    audit.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    _timeout(audit, "30s")


def _demo(commands: Commands[_Parser]) -> None:
    demo = commands.add_parser(
        "demo",
        help="watch a service at work, with incidents to switch on",
        description="Run agents that the generated module measures, a Prometheus with the generated rules that "
        "watches them, an invented history behind them, and where they can be had an Alertmanager and a Grafana with "
        "the generated dashboards. Nothing is left when it ends.",
    )
    _specs(demo)
    demo.add_argument("--service", metavar="NAME", help="whose agents; default: the one with most alerts")
    demo.add_argument(
        "--incident", action="append", default=[], metavar="NAME", help="begin with it; may be repeated"
    )
    demo.add_argument("--last", default="1d", metavar="DURATION", help="the history behind it; default: 1d")
    demo.add_argument(
        "--port", type=int, default=0, metavar="PORT", help="of the Prometheus; default: any that is free"
    )
    demo.add_argument(
        "--no-grafana",
        dest="grafana",
        action="store_false",
        help="start no Grafana; otherwise one is, in a container, where Docker is",
    )
    _timeout(demo, "1m", "for the start of a server, and for each of its answers")


def _span(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--last", metavar="DURATION", help="the span: this long until --to or now, such as 6h"
    )
    command.add_argument(
        "--from", dest="from_", metavar="TIME", help="the span's start, such as 2026-03-21T09:00Z"
    )
    command.add_argument("--to", metavar="TIME", help="its end; default: now")


def _timeout(
    command: argparse.ArgumentParser, default: str, purpose: str = "for one whole answer of a server"
) -> None:
    command.add_argument(
        "--timeout", default=default, metavar="DURATION", help=f"{purpose}; default: {default}"
    )


def _specs(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "specs", nargs="?", type=Path, default=Path("specs"), metavar="SPECS", help="default: specs"
    )
