"""``generate``: compile the specs into the output directory, or compare the two."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from generator.commands.exit_codes import CALL_AT_FAULT, OK, SPEC_AT_FAULT
from generator.commands.terminal import check_directory, complain, show
from generator.compiler import emit

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from generator.artifact import Artifact


def run(arguments: argparse.Namespace) -> int:
    """Compile everything in memory first; only then look at the output directory."""
    outcome = check_directory(arguments.specs)
    show(outcome, sys.stderr, notes=False)
    if outcome.checked.failed or outcome.checked.model is None:
        sys.stderr.write(f"nothing was written to {arguments.output}\n")
        return SPEC_AT_FAULT
    artifacts = emit(outcome.checked.facts, outcome.checked.model.site)
    return _compare(artifacts, arguments.output) if arguments.check else _write(artifacts, arguments.output)


def _write(artifacts: tuple[Artifact, ...], target: Path) -> int:
    from generator.output.write import OutputError, write  # noqa: PLC0415 - not for --check

    try:
        written = write(artifacts, target)
    except OutputError as problem:
        complain(problem.message, problem.help)
        return CALL_AT_FAULT
    sys.stdout.write(f"{target}: {written.summary()}\n")
    return OK


def _compare(artifacts: tuple[Artifact, ...], target: Path) -> int:
    from generator.output.compare import OutputError, compare  # noqa: PLC0415 - only for --check

    try:
        difference = compare(artifacts, target)
    except OutputError as problem:
        complain(problem.message, problem.help)
        return CALL_AT_FAULT
    sys.stdout.write(f"{target}: {difference.summary()}\n")
    return SPEC_AT_FAULT if difference else OK
