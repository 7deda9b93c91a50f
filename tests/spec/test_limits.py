"""Everything in a spec is bounded: no part of a schema takes texts, lists, maps or numbers without end."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from generator.diagnostics import MAX_PER_FILE
from generator.model.units import DAY, LONGEST_DURATION
from generator.notation.quantities import LARGEST, SMALLEST
from generator.notation.times import LONGEST_OBJECTIVE, LONGEST_WINDOW, SHORTEST_OBJECTIVE
from generator.resolve.prices import SMALLEST_PRICE
from generator.spec.events import MAX_DEPTH, MAX_NODES
from generator.spec.source import MAX_BYTES
from generator.spec.sources import MAX_PROFILES, MAX_SERVICES
from tests.extremes.leaves import SCHEMAS, SchemaPart, parts

if TYPE_CHECKING:
    from collections.abc import Iterator

PARTS = [part for name, contents in SCHEMAS.items() for part in parts(SchemaPart(f"{name}#", contents))]
#: The keywords that limit each type.
ENDS = {
    "string": ("maxLength",),
    "array": ("maxItems", "items"),
    "number": ("minimum", "maximum"),
    "integer": ("minimum", "maximum"),
}


def _types(part: SchemaPart) -> set[str]:
    types = part.contents.get("type", [])
    return {types} if isinstance(types, str) else set(types)


def _lacks(part: SchemaPart) -> Iterator[str]:
    contents = part.contents
    for type_ in _types(part):
        yield from (end for end in ENDS.get(type_, ()) if end not in contents)
    if "object" not in _types(part) or contents.get("additionalProperties") is False:
        return
    yield from (
        end for end in ("additionalProperties", "propertyNames", "maxProperties") if end not in contents
    )


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.place)
def test_every_part_of_a_schema_has_an_end(part: SchemaPart) -> None:
    assert list(_lacks(part)) == []


def test_every_part_says_what_it_takes() -> None:
    """A part without a type would accept anything; a condition of the whole file adds to the parts with types."""
    says = {"type", "enum", "$ref", "if", "anyOf", "$defs", "required"}
    typed = (part for part in PARTS if not part.place.partition("#")[2].startswith(("/if", "/then")))
    assert [part.place for part in typed if not says & part.contents.keys()] == []


def _at(kind: str, *path: str) -> dict[str, Any]:
    found: dict[str, Any] = SCHEMAS[f"{kind}.schema.json"]
    for step in path:
        found = found[step]
    return found


def _numbers(*path: str, kind: str = "common") -> tuple[float, float]:
    found = _at(kind, *path)
    return found["minimum"], found["maximum"]


def _size(of: str, *path: str, kind: str = "common") -> tuple[float, float]:
    found = _at(kind, *path)
    return found.get(f"min{of}", 0), found[f"max{of}"]


LIMITS: dict[str, tuple[float, float]] = {
    "KiB of a file": (0, MAX_BYTES / 1024),
    "values in a file": (0, MAX_NODES),
    "depth of values": (0, MAX_DEPTH),
    "services in a directory": (0, MAX_SERVICES),
    "profiles in a directory": (0, MAX_PROFILES),
    "findings shown of a file": (0, MAX_PER_FILE),
    "characters of a service's name": _size("Length", "properties", "service", kind="service"),
    "characters of a metric's name": _size("Length", "$defs", "metricName"),
    "characters of a label's name": _size("Length", "$defs", "labelName"),
    "characters of a label value": _size("Length", "$defs", "labelValue"),
    "metrics of a profile": _size("Properties", "properties", "metrics", kind="profile"),
    "labels of a metric": _size("Items", "$defs", "metric", "properties", "labels"),
    "values that a service lists of a label": _size(
        "Items", "properties", "labels", "additionalProperties", kind="service"
    ),
    "`max_live`": _numbers(
        "properties", "labels", "additionalProperties", "properties", "max_live", kind="service"
    ),
    "buckets of a histogram": _size("Items", "$defs", "metric", "properties", "buckets"),
    "signals of a profile": _size("Properties", "properties", "signals", kind="profile"),
    "`q` of a quantile": _numbers("$defs", "signal", "properties", "quantile", "properties", "q"),
    "alerts of a service": _size("Properties", "properties", "alerts", kind="service"),
    "`replicas`": _numbers("properties", "replicas", kind="service"),
    "amounts, in seconds, USD, events or shares, unless 0": (SMALLEST, LARGEST),
    "USD for a million tokens, unless 0": (
        SMALLEST_PRICE,
        _at("prices", "properties", "models", "additionalProperties", "additionalProperties")["maximum"],
    ),
    "days of a window, of `for` and of `keep_firing_for`": (0, LONGEST_WINDOW / DAY),
    "days of the window of an objective": (SHORTEST_OBJECTIVE / DAY, LONGEST_OBJECTIVE / DAY),
    "days of any other time": (0, LONGEST_DURATION / DAY),
}


def test_the_guide_says_what_the_limits_are() -> None:
    text = (Path(__file__).parents[2] / ".github/GUIDE.md").read_text("utf-8")
    section = text.partition("### Limits\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \| +([\d.,]*) *\| ([\d.,]+) \|$", section, re.MULTILINE)
    assert {what: (_number(least), _number(most)) for what, least, most in rows} == LIMITS


def _number(written: str) -> float:
    return float(written.replace(",", "") or 0)
