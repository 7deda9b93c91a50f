"""``check``: every finding about the specs, for people and for machines."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from generator import __version__
from generator.commands.exit_codes import OK, SPEC_AT_FAULT
from generator.commands.terminal import check_directory, show

if TYPE_CHECKING:
    import argparse

    from generator.commands.terminal import Outcome


def run(arguments: argparse.Namespace) -> int:
    """Check the specs and say so in the chosen format."""
    outcome = check_directory(arguments.specs)
    if arguments.format == "text":
        # Beside an error, what was decided on the author's behalf is noise, and often a consequence of it.
        show(outcome, sys.stdout, notes=not outcome.checked.failed)
        _summary(outcome)
    else:
        sys.stdout.write(_rendered(outcome, arguments.format))
    return SPEC_AT_FAULT if outcome.checked.failed else OK


def _summary(outcome: Outcome) -> None:
    """End with the checklist, for specs that are understood."""
    if outcome.checked.model is None or outcome.checked.failed:
        return
    from generator.reports.selfcheck_text import selfcheck_text  # noqa: PLC0415 - only for specs that are understood

    sys.stdout.write(selfcheck_text(outcome.checked.model))


def _rendered(outcome: Outcome, format_: str) -> str:
    if format_ == "json":
        from generator.diagnostics.json import render_json  # noqa: PLC0415 - one format a call

        return render_json(outcome.diagnostics)
    if format_ == "sarif":
        from generator.diagnostics.sarif import render_sarif  # noqa: PLC0415

        return render_sarif(outcome.diagnostics, version=__version__)
    from generator.diagnostics.github import render_github  # noqa: PLC0415

    return render_github(outcome.diagnostics)
