"""``simulate``: an invented history of a service, into a Prometheus or a file, and what really happened in it."""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from generator.commands import options
from generator.commands.call_error import CallError
from generator.commands.exit_codes import OK
from generator.commands.on_specs import named, on_specs
from generator.commands.progress import ProgressLine
from generator.commands.replacing import replacing
from generator.commands.simulate_incidents import wanted
from generator.commands.simulate_targets import Job, to_file, to_server
from generator.commands.span import span, written
from generator.diagnostics.printable import printable
from generator.simulate.incidents import names
from generator.simulate.staging import staged

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

    from generator.compiler import Compilation
    from generator.model.service import Model, Service
    from generator.simulate.truth import Truth


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.description = "Invent the history of a service's fleet, and write it into a Prometheus or a file."
    parser.epilog = (
        "Credentials are read from the environment: AGENT_METRICS_PROMETHEUS_TOKEN, or ..._USER and "
        "..._PASSWORD."
    )
    options.specs(parser)
    parser.add_argument("--service", metavar="NAME", help="whose; needed where the specs hold several")
    options.span(parser)
    parser.add_argument(
        "--incident",
        action="append",
        default=[],
        metavar="NAME[@START[+DURATION]]",
        help="what goes wrong, and when: tool-outage@2h+30m, or @2026-03-21T09:00Z; may be repeated. "
        f"Names: {', '.join(names())}",
    )
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="the same seed, the same bytes; default: 1"
    )
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--prometheus", metavar="URL", help="write into this server, by remote write")
    target.add_argument("--openmetrics", type=options.path, metavar="FILE", help="write OpenMetrics text")
    parser.add_argument("--record", action="store_true", help="evaluate the recording rules over it as well")
    parser.add_argument(
        "--add", action="store_true", help="write even where the server has series of the service already"
    )
    parser.add_argument(
        "--truth", type=options.path, metavar="FILE", help="write what happened when, as JSON"
    )
    options.timeout(parser, "1m")


def run(arguments: argparse.Namespace) -> int:
    """Simulate; nothing is written before the whole call is understood."""

    def simulated(model: Model, _found: Compilation) -> int:
        sys.stdout.writelines(_simulate(arguments, model))
        return OK

    return on_specs(arguments.specs, simulated)


def _simulate(arguments: argparse.Namespace, model: Model) -> Iterator[str]:
    if arguments.record and not arguments.prometheus:
        raise CallError("--record writes into a server", "name it: --prometheus http://localhost:9090")
    if arguments.openmetrics and arguments.truth and _same(arguments.openmetrics, arguments.truth):
        raise CallError("--openmetrics and --truth name the same file", "name another one")
    service, within = _service(arguments.service, model), span(arguments)
    incidents = [wanted(text, service, within) for text in arguments.incident]
    scenario = staged(service, within.start, within.end, incidents, seed=arguments.seed)
    with ExitStack() as opened:
        line = opened.enter_context(ProgressLine(sys.stderr))
        # A place that cannot be written to is found out before the work.
        key = opened.enter_context(replacing(arguments.truth)) if arguments.truth else None
        job = Job(service, model.site, scenario, line)
        if arguments.openmetrics:
            said, truth = to_file(job, arguments.openmetrics)
        else:
            from generator.commands.servers import prometheus  # noqa: PLC0415 - urllib3 is an extra

            api = prometheus(arguments.prometheus, arguments.timeout)
            said, truth = to_server(job, api, record=arguments.record, add=arguments.add)
        if key:
            key.write([json.dumps(truth.to_json(), indent=2), "\n"])
    yield f"{printable(said)}\n"
    yield from _summary(truth)


def _same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _service(name: str | None, model: Model) -> Service:
    if name is not None:
        return named(name, model)
    if len(model.services) == 1:
        return model.services[0]
    names = " or ".join(service.name for service in model.services)
    raise CallError("say which service to simulate", f"--service {names}")


def _summary(truth: Truth) -> Iterator[str]:
    yield f"{truth.service} from {written(truth.start)} to {written(truth.end)}, seed {truth.seed}\n"
    happened = [(rollout.at, f"release {rollout.release}") for rollout in truth.rollouts]
    for one in truth.incidents:
        found_by = ", ".join(one.effect.alerts) or "no alert"
        happened.append((one.start, f"{one.effect.name} until {written(one.end)}, for {found_by}"))
    yield from (f"  {written(at)}  {what}\n" for at, what in sorted(happened))
