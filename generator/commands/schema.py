"""``schema``: the JSON Schemas of the spec files, for editors and other tools."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from generator.commands.exit_codes import CALL_AT_FAULT, OK
from generator.commands.stream import shown
from generator.commands.terminal import complain
from generator.spec.schema import KINDS, SUFFIX, schema_text

if TYPE_CHECKING:
    import argparse
    from pathlib import Path


def run(arguments: argparse.Namespace) -> int:
    """Print one schema, or write all of them."""
    if arguments.output is not None:
        return _write(arguments.output)
    if arguments.kind is None:
        complain("say which schema to print, or where to write them all", "schema service, or: schema -o DIR")
        return CALL_AT_FAULT
    sys.stdout.write(schema_text(arguments.kind))
    return OK


def schema_files() -> dict[str, str]:
    """Read every schema, by file name; they refer to each other by these names."""
    return {f"{kind}{SUFFIX}": schema_text(kind) for kind in sorted(KINDS)}


def _write(target: Path) -> int:
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name, text in schema_files().items():
            (target / name).write_text(text, encoding="utf-8")
    except OSError as problem:
        complain(f"{problem.filename or target} cannot be written: {problem.strerror}")
        return CALL_AT_FAULT
    sys.stdout.write(f"{shown(target)}: {len(schema_files())} schemas\n")
    return OK
