"""The table of all lines: for a terminal and a README as Markdown, for machines as JSON."""

from __future__ import annotations

import json
import math
import os
import platform
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.line import Figure, RatioLine

_HEAD = ("what", "ours", "against", "ratio", "goal", "reached")
_SHORT = _HEAD[:4]
_REACHED = {True: "yes", False: "**no**", None: ""}


def today() -> str:
    """Return the date of the figures, in UTC."""
    return datetime.now(UTC).date().isoformat()


def machine() -> str:
    """Describe the machine of the figures, without its name."""
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()} {platform.machine()}"


def markdown(lines: Sequence[RatioLine], notes: Sequence[str]) -> str:
    """Write a table for each part, then the notes on missing measurements."""
    parts = dict.fromkeys(line.part for line in lines)
    tables = [_table(part, [line for line in lines if line.part == part]) for part in parts]
    remarks = "".join(f"- {note}\n" for note in notes)
    return "\n".join(["# Benchmarks\n", f"{today()}, {machine()}.\n", *tables, remarks]).rstrip() + "\n"


def short(lines: Sequence[RatioLine]) -> str:
    """Write the headlines alone, for the README: item, ours, the other, ratio."""
    rows = [_HEAD, *(_row(line) for line in lines if line.headline)]
    return "\n".join(
        [*_aligned([row[: len(_SHORT)] for row in rows]), "", f"Measured {today()} on {machine()}.", ""]
    )


def document(lines: Sequence[RatioLine], notes: Sequence[str]) -> str:
    """Write everything as JSON; times in seconds, memory in MiB, no ratio where it is infinite."""
    found = {
        "date": today(),
        "machine": machine(),
        "lines": [_json(line) for line in lines],
        "notes": list(notes),
    }
    return json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _table(part: str, lines: Sequence[RatioLine]) -> str:
    rows = [_HEAD, *(_row(line) for line in lines)]
    return "\n".join([f"## {part}\n", *_aligned(rows), ""])


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    laid = [_laid(row, widths) for row in rows]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return [laid[0], rule, *laid[1:]]


def _laid(row: Sequence[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"


def _row(line: RatioLine) -> tuple[str, ...]:
    goal = line.goal.text() if line.goal else ""
    cells = (
        line.item,
        line.ours.text(),
        line.against.text(),
        line.ratio_text(),
        goal,
        _REACHED[line.reached],
    )
    return tuple(cell.replace("|", "\\|") for cell in cells)


def _json(line: RatioLine) -> dict[str, Any]:
    goal = line.goal and {
        "bound": line.goal.bound,
        "at_least": line.goal.at_least,
        "source": line.goal.source,
    }
    return {
        "part": line.part,
        "item": line.item,
        "ours": _figure(line.ours),
        "against": _figure(line.against),
        "ratio": line.ratio if math.isfinite(line.ratio) else None,
        "goal": goal,
        "reached": line.reached,
    }


def _figure(figure: Figure) -> dict[str, Any]:
    return {"value": figure.value, "unit": str(figure.unit), "of": figure.of}
