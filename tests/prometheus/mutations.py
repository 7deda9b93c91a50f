"""Wrong versions of a right expression, as a careless author might have written them.

sum by (tool) (x{status="error"}) or 0 * sum by (tool) (x)      zero-fill: sum by (tool) (x{status="error"})
a / (b > 0)                                                     guard: a / b
sum by (tool) (x)                                               sum: x; mean: avg by (tool) (x)
sum_over_time(x[14m59s]) * 60                                   window: [15m1s]; mean: avg_over_time
rate(x[1m15s])                                                  irate; window: [1m]; increase: rate(increase)
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

Mutant = tuple[str, str]

_SUM = re.compile(r"\bsum(?: by \([^)]*\))? \(|\bsum\(")
_REPLACED = (
    ("mean of sums", r"\bsum\b(?=(?: by|\())", "avg"),
    ("mean over time", r"\bsum_over_time\b", "avg_over_time"),
    ("irate", r"\brate\(", "irate("),
    ("short window", r"\[1m15s\]", "[1m]"),
    ("long window", r"\[14m59s\]", "[15m1s]"),  # Prometheus 3 leaves the start out, and reads [15m] alike
    ("status", r',status="[a-z]+"', ""),
    ("status", r'status="ok"', 'status="error"'),
    ("edge", r'le=~"2000[^"]*"', 'le="2000"'),
    ("edge", r',?le="\+Inf",?', ""),
    ("milliseconds", r" / 1000\b", ""),
    ("quantile", r"histogram_quantile\( ?0\.\d+", "histogram_quantile(0.9"),
    ("an hour", r" \* 4$", ""),
    ("group_left", r" group_left \([^)]*\)", ""),
)


def mutants(expr: str) -> Iterator[Mutant]:
    """Make every wrong version of a laid-out expression, each with the name of the mistake."""
    text = " ".join(expr.split())
    for mistake, wrong in (*_without_fill(text), *_without_guard(text), *_without_sum(text)):
        yield mistake, wrong
    for mistake, pattern, replacement in _REPLACED:
        wrong = re.sub(pattern, replacement, text, count=1)
        if wrong != text:
            yield mistake, wrong


def _without_fill(text: str) -> Iterator[Mutant]:
    for found in re.finditer(r" or 0 \* ", text):
        yield "no zero-fill", text[: found.start()] + text[closing(text, found.end()) :]
        yield "vector(0)", text[: found.start()] + " or vector(0)" + text[closing(text, found.end()) :]


def _without_guard(text: str) -> Iterator[Mutant]:
    for found in re.finditer(r" > 0\b", text):
        yield "no guard", text[: found.start()] + text[found.end() :]
    for found in re.finditer(r" and on \([^)]*\) ", text):
        yield "no guard", text[: found.start()] + text[closing(text, found.end()) :]


def _without_sum(text: str) -> Iterator[Mutant]:
    for found in _SUM.finditer(text):
        end = closing(text, found.end())
        yield "no sum", text[: found.start()] + "(" + text[found.end() : end] + text[end:]


def closing(text: str, start: int) -> int:
    """Find the closing parenthesis around ``start``; the end of the text if there is none."""
    depth = 0
    for place in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth < 0:
            return place
    return len(text)
