"""``cardinality``: the number of series that the specs allow, and their cost."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from generator.commands import options
from generator.commands.call import exit_code
from generator.commands.compiling import checked
from generator.commands.terminal import show
from generator.memory import Memory
from generator.reports.cardinality import overview, service_row, shards

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from generator.checks.cardinality.account import SharedAccount
    from generator.checks.facts import ServiceFacts
    from generator.model.service import Site


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.description = "Show the bound of series of each metric, and what it costs Prometheus."
    options.add_specs(parser)
    options.add_format(parser, "text", "markdown", "json")


def run(arguments: argparse.Namespace) -> int:
    """Print the report, also for specs over their budget; it contains the services without errors."""
    compilation = checked(arguments.specs)
    if compilation.model is not None and compilation.shared is not None:
        sys.stdout.write(
            _report(compilation.facts, compilation.shared, compilation.model.site, arguments.format)
        )
    if compilation.failed:
        show(compilation)
    return exit_code(compilation)


def _report(facts: Sequence[ServiceFacts], shared: SharedAccount, site: Site, format_: str) -> str:
    if format_ == "markdown":
        from generator.reports.pages import cardinality_page, report_entry  # noqa: PLC0415 - one format a call

        return cardinality_page([report_entry(each, site, Memory()) for each in facts], shared, site)
    rows = [service_row(each, site) for each in facts]
    if format_ == "text":
        from generator.reports.cardinality import to_text  # noqa: PLC0415

        return to_text(rows, shared, site)
    from generator.reports.cardinality import cardinality_json, service_numbers  # noqa: PLC0415

    services = ((row.name, service_numbers(each, row)) for each, row in zip(facts, rows, strict=True))
    return cardinality_json(overview(rows, shared, site), shards(rows, shared, site), services, site)
