"""All diagnostic codes, by area, in one explicit mapping."""

from __future__ import annotations

import textwrap
from types import MappingProxyType
from typing import TYPE_CHECKING

from generator.diagnostics.codes_audit import AUDIT_CODES
from generator.diagnostics.codes_checks import CHECKS_CODES
from generator.diagnostics.codes_resolve import RESOLVE_CODES
from generator.diagnostics.codes_schema import SCHEMA_CODES
from generator.diagnostics.codes_source import SOURCE_CODES
from generator.diagnostics.codes_yaml import YAML_CODES
from generator.diagnostics.printable import printable, quoted
from generator.diagnostics.suggest import closest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.diagnostics.code_entry import CodeEntry

AREAS: tuple[tuple[CodeEntry, ...], ...] = (
    SOURCE_CODES,
    YAML_CODES,
    SCHEMA_CODES,
    RESOLVE_CODES,
    CHECKS_CODES,
    AUDIT_CODES,
)
"""In the order of the compiler's stages; each code stands in one of them."""

CODES: Mapping[str, CodeEntry] = MappingProxyType({entry.code: entry for area in AREAS for entry in area})

_WIDTH = 88


class UnknownCodeError(LookupError):
    """There is no such code; the text says so and names the nearest one."""


def explain(code: str) -> str:
    """What a code means, with examples, as text.

    Raises:
        UnknownCodeError: there is no such code.
    """
    entry = CODES.get(code)
    if entry is None:
        nearest = closest(code, CODES)
        hint = f"; did you mean {quoted(nearest)}?" if nearest else ""
        raise UnknownCodeError(f"there is no code {printable(quoted(code))}{hint}")
    parts = [f"{entry.code}: {entry.title}", textwrap.fill(entry.explanation, _WIDTH)]
    parts += [_example("Wrong", entry.example_bad), _example("Right", entry.example_good)]
    return "\n\n".join(filter(None, parts)) + "\n"


def _example(label: str, text: str) -> str:
    return f"{label}:\n\n{textwrap.indent(text.rstrip(), '    ')}" if text else ""
