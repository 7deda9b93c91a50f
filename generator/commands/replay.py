"""``replay``: what the alerts would have done over a span of history, asked of a server that is only read."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec import Struct

from generator import __version__
from generator.commands import options
from generator.commands.call import OK, SPEC_AT_FAULT, CallError
from generator.commands.incidents import incidents_of
from generator.commands.on_specs import check_known, on_specs
from generator.commands.replacing import replacing
from generator.commands.terminal import ProgressLine, show
from generator.commands.values import Span, length, prometheus, span
from generator.live.api import MAX_POINTS
from generator.prometheus.rule_set import alerting_by_service, rule_set
from generator.replay.errors import ReplayError
from generator.replay.jobs import Crew
from generator.replay.replay import Order, Records, replay
from generator.replay.report import report
from generator.replay.resume import Forgetful, parts_file
from generator.replay.subject import subject
from generator.replay.truth import check_truth

if TYPE_CHECKING:
    import argparse
    from collections.abc import Collection, Iterable

    from generator.compiler import Compilation
    from generator.model.incidents import Incidents
    from generator.model.service import Model
    from generator.replay.jobs import Progress
    from generator.replay.report import Report
    from generator.replay.resume import Parts
    from generator.replay.subject import Subject


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
        "--truth",
        type=options.path,
        metavar="FILE",
        help="judge by a list of incidents, such as specs/incidents.yaml, or what simulate --truth wrote",
    )
    parser.add_argument(
        "--format", choices=("text", "json", "markdown"), default="text", help="default: text"
    )
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

    def replayed(model: Model, _found: Compilation) -> int:
        truth = incidents_of(arguments.truth, model) if arguments.truth else None
        if truth and truth.failed:
            show(truth.found, sys.stderr, notes=False)
            return SPEC_AT_FAULT
        sys.stdout.writelines(_replayed(arguments, model, truth.incidents if truth else None))
        return OK

    return on_specs(arguments.specs, replayed)


def _replayed(arguments: argparse.Namespace, model: Model, truth: Incidents | None) -> Iterable[str]:
    try:
        found = _report(arguments, model, truth)
    except ReplayError as problem:
        raise CallError(problem.message, problem.help) from problem
    return _shown(found, arguments.format)


def _report(arguments: argparse.Namespace, model: Model, truth: Incidents | None) -> Report:
    """Replay and judge; what is wrong with the call is found out before a server is asked."""
    with ExitStack() as opened:
        page = opened.enter_context(replacing(arguments.html)) if arguments.html else None
        line = opened.enter_context(ProgressLine(sys.stderr))
        call = asked(arguments, model, truth, line.show, opened)
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
    if format_ == "markdown":
        from generator.replay.as_markdown import as_markdown  # noqa: PLC0415

        return [as_markdown(found)]
    from generator.replay.as_text import as_text  # noqa: PLC0415

    return (f"{line}\n" for line in as_text(found))


_MOST_REQUESTS = 16


class Call(Struct, frozen=True):
    """What to replay, on which server, and what is known to have happened."""

    order: Order
    crew: Crew
    truth: Incidents | None


def asked(
    arguments: argparse.Namespace,
    model: Model,
    truth: Incidents | None,
    progress: Progress,
    opened: ExitStack,
) -> Call:
    """Understand a call; the file of ``--resume`` stays open with ``opened``.

    Raises:
        CallError: the call contradicts itself or the specs.
        ReplayError: a truth file or a file to resume from is of something else.
        LiveError: the address is none, or the recording rules cannot be ordered.
    """
    _check_limits(arguments)
    apis = tuple(prometheus(arguments.prometheus, arguments.timeout) for _ in range(arguments.concurrency))
    about, within = _subject(arguments, model), span(arguments)
    parts, within = _parts(arguments, about, within, apis[0].url, opened)
    if truth:
        check_truth(truth, about.services, within.start, within.end)
    order = Order(
        about,
        model.site,
        within.start,
        within.end,
        Records(arguments.records),
        arguments.points,
        arguments.max_samples,
    )
    return Call(order, Crew(apis, parts, progress), truth)


def _check_limits(arguments: argparse.Namespace) -> None:
    bounds = (("points", MAX_POINTS), ("concurrency", _MOST_REQUESTS), ("max_samples", 10**12))
    for name, most in bounds:
        if not 1 <= getattr(arguments, name) <= most:
            option = f"--{name.replace('_', '-')}"
            raise CallError(f"{option} is from 1 to {most}, not {getattr(arguments, name)}")


def _subject(arguments: argparse.Namespace, model: Model) -> Subject:
    known = {one.name: one for one in model.services}
    services = [known[name] for name in _known(arguments.service, known, "service") or known]
    step = None if arguments.step is None else int(length(arguments.step))
    alerting = alerting_by_service(services, model.library, model.site)
    recording = rule_set(services, model.library, model.site).groups
    names = {one.rule.alert for one in subject(alerting, ()).rules}
    return subject(alerting, recording, _known(arguments.alert, names, "alert"), step)


def _known(asked_for: list[str], there: Collection[str], what: str) -> tuple[str, ...]:
    for name in asked_for:
        check_known(name, there, what)
    return tuple(dict.fromkeys(asked_for))


def _parts(
    arguments: argparse.Namespace, about: Subject, within: Span, url: str, opened: ExitStack
) -> tuple[Parts, Span]:
    """Open the file to resume from; what was asked for as the last week stays the same week in it."""
    if not arguments.resume:
        return Forgetful(), within
    parts = opened.enter_context(parts_file(arguments.resume, _fingerprint(arguments, about, within, url)))
    kept = parts.get("span")
    if kept is None:
        parts.put("span", json.dumps([within.start, within.end]))
        return parts, within
    return parts, Span(*json.loads(kept))


def _fingerprint(arguments: argparse.Namespace, about: Subject, within: Span, url: str) -> str:
    moving = arguments.to is None
    asked_for = [arguments.last, arguments.from_, None if moving else within.end]
    limits = [arguments.records, arguments.points, arguments.max_samples]
    # What rules are is told by their text: frozen values, and dicts in the order of their rules.
    told = [__version__, url, asked_for, limits, repr(about)]
    return sha256(json.dumps(told).encode()).hexdigest()
