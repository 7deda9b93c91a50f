"""``demo``: a service at work, watched by a real Prometheus, with incidents that the user switches on and off."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from generator.commands import options
from generator.commands.call import OK, CallError
from generator.commands.compiling import on_specs, service_named
from generator.commands.terminal import ProgressLine, complain
from generator.commands.values import length
from generator.demo.stage import Stage, StageOptions, open_stage
from generator.demo.watch import Watching
from generator.demo.work import demo_incidents
from generator.diagnostics.wording import did_you_mean, printable
from generator.instrumentation.events import blocks_of
from generator.model import names
from generator.model.names import DASHBOARDS, SERVICE
from generator.prometheus.alertmanager import routing
from generator.streams.raw import as_classic
from generator.streams.roles import Event

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator
    from types import FrameType

    from generator.compiler import Compilation
    from generator.model.service import Model, Service

_HELP = frozenset({"help", "?"})
_END = frozenset({"quit", "exit", "q"})
#: The largest number of services to name when none can be shown.
_EXAMPLES = 3


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.description = (
        "Run agents that the generated module measures, or that are exposed as the source of their profile does, a "
        "Prometheus with the generated rules that watches them, an invented history behind them, and, if they can run "
        "here, an Alertmanager and a Grafana with the generated dashboards. Nothing is left when it ends."
    )
    options.add_specs(parser)
    parser.add_argument(
        "--service", metavar="NAME", help="the service of the agents; default: the one with most alerts"
    )
    parser.add_argument(
        "--incident",
        action="append",
        default=[],
        metavar="NAME",
        help="an incident to begin with; may be repeated",
    )
    parser.add_argument(
        "--last", default="1d", metavar="DURATION", help="the length of the invented history; default: 1d"
    )
    parser.add_argument(
        "--port",
        type=options.port,
        default=0,
        metavar="PORT",
        help="the port of Prometheus; default: any that is free",
    )
    parser.add_argument(
        "--no-grafana",
        dest="grafana",
        action="store_false",
        help="start no Grafana; otherwise one runs in a container, if Docker is installed",
    )
    options.add_timeout(parser, "1m", "for the start of a server, and for each of its answers")


def run(arguments: argparse.Namespace) -> int:
    """Set everything up, print the addresses, and go on until Ctrl-C, SIGTERM or the end of the terminal."""

    def shown_to_the_end(model: Model, _found: Compilation) -> int:
        _show(arguments, model)
        return OK

    return on_specs(arguments.specs, shown_to_the_end)


def _show(arguments: argparse.Namespace, model: Model) -> None:
    service = as_classic(_service(arguments.service, model))
    for name in arguments.incident:
        _check(name, demo_incidents(service))
    wanted = StageOptions(
        service,
        model,
        length(arguments.last),
        arguments.port,
        arguments.grafana,
        length(arguments.timeout),
    )
    with _until_ended() as ended, ExitStack() as opened:
        with ProgressLine(sys.stderr) as line:
            stage = opened.enter_context(open_stage(wanted, _unless(ended, line.show)))
        _write_lines("".join(_welcome(service, stage)).rstrip())
        for name in arguments.incident:
            _toggle(name, stage)
        opened.enter_context(Watching(stage.prometheus, routing(service), _write_lines))
        threading.Thread(target=_listen, args=(stage,), daemon=True).start()
        ended.wait()


@contextmanager
def _until_ended() -> Iterator[threading.Event]:
    """Yield an event that Ctrl-C, SIGTERM and a closed terminal set; a set-up that reports progress ends by it.

    A signal raises no exception where it arrives: one between the start of a server and the registration of its end
    would leave the server behind.
    """
    ended = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        ended.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield ended
    except KeyboardInterrupt:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _unless(
    ended: threading.Event, progress: Callable[[str, int, int], None]
) -> Callable[[str, int, int], None]:
    """Report progress, unless the demo is to end."""

    def report(title: str, done: int, total: int) -> None:
        if ended.is_set():
            raise KeyboardInterrupt
        progress(title, done, total)

    return report


def _service(name: str | None, model: Model) -> Service:
    candidates = model.services if name is None else (service_named(name, model),)
    if fit := [service for service in candidates if not unfit(service)]:
        # The one with the most alerts to see.
        return max(fit, key=lambda service: (len(service.alerts), service.name))
    why = "; ".join(f"{service.name}: {unfit(service)}" for service in candidates[:_EXAMPLES])
    raise CallError(
        f"the demo cannot show {why}",
        "it shows services with the metrics of the profile agent, and those that others measure",
    )


def _welcome(service: Service, stage: Stage) -> Iterator[str]:
    overview = f"/d/{DASHBOARDS['overview']}"
    if stage.boards.url:
        overview += f"?var-{SERVICE}={service.name}"
    yield f"{service.name} is at work:\n"
    yield f"  dashboards    {stage.dashboards}{overview}\n"
    if not stage.boards.url:
        yield f"                drawn by the demo itself; no Grafana: {printable(stage.boards.missing)}\n"
    yield f"  alerts        {stage.prometheus.url}/alerts\n"
    yield f"  metrics       {', '.join(f'http://{address}/metrics' for address in stage.instances)}\n"
    where = stage.alertmanager or "none on this machine: apt-get install prometheus-alertmanager"
    yield f"  Alertmanager  {where}\n"
    yield "Type the name of an incident to begin it, and again to end it. Type help to see what finds each.\n"
    yield f"  {', '.join(stage.switches.known)}\n"
    yield "Alerts are shown here as they happen. Ctrl-C ends all.\n"


def _listen(stage: Stage) -> None:
    """Carry out the typed commands: switch an incident, or show the help."""
    for line in sys.stdin:
        word = line.strip()
        if word in _HELP:
            _write_lines("\n".join(_helped(stage)))
        elif word in _END:
            os.kill(os.getpid(), signal.SIGTERM)
        elif word:
            try:
                _toggle(word, stage)
            except CallError as problem:
                complain(str(problem), problem.help)


def _helped(stage: Stage) -> Iterator[str]:
    """List the incidents, with the alerts that detect them and the incidents that are on."""
    known = stage.switches.known
    width = max(map(len, known))
    yield "Type one of these to begin it, and again to end it:"
    for name, effect in known.items():
        now = " (now)" if name in stage.switches.on else ""
        yield f"  {name:<{width}}  {', '.join(effect.alerts) or 'no alert, as it should be'}{now}"
    yield "help shows this again; quit or Ctrl-C ends the demo."


def _check(name: str, known: Iterable[str]) -> None:
    if name not in known:
        raise CallError(f'there is no incident "{name}" to show', did_you_mean(name, known, "incidents"))


def _toggle(name: str, stage: Stage) -> None:
    _check(name, stage.switches.known)
    begun = stage.switches.toggle(name)
    if begun is None:
        _write_lines(f"{name} has ended")
    else:
        release = f", with release {begun.release}" if begun.release else ""
        alerts = ", ".join(begun.effect.alerts) or "no alert"
        _write_lines(f"{name} has begun{release}: wait for {alerts}")


def _write_lines(text: str) -> None:
    """Write lines as a whole, and at once; several threads do."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def unfit(service: Service) -> str:
    """Return the reason why a service cannot be shown; empty when it can."""
    return next(_lacks(service), "")


def _lacks(service: Service) -> Iterator[str]:
    if not service.emitted_here:
        return  # the demo exposes what their source would
    blocks = blocks_of(service)
    for what, block, labels in (
        ("runs", blocks.run, 0),
        ("tool calls", blocks.tool, 1),
        ("LLM steps", blocks.llm, 1),
    ):
        if block is None:
            yield f"it measures no {what}"
        elif len(block.given) != labels:
            yield f"its {what} are counted by {' and '.join(block.given) or 'nothing'}"
    if blocks.constant != (names.RELEASE,):
        yield f"its runs have {' and '.join(blocks.constant) or 'nothing'} for a release"
    if not (blocks.run and blocks.run.cause):
        yield "its runs do not say why they ended"
    if not (blocks.llm and Event.TOKENS in {fed.event for fed in blocks.llm.metrics}):
        yield "it counts no tokens"
