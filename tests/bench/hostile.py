"""Files made to use up the machine, refused by a process that has just started: against an ordinary spec."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from generator.spec.events import MAX_NODES
from generator.spec.source import MAX_BYTES
from tests.bench.context import Found
from tests.bench.line import Figure, FigureUnit, Goal, RatioLine
from tests.bench.process import CACHE, PRODUCT, REFUSING, Used, interleaved, used
from tests.bench.specs import FIRST, directory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.bench.context import Effort

_ORDINARY = "check of an ordinary spec"
#: Files are limited so that none takes much longer than an ordinary spec; a longer time is nearly a hang.
_CPU, _MEMORY = Goal(5, source="threat model"), Goal(5, source="threat model")


def measure(effort: Effort) -> Found:
    """Check an ordinary spec and one with each hostile file in place of the service."""
    runs = {_ORDINARY: partial(used, (*PRODUCT, "check", str(directory(CACHE / "hostile" / "ordinary", 1))))}
    for name, text in hostile().items():
        specs = _written(name, text)
        runs[name] = partial(used, (*REFUSING, str(specs)))
    return Found(list(_lines(interleaved(runs, effort.times))))


def hostile() -> Mapping[str, str]:
    """Hostile files by name; none is larger than allowed."""
    service = "service: a\nprofile: agent\nowner: b\nselector: {job: a}\n"
    bomb = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{f'*a{n - 1}, ' * 9}]\n" for n in range(1, 400))
    return {
        "a bomb of aliases": bomb,
        "values nested 3000 deep": "a: " + "[" * 3000 + "]" * 3000 + "\n",
        "a file of brackets, as large as may be": "[" * (MAX_BYTES - 1) + "\n",
        "a file of control characters, as large as may be": _filled("\x01"),
        "a file of faulty values, as many as may be": "[" + "0x1, " * (MAX_NODES - 2) + "]\n",
        "one key again and again": service + "labels:\n" + "  k: {}\n" * (MAX_NODES // 2 - 10),
        "unknown keys, as many as may be": service
        + "".join(f"k{n}: 1\n" for n in range(MAX_NODES // 2 - 10)),
        "texts made to backtrack": service.replace("service: a", f"service: {'a-' * 200_000}!")
        + f"links: {{logs: 'https://{'{service}' * 60_000} '}}\n",
    }


def _filled(character: str) -> str:
    return character * (MAX_BYTES - 1) + "\n"


def _written(name: str, text: str) -> Path:
    specs = directory(CACHE / "hostile" / name.replace(" ", "-").replace(",", ""), 1)
    (specs / "services" / f"{FIRST}.yaml").write_text(text, "utf-8")
    return specs


def _lines(found: Mapping[str, Used]) -> Iterator[RatioLine]:
    floor = found[_ORDINARY]
    for name, needed in found.items():
        if name != _ORDINARY:
            cpu, memory = (
                Figure(floor.cpu, FigureUnit.SECONDS, _ORDINARY),
                Figure(floor.peak, FigureUnit.MIB, _ORDINARY),
            )
            yield RatioLine(
                "Hostile files (CPU)", name, Figure(needed.cpu, FigureUnit.SECONDS, ""), cpu, _CPU
            )
            yield RatioLine(
                "Hostile files (peak memory)", name, Figure(needed.peak, FigureUnit.MIB, ""), memory, _MEMORY
            )
