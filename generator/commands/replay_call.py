"""What a call of ``replay`` asks for, checked before any server is."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec import Struct

from generator import __version__
from generator.commands.call_error import CallError
from generator.commands.on_specs import check_known
from generator.commands.servers import prometheus
from generator.commands.span import Span, length, span
from generator.live.api import MAX_POINTS
from generator.replay.jobs import Crew
from generator.replay.replay import Order, Records
from generator.replay.resume import Forgetful, parts_file
from generator.replay.subject import subject
from generator.replay.truth import check_truth, read_truth

if TYPE_CHECKING:
    import argparse
    from collections.abc import Collection
    from contextlib import ExitStack

    from generator.compiler import Compilation
    from generator.model.service import Model
    from generator.replay.jobs import Progress
    from generator.replay.resume import Parts
    from generator.replay.subject import Subject
    from generator.replay.truth import Truth

_MOST_REQUESTS = 16


class Call(Struct, frozen=True):
    """What to replay, on which server, and what is known to have happened."""

    order: Order
    crew: Crew
    truth: Truth | None


def asked(arguments: argparse.Namespace, checked: Compilation, progress: Progress, opened: ExitStack) -> Call:
    """Understand a call; the file of ``--resume`` stays open with ``opened``.

    Raises:
        CallError: the call contradicts itself or the specs.
        ReplayError: a truth file or a file to resume from is of something else.
        LiveError: the address is none, or the recording rules cannot be ordered.
    """
    _check_limits(arguments)
    apis = tuple(prometheus(arguments.prometheus, arguments.timeout) for _ in range(arguments.concurrency))
    about, within = _subject(arguments, checked), span(arguments)
    truth = read_truth(arguments.truth) if arguments.truth else None
    parts, within = _parts(arguments, about, within, apis[0].url, opened)
    if truth:
        check_truth(truth, about.services, within.start, within.end)
    order = Order(
        about,
        _model(checked).site,
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


def _model(checked: Compilation) -> Model:
    assert checked.model is not None  # noqa: S101 - specs at fault do not come here
    return checked.model


def _subject(arguments: argparse.Namespace, checked: Compilation) -> Subject:
    compiled = {one.service: one for one in checked.rules}
    services = _known(arguments.service, compiled, "service") or tuple(compiled)
    step = None if arguments.step is None else int(length(arguments.step))
    chosen = [compiled[name] for name in services]
    names = {rule.rule.alert for rule in subject(chosen).rules}
    alerts = _known(arguments.alert, names, "alert")
    return subject(chosen, alerts, step)


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
