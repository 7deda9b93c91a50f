"""Shared rules about few services: a server that holds many need not look at all of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.model import names
from generator.promql.expr import escape_regex, literal

if TYPE_CHECKING:
    from collections.abc import Sequence

#: A text, which is passed over, or a record's name with the brace of its selector, if it has one.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|(?<![\w:])([a-zA-Z_]\w*(?::\w+)+)(\{?)')
#: With more services than these, a server is not spared much.
_MOST = 50


def narrowed(expr: str, services: Sequence[str]) -> str:
    """Let each selector of a record in ``expr`` take the series of ``services`` only; of many it takes all."""
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
