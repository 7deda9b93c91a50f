"""``check``: every finding about the specs, for people and for machines."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Literal, assert_never, get_args

from generator import __version__
from generator.colour import colours
from generator.commands import options
from generator.commands.call import exit_code
from generator.commands.compiling import checked
from generator.commands.terminal import rendered
from generator.diagnostics.formats import render_github, render_json, render_sarif

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from generator.checks.selfcheck import SelfCheck
    from generator.compiler import Compilation

Format = Literal["text", "json", "sarif", "github"]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.description = (
        "Check the specs: schema, references, units, cardinality, the checklist of agent metrics."
    )
    options.add_specs(parser)
    options.add_format(parser, *get_args(Format))


def run(arguments: argparse.Namespace) -> int:
    """Check the specs and print the findings in the chosen format."""
    compilation = checked(arguments.specs)
    sys.stdout.write(_rendered(compilation, arguments.format))
    return exit_code(compilation)


def _text(compilation: Compilation) -> str:
    """Write for people; beside an error, notes on decisions are noise, and often a consequence of it."""
    findings = rendered(compilation, coloured=colours(sys.stdout), notes=not compilation.failed)
    if compilation.failed:
        return findings
    from generator.checks.selfcheck import self_check  # noqa: PLC0415 - only for specs that are understood

    return findings + selfcheck_text([self_check(each.service) for each in compilation.facts])


def _rendered(compilation: Compilation, format_: Format) -> str:
    match format_:
        case "text":
            return _text(compilation)
        case "json":
            return render_json(compilation.diagnostics)
        case "sarif":
            return render_sarif(compilation.diagnostics, version=__version__)
        case "github":
            return render_github(compilation.diagnostics)
        case _:
            assert_never(format_)


#: The line above the progress of each service.
_CHECKLIST = "Checklist of agent metrics, explained in reports/self-check.md:"


def selfcheck_text(checked: Sequence[SelfCheck]) -> str:
    """Write a line for each service, and below it the missing parts and how to add them."""
    width = max((len(one.service) for one in checked), default=0)
    lines = [line for one in checked for line in _service(one, width)]
    return "".join(f"{line}\n" for line in ([_CHECKLIST, *lines] if lines else []))


def _service(one: SelfCheck, width: int) -> Iterator[str]:
    yield f"{one.service:<{width}}  Progress: {one.progress}"
    for item in one.items:
        if item.missing:
            yield f"  [ ] {item.name}"
            for missing, how in zip(item.missing, item.how_to_add, strict=True):
                yield f"      missing: {missing}"
                yield f"      {how}"
    if one.whole_not_measured:
        yield f"  {one.profile} does not measure: {'; '.join(one.whole_not_measured)}"
    if one.parts_not_measured:
        yield f"  of the other points, {one.profile} does not measure: {'; '.join(one.parts_not_measured)}"
    if one.missing_of_minimum:
        yield f"  the minimum first-release set lacks {', '.join(one.missing_of_minimum)}"
    if one.not_measured_of_minimum:
        yield f"  of the minimum first-release set, not measured: {', '.join(one.not_measured_of_minimum)}"
