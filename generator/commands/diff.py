"""``diff``: what a change of specs does, for those who review it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from generator.changes.compare import Compiled, compare
from generator.changes.report import as_markdown, as_text
from generator.changes.revision import RevisionError, specs_at
from generator.commands import options
from generator.commands.call import CALL_AT_FAULT, OK, of_failed
from generator.commands.compiling import checked
from generator.commands.terminal import complain, show
from generator.diagnostics import Severity
from generator.emit import emit_dashboards, records_of
from generator.grafana.records import recording
from generator.model.names import DASHBOARDS, dashboard_path

if TYPE_CHECKING:
    import argparse

    from generator.compiler import Compilation


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.description = (
        "Say what the specs do otherwise than at an earlier revision: alerts and bounds, objectives, series, "
        "dashboards. Both are compiled by this version, so what a new version changes is not among it."
    )
    parser.add_argument("revision", metavar="REV", help="a commit, branch or tag of Git, such as origin/main")
    options.specs(parser)
    parser.add_argument("--format", choices=("text", "markdown"), default="text", help="default: text")


def run(arguments: argparse.Namespace) -> int:
    """Compile both, and print the differences; exit 0 whatever they are."""
    after = checked(arguments.specs)
    if after.failed or after.model is None:
        show(after, sys.stderr, notes=False)
        return of_failed(after.diagnostics)
    try:
        with specs_at(arguments.revision, arguments.specs) as place:
            before = checked(place)
    except RevisionError as problem:
        complain(str(problem), problem.help)
        return CALL_AT_FAULT
    if before.failed or before.model is None:
        first = next(one for one in before.diagnostics if one.severity is Severity.ERROR)
        complain(
            f"this version does not understand the specs at {arguments.revision}: {first.message}",
            "compare what was generated: git diff REV -- output",
        )
        return CALL_AT_FAULT
    write = {"text": as_text, "markdown": as_markdown}[arguments.format]
    sys.stdout.write(write(compare(_compiled(before), _compiled(after)), arguments.revision))
    return OK


def _compiled(found: Compilation) -> Compiled:
    """Take what is compared of specs that are understood."""
    assert found.model is not None  # noqa: S101 - the caller has seen that it is there
    assert found.shared is not None  # noqa: S101
    site = found.model.site
    records = records_of((recording(each.service, each.recorded_names) for each in found.facts), site)
    drawn = {one.path: one.text for one in emit_dashboards(records, site)}
    dashboards = {uid: drawn[dashboard_path(uid)] for uid in DASHBOARDS.values()}
    return Compiled(found.model, found.facts, found.shared, dashboards)
