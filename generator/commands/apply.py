"""``apply``: bring the generated files to a running Grafana, Prometheus or ruler."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

from generator.apply.generated import Generated, read_output
from generator.apply.grafana_api import GrafanaApi, connect_grafana
from generator.apply.to_grafana import Options, apply_to_grafana
from generator.apply.to_prometheus import Waiting, apply_to_prometheus
from generator.apply.to_ruler import RulerApi, apply_to_ruler, connect_ruler
from generator.commands import options
from generator.commands.call import CALL_AT_FAULT, OK, CallError
from generator.commands.terminal import complain
from generator.commands.values import identified, length
from generator.live.api import PrometheusApi, connect
from generator.live.errors import LiveError
from generator.model.names import GRAFANA_FOLDER_UID

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Mapping

    Target = Callable[[argparse.Namespace, Generated], None]


_NAMES = {"grafana": "Grafana", "prometheus": "Prometheus", "ruler": "ruler"}
#: Options with what they are where nothing is said, and the servers that they are about.
_OF_SERVERS: Mapping[str, tuple[object, tuple[str, ...]]] = {
    "folder": (GRAFANA_FOLDER_UID, ("grafana",)),
    "tenant": ("", ("ruler",)),
    "wait": (None, ("prometheus",)),
    "prune": (False, ("grafana", "ruler")),
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.description = (
        "Bring the generated dashboards to a Grafana and the rules to a ruler (Mimir, Cortex, Grafana Cloud), and "
        "have a Prometheus reload its rules. Only what differs is written, and never a dashboard or a rule group "
        "that agent-metrics did not make."
    )
    parser.epilog = (
        "Tokens are read from the environment: AGENT_METRICS_GRAFANA_TOKEN, AGENT_METRICS_PROMETHEUS_TOKEN, "
        "AGENT_METRICS_RULER_TOKEN, or ..._USER and ..._PASSWORD."
    )
    options.add_output(parser)
    _add_servers(parser)
    parser.add_argument("--dry-run", action="store_true", help="show what would change, and write nothing")
    parser.add_argument(
        "--prune",
        action="store_true",
        help="delete dashboards, and rule groups of services, that agent-metrics made and no longer generates",
    )
    parser.add_argument(
        "--wait",
        type=options.waiting_time,
        metavar="DURATION",
        help="the longest time to wait until Prometheus has evaluated the rules; default: their interval and 30 "
        "seconds, without groups that are evaluated less often than every 10 minutes",
    )
    options.add_timeout(parser, "1m")


def _add_servers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--grafana", metavar="URL", help="save the dashboards there")
    parser.add_argument(
        "--folder",
        default=GRAFANA_FOLDER_UID,
        metavar="UID",
        help=f"the uid of Grafana's folder, which is created if need be; default: {GRAFANA_FOLDER_UID}",
    )
    parser.add_argument(
        "--prometheus", metavar="URL", help="reload this server, and check that it runs the rules"
    )
    parser.add_argument(
        "--ruler",
        metavar="URL",
        help="write the rule groups of output/mimir there (site.yaml: deliver.mimir)",
    )
    parser.add_argument(
        "--tenant", default="", metavar="ID", help="the tenant of the ruler (X-Scope-OrgID); default: none"
    )


def run(arguments: argparse.Namespace) -> int:
    """Apply to each named server, even when another one fails."""
    if arguments.grafana is None and arguments.prometheus is None and arguments.ruler is None:
        raise CallError(
            "there is nowhere to apply to", "name servers with --grafana URL, --prometheus URL or --ruler URL"
        )
    _check_options(arguments)
    generated = read_output(arguments.output)
    targets = tuple(_targets(arguments))
    return max(_attempted(target, arguments, generated) for target in targets)


def _check_options(arguments: argparse.Namespace) -> None:
    """Check that each option has a server that it is about.

    Raises:
        CallError: one of them would have no effect.
    """
    for option, (unsaid, servers) in _OF_SERVERS.items():
        if vars(arguments)[option] != unsaid and all(vars(arguments)[server] is None for server in servers):
            kinds = " or ".join(f"a {_NAMES[server]}" for server in servers)
            urls = " or ".join(f"--{server} URL" for server in servers)
            message = f"--{option} is for {kinds}, and none is named"
            raise CallError(message, f"add {urls}, or leave it out")


def _targets(arguments: argparse.Namespace) -> Iterator[Target]:
    """Connect to the named servers; nothing is sent before the whole call is valid."""
    timeout = length(arguments.timeout)
    if arguments.grafana is not None:
        who, url = identified(arguments.grafana, "GRAFANA")
        yield partial(_grafana, connect_grafana(url, who, timeout=timeout))
    if arguments.prometheus is not None:
        who, url = identified(arguments.prometheus, "PROMETHEUS")
        yield partial(_prometheus, connect(url, timeout=timeout, credentials=who))
    if arguments.ruler is not None:
        who, url = identified(arguments.ruler, "RULER")
        yield partial(_ruler, connect_ruler(url, who, tenant=arguments.tenant, timeout=timeout))


def _attempted(target: Target, arguments: argparse.Namespace, generated: Generated) -> int:
    try:
        target(arguments, generated)
    except LiveError as problem:
        complain(problem.message, problem.help, problem.lines)
        return CALL_AT_FAULT
    return OK


def _grafana(server: GrafanaApi, arguments: argparse.Namespace, generated: Generated) -> None:
    options_ = Options(folder=arguments.folder, dry_run=arguments.dry_run, prune=arguments.prune)
    with closing(server):
        apply_to_grafana(server, generated, options_, _write_line)


def _prometheus(server: PrometheusApi, arguments: argparse.Namespace, generated: Generated) -> None:
    waiting = Waiting(seconds=arguments.wait)
    with closing(server):
        apply_to_prometheus(server, generated, _write_line, dry_run=arguments.dry_run, waiting=waiting)


def _ruler(server: RulerApi, arguments: argparse.Namespace, generated: Generated) -> None:
    with closing(server):
        apply_to_ruler(server, generated, _write_line, dry_run=arguments.dry_run, prune=arguments.prune)


def _write_line(line: str) -> None:
    """Write a line at once; a closed pipe does not stop the command half-way."""
    try:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
