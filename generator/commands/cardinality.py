"""``cardinality``: how many series the specs allow, and what they cost."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from generator.commands.exit_codes import OK, SPEC_AT_FAULT
from generator.commands.terminal import check_directory, show

if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> int:
    """Print the report; it is printed for specs over their budget as well."""
    outcome = check_directory(arguments.specs)
    checked = outcome.checked
    if checked.model is not None:
        from generator.reports.cardinality import cardinality_json, cardinality_text  # noqa: PLC0415

        render = cardinality_json if arguments.format == "json" else cardinality_text
        sys.stdout.write(render(checked.model, checked.rules))
    if checked.failed:
        show(outcome, sys.stderr, notes=False)
    return SPEC_AT_FAULT if checked.failed else OK
