"""``apply``: bring what was generated to a running Grafana and a running Prometheus."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from typing import TYPE_CHECKING

from generator.apply.generated import read_output
from generator.apply.grafana_api import connect_grafana
from generator.apply.prometheus_api import connect_prometheus
from generator.apply.to_grafana import Options, apply_to_grafana
from generator.apply.to_prometheus import Waiting, apply_to_prometheus
from generator.commands.call_error import CallError
from generator.commands.exit_codes import CALL_AT_FAULT, OK
from generator.commands.servers import identified
from generator.commands.span import length
from generator.commands.terminal import complain
from generator.live.errors import LiveError
from generator.output.errors import OutputError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from generator.apply.generated import Generated

    Target = Callable[[argparse.Namespace, Generated], None]


def run(arguments: argparse.Namespace) -> int:
    """Apply to each server that is named, the one whatever becomes of the other."""
    if arguments.grafana is None and arguments.prometheus is None:
        complain("there is nowhere to apply to", "name a server with --grafana URL, --prometheus URL or both")
        return CALL_AT_FAULT
    try:
        generated = read_output(arguments.output)
    except OutputError as problem:
        complain(problem.message, problem.help)
        return CALL_AT_FAULT
    targets = ((arguments.grafana, _grafana), (arguments.prometheus, _prometheus))
    codes = [_attempted(target, arguments, generated) for url, target in targets if url is not None]
    return max(codes)


def _attempted(target: Target, arguments: argparse.Namespace, generated: Generated) -> int:
    try:
        target(arguments, generated)
    except (CallError, LiveError) as problem:
        complain(str(problem), problem.help)
        return CALL_AT_FAULT
    return OK


def _grafana(arguments: argparse.Namespace, generated: Generated) -> None:
    who, url = identified(arguments.grafana, "GRAFANA")
    options = Options(folder=arguments.folder, dry_run=arguments.dry_run, prune=arguments.prune)
    with closing(connect_grafana(url, who, timeout=length(arguments.timeout))) as api:
        apply_to_grafana(api, generated, options, _say)


def _prometheus(arguments: argparse.Namespace, generated: Generated) -> None:
    who, url = identified(arguments.prometheus, "PROMETHEUS")
    waiting = Waiting(seconds=arguments.wait)
    with closing(connect_prometheus(url, who, timeout=length(arguments.timeout))) as server:
        apply_to_prometheus(server, generated, _say, dry_run=arguments.dry_run, waiting=waiting)


def _say(line: str) -> None:
    """Write a line at once; a reader that went away stops nothing half-way."""
    try:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
