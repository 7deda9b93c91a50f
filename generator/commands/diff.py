"""``diff``: the effects of a change of specs, for its reviewers."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from generator.changes import CompiledSpecs, as_markdown, as_text, compare_models
from generator.commands import options
from generator.commands.call import OK, CallError
from generator.commands.compiling import on_specs
from generator.commands.earlier import OLD, earlier_specs
from generator.emit import emit_dashboards
from generator.grafana.records import combined_records, recording
from generator.model.names import DASHBOARDS, dashboard_path

if TYPE_CHECKING:
    import argparse

    from generator.compiler import Compilation
    from generator.model.service import Model


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.description = (
        "Show what a change of the specs does: to alerts and bounds, objectives, series, dashboards; with --replay "
        "also which alerts would have fired differently. This version compiles both, so the changes of a new version "
        "are not shown."
    )
    parser.add_argument("revision", metavar="OLD", help=OLD)
    options.add_specs(parser)
    options.add_format(parser, "text", "markdown")
    parser.add_argument(
        "--replay",
        metavar="URL",
        help="run the alerts of both over the history of this server, as replay --compare does; without a span, over "
        "the last 7d",
    )
    options.add_span(parser)


def run(arguments: argparse.Namespace) -> int:
    """Compile both, and print the differences; the exit code is 0 for any differences."""

    def compared(model: Model, after: Compilation) -> int:
        within = _span(arguments)
        before = earlier_specs(arguments.revision, arguments.specs)
        changes = compare_models(_compiled(before), _compiled(after))
        write = {"text": as_text, "markdown": as_markdown}[arguments.format]
        report = write(changes, arguments.revision)
        if arguments.replay and before.model:
            report += _replayed(arguments, before.model, model, within)
        sys.stdout.write(report)
        return OK

    return on_specs(arguments.specs, compared)


def _span(arguments: argparse.Namespace) -> list[str]:
    """Write the span as options of a replay; the default is the last week."""
    given = {"--last": arguments.last, "--from": arguments.from_, "--to": arguments.to}
    if not arguments.replay and any(given.values()):
        raise CallError("a span is for --replay", "--replay http://localhost:9090 --last 7d")
    if not arguments.last and not arguments.from_:
        given["--last"] = "7d"
    return [f"{option}={text}" for option, text in given.items() if text]


def _replayed(arguments: argparse.Namespace, before: Model, after: Model, within: list[str]) -> str:
    from generator.commands import replay  # noqa: PLC0415 - only with --replay

    call = replay.options_of(f"--prometheus={arguments.replay}", f"--format={arguments.format}", *within)
    return "\n" + "".join(replay.replay_both(call, (before, after), arguments.revision, None))


def _compiled(compilation: Compilation) -> CompiledSpecs:
    """Collect the compared parts of valid specs."""
    assert compilation.model is not None  # noqa: S101 - the caller has seen that it is there
    assert compilation.shared is not None  # noqa: S101
    site = compilation.model.site
    records = combined_records(
        (recording(each.service, each.recorded_names) for each in compilation.facts), site
    )
    drawn = {one.path: one.text for one in emit_dashboards(records, site)}
    dashboards = {uid: drawn[dashboard_path(uid)] for uid in DASHBOARDS.values()}
    return CompiledSpecs(compilation.model, compilation.facts, compilation.shared, dashboards)
