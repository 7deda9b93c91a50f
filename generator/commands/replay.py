"""``replay``: what the alerts would have done over a span of history, asked of a server that is only read."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from generator.commands.call_error import CallError
from generator.commands.exit_codes import OK
from generator.commands.on_specs import on_specs
from generator.commands.progress import ProgressLine
from generator.commands.replacing import replacing
from generator.replay.errors import ReplayError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from generator.commands.terminal import Outcome
    from generator.compiler import Checked
    from generator.model.service import Model
    from generator.replay.report import Report


def run(arguments: argparse.Namespace) -> int:
    """Replay; a report is written whole or not at all."""

    def replayed(_model: Model, outcome: Outcome) -> int:
        sys.stdout.writelines(_replayed(arguments, outcome.checked))
        return OK

    return on_specs(arguments.specs, replayed)


def _replayed(arguments: argparse.Namespace, checked: Checked) -> Iterable[str]:
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


def _report(arguments: argparse.Namespace, checked: Checked) -> Report:
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
