"""Shared rules about few services: a server with many services need not evaluate all of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.model import names
from generator.promql.expr import escape_regex, literal

if TYPE_CHECKING:
    from collections.abc import Sequence

#: A string, which is skipped, or a record's name with the brace of its selector, if it has one.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|(?<![\w:])([a-zA-Z_]\w*(?::\w+)+)(\{?)')
#: With more services than this, a server saves little.
_MOST = 50


def narrowed(expr: str, services: Sequence[str]) -> str:
    """Limit each selector of a record in ``expr`` to the series of ``services``; with many services to none."""
    if len(services) > _MOST:
        return expr
    values = literal("|".join(map(escape_regex, services)))
    matcher = f"{names.SERVICE}=~{values}"

    def rewritten(found: re.Match[str]) -> str:
        record, brace = found[1], found[2]
        if record is None or record in names.OF_NO_SERVICE:
            return found[0]
        return f"{record}{{{matcher}" + (", " if brace else "}")

    return _TOKEN.sub(rewritten, expr)
