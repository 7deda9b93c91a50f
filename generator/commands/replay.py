"""``replay``: the past behaviour of the alerts over a span of history, from a server that is only read."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from msgspec import Struct

from generator import __version__
from generator.commands import options
from generator.commands.call import OK, SPEC_AT_FAULT, CallError
from generator.commands.compiling import check_known, on_specs
from generator.commands.earlier import OLD, earlier_specs
from generator.commands.replacing import Replacement, check_no_spec, replacing
from generator.commands.terminal import ProgressLine, show
from generator.commands.values import TimeSpan, length, prometheus, span
from generator.compiler import Compilation
from generator.diagnostics import has_errors
from generator.live.api import MAX_POINTS
from generator.prometheus.rule_set import alerting_by_service, rule_set
from generator.replay import ReplayError, compare, formats
from generator.replay.compare import Comparison, compare_replays
from generator.replay.jobs import AnswerFile, WorkerPool, answer_file
from generator.replay.judge import check_truth
from generator.replay.replay import Order, RecordSource, replay
from generator.replay.report import Report, report
from generator.replay.subject import ReplaySubject, replay_subject
from generator.resolve.incidents import resolve_incidents
from generator.spec.load import load_incidents
from generator.spec.sources import read_file

if TYPE_CHECKING:
    import argparse
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from generator.live.evaluate import Progress
    from generator.model.incidents import Incidents
    from generator.model.service import Model, Service

_MOST_REQUESTS = 16


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.description = (
        "Run the alerts over a span of a server's history, and report what would have fired. The server "
        "is only read."
    )
    parser.epilog = f"{options.CREDENTIALS}."
    options.add_specs(parser)
    _add_subject(parser)
    _add_comparisons(parser)
    _add_outputs(parser)
    _add_limits(parser)


def _add_subject(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--prometheus", metavar="URL", required=True, help="any server with Prometheus's API")
    options.add_span(parser)
    parser.add_argument(
        "--service",
        action="append",
        default=[],
        metavar="NAME",
        help="replay only the alerts of this service; may be repeated",
    )
    parser.add_argument(
        "--alert", action="append", default=[], metavar="NAME", help="replay only this alert; may be repeated"
    )
    parser.add_argument(
        "--records",
        choices=("auto", "read", "inlined"),
        default="auto",
        help="read the server's recorded series, or compute them from its raw series in a Prometheus of our own; "
        "default: auto, which reads them where they reach as far back as the raw ones",
    )


def _add_comparisons(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--truth",
        type=options.path,
        metavar="FILE",
        help="judge by a list of incidents, such as specs/incidents.yaml, or what simulate --truth wrote",
    )
    parser.add_argument(
        "--compare",
        metavar="OLD",
        help=f"replay by earlier specs as well, and show what fires differently: {OLD}",
    )


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    options.add_format(parser, "text", "json", "markdown")
    parser.add_argument(
        "--html", type=options.path, metavar="FILE", help="write a page with a timeline as well"
    )


def _add_limits(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--step", metavar="DURATION", help="the time between evaluations; default: the rules' interval"
    )
    parser.add_argument(
        "--resume",
        type=options.path,
        metavar="FILE",
        help="keep the answers in this file, from which the same call goes on after a stop; removed at the end",
    )
    parser.add_argument(
        "--points", type=int, default=1500, metavar="N", help="the most steps of a request; default: 1500"
    )
    parser.add_argument(
        "--concurrency", type=int, default=2, metavar="N", help="the most requests at once; default: 2"
    )
    parser.add_argument(
        "--max-samples",
        type=int,
        default=50_000_000,
        metavar="N",
        help="the most raw samples; default: 50000000",
    )
    options.add_timeout(parser, "1m")


def options_of(*options: str) -> argparse.Namespace:
    """Parse the options of a call that comes from another command."""
    parser = ArgumentParser()
    arguments(parser)
    return parser.parse_args(options)


def run(arguments: argparse.Namespace) -> int:
    """Replay; a report is written whole or not at all."""

    def replayed(model: Model, _found: Compilation) -> int:
        truth = _incidents_of(arguments.truth, model) if arguments.truth else None
        if truth and truth.failed:
            show(truth.found)
            return SPEC_AT_FAULT
        known = truth.incidents if truth else None
        before = earlier_specs(arguments.compare, arguments.specs).model if arguments.compare else None
        if before:
            lines = replay_both(arguments, (before, model), arguments.compare, known)
        else:
            lines = _replayed(arguments, model, known)
        sys.stdout.writelines(lines)
        return OK

    return on_specs(arguments.specs, replayed)


def _replayed(arguments: argparse.Namespace, model: Model, truth: Incidents | None) -> Iterable[str]:
    """Replay and judge; errors of the call are found before the server receives a request."""
    with _opened(arguments) as (opened, page, line):
        call = _read_call(arguments, (model,), truth, line.show, opened)
        replayed = report(replay(call.orders[0], call.crew), truth)
        if page:
            from generator.replay.page import page as rendered  # noqa: PLC0415 - Jinja, for --html only

            page.write([rendered(replayed)])
    _done(arguments)
    return _shown(replayed, arguments.format)


def replay_both(
    arguments: argparse.Namespace, models: tuple[Model, Model], old: str, truth: Incidents | None
) -> Iterable[str]:
    """Replay the earlier specs and these, and return the differences.

    Raises:
        CallError: the call contradicts itself or the specs, or a file belongs to another call.
        LiveError: the server fails, or there is no Prometheus here to compute records with.
    """
    if arguments.records == RecordSource.READ:
        message = "the server has the records of one set of specs: to compare two, records are computed here for both"
        raise CallError(message, "leave out --records")
    with _opened(arguments) as (opened, page, line):
        call = _read_call(arguments, models, truth, line.show, opened)
        before, after = (report(replay(order, call.crew), truth) for order in call.orders)
        comparison = compare_replays(before, after, old)
        if page:
            from generator.replay.page import page_of_change  # noqa: PLC0415 - Jinja, for --html only

            page.write([page_of_change(comparison)])
    _done(arguments)
    return _difference(comparison, arguments.format)


@contextmanager
def _opened(arguments: argparse.Namespace) -> Iterator[tuple[ExitStack, Replacement | None, ProgressLine]]:
    """Open the page, the progress line, and the other resources; errors of a replay become errors of the call."""
    try:
        with ExitStack() as opened:
            check_no_spec(arguments.html, arguments.specs)
            page = opened.enter_context(replacing(arguments.html)) if arguments.html else None
            yield opened, page, opened.enter_context(ProgressLine(sys.stderr))
    except ReplayError as problem:
        raise CallError(problem.message, problem.help) from problem


def _done(arguments: argparse.Namespace) -> None:
    """Delete the file to resume from: the same call later means a new replay."""
    if arguments.resume:
        arguments.resume.unlink(missing_ok=True)


def _shown(report: Report, format_: str) -> Iterable[str]:
    if format_ == "json":
        return [formats.as_json(report)]
    if format_ == "markdown":
        return [formats.as_markdown(report)]
    return (f"{line}\n" for line in formats.as_text(report))


def _difference(comparison: Comparison, format_: str) -> Iterable[str]:
    if format_ == "json":
        return [compare.as_json(comparison)]
    if format_ == "markdown":
        return [compare.as_markdown(comparison)]
    return (f"{line}\n" for line in compare.as_text(comparison))


class Call(Struct, frozen=True):
    """The replays of a call, one for each of the specs, and the server."""

    orders: tuple[Order, ...]
    crew: WorkerPool


def _read_call(
    arguments: argparse.Namespace,
    models: Sequence[Model],
    truth: Incidents | None,
    progress: Progress,
    opened: ExitStack,
) -> Call:
    """Read a call; the file of ``--resume`` stays open with ``opened``.

    For two models the records are computed here, separately; raw series that both read are fetched once.

    Raises:
        CallError: the call contradicts itself or the specs.
        ReplayError: the incidents or a file to resume from belong to another call.
        LiveError: the address is invalid, or the recording rules cannot be ordered.
    """
    _check_limits(arguments)
    apis = tuple(prometheus(arguments.prometheus, arguments.timeout) for _ in range(arguments.concurrency))
    subjects, within = _subjects(arguments, models), span(arguments)
    parts, within = _parts(arguments, subjects, within, apis[0].url, opened)
    if truth:
        every = dict.fromkeys(name for about in subjects for name in about.services)
        check_truth(truth, every, within.start, within.end)
    records = RecordSource(arguments.records) if len(models) == 1 else RecordSource.INLINED
    limits = within.start, within.end, records, arguments.points, arguments.max_samples
    orders = (Order(about, model.site, *limits) for about, model in zip(subjects, models, strict=True))
    return Call(tuple(orders), WorkerPool(apis, progress, parts))


def _check_limits(arguments: argparse.Namespace) -> None:
    bounds = (("points", MAX_POINTS), ("concurrency", _MOST_REQUESTS), ("max_samples", 10**12))
    for name, most in bounds:
        if not 1 <= getattr(arguments, name) <= most:
            option = f"--{name.replace('_', '-')}"
            raise CallError(f"{option} is from 1 to {most}, not {getattr(arguments, name)}")


def _subjects(arguments: argparse.Namespace, models: Sequence[Model]) -> tuple[ReplaySubject, ...]:
    """Choose the replayed parts of each model; every named service and alert must be in one of them."""
    every = {one.name for model in models for one in model.services}
    wanted = frozenset(_known(arguments.service, every, "service")) or every
    step = None if arguments.step is None else int(length(arguments.step))
    whole = [_whole([one for one in model.services if one.name in wanted], model, step) for model in models]
    alerts = {one.rule.alert for about in whole for one in about.rules}
    chosen = _known(arguments.alert, alerts, "alert")
    return tuple(about.only(chosen) if chosen else about for about in whole)


def _whole(services: Sequence[Service], model: Model, step: int | None) -> ReplaySubject:
    recording = rule_set(services, model.library, model.site).groups
    return replay_subject(alerting_by_service(services, model.library, model.site), recording, step=step)


def _known(asked_for: list[str], there: Collection[str], what: str) -> tuple[str, ...]:
    for name in asked_for:
        check_known(name, there, what)
    return tuple(dict.fromkeys(asked_for))


def _parts(
    arguments: argparse.Namespace,
    subjects: Sequence[ReplaySubject],
    within: TimeSpan,
    url: str,
    opened: ExitStack,
) -> tuple[AnswerFile | None, TimeSpan]:
    """Open the file to resume from; a span such as the last week stays the same week in it."""
    if not arguments.resume and len(subjects) == 1:
        return None, within
    path = arguments.resume or Path(opened.enter_context(TemporaryDirectory())) / "parts"
    parts = opened.enter_context(answer_file(path, _fingerprint(arguments, subjects, within, url)))
    kept = parts.get("span")
    if kept is None:
        parts.put("span", json.dumps([within.start, within.end]))
        return parts, within
    return parts, TimeSpan(*json.loads(kept))


def _fingerprint(
    arguments: argparse.Namespace, subjects: Sequence[ReplaySubject], within: TimeSpan, url: str
) -> str:
    moving = arguments.to is None
    asked_for = [arguments.last, arguments.from_, None if moving else within.end]
    limits = [arguments.records, arguments.points, arguments.max_samples]
    # Rules are identified by their text: frozen values, and dicts in the order of their rules.
    identity = [__version__, url, asked_for, limits, repr(subjects)]
    return sha256(json.dumps(identity).encode()).hexdigest()


class Listed(Struct, frozen=True):
    """A list of incidents, with its findings; ``incidents`` is None where it has errors."""

    incidents: Incidents | None
    found: Compilation

    @property
    def failed(self) -> bool:
        """Whether the list cannot be used."""
        return has_errors(self.found.diagnostics)


def _incidents_of(path: Path, model: Model) -> Listed:
    """Read the list at ``path``, which is about services of ``model``.

    Raises:
        CallError: there is no such file.
    """
    file = read_file(path)
    if not path.is_file():
        (problem,) = file.source.diagnostics
        raise CallError(
            f"{path} cannot be read: {problem.message.removeprefix('there is ')}",
            "write it, as in incidents: [{name: search-outage, start: 2026-11-27T10:05Z, end: 2026-11-27T11:00Z}], or "
            "leave --truth out",
        )
    loaded = load_incidents(file)
    texts = {file.source.value.path: file.source.value.text} if file.source.value else {}
    if loaded.specs is None:
        return Listed(None, Compilation((), loaded.diagnostics, texts))
    own = (alert for service in model.services for alert in service.alerts)
    alerts = {alert.name for alert in (*model.library.alerts, *own)}
    resolved = resolve_incidents(loaded.specs, [one.name for one in model.services], alerts)
    return Listed(resolved.value, Compilation((), (*loaded.diagnostics, *resolved.diagnostics), texts))
