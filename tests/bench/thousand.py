"""Many services: the cost of each, its growth, its memory, and the cost of a second time."""

from __future__ import annotations

import shutil
from functools import partial
from typing import TYPE_CHECKING

from tests.bench.context import Found
from tests.bench.line import SHARED, Figure, FigureUnit, Goal, RatioLine
from tests.bench.process import CACHE, PASS, PRODUCT, Used, interleaved, used
from tests.bench.specs import change, directory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.bench.context import Effort

_FOLDER = CACHE / "many"
_CPU_A_SERVICE = 0.005
#: The largest growth that counts as linear on a noisy machine.
_LINEAR = 1.2
_PART = "Many services (CPU, peak of memory)"


def measure(effort: Effort) -> Found:
    """Compile fleets of every size once, and the largest of them again and again."""
    folders = {count: _folder(count) for count in effort.services}
    cold = {count: _cold(folder) for count, folder in folders.items()}
    most = max(folders)
    again = _again(folders[most], most)
    repeated = interleaved(again, max(effort.times // 2, 1))
    checked = {count: used(_check(folder)) for count, folder in folders.items()}
    # A thousand services are some hundred megabytes.
    shutil.rmtree(_FOLDER)
    return Found([*_sizes(cold, checked), *_repeats(most, cold, repeated)])


def _folder(count: int) -> Path:
    return directory(_FOLDER / f"{count}" / "specs", count)


def _cold(folder: Path) -> Used:
    shutil.rmtree(folder.parent / "output", ignore_errors=True)
    return used(_generate(folder))


def _generate(folder: Path) -> tuple[str, ...]:
    return (*PRODUCT, "generate", str(folder), "-o", str(folder.parent / "output"))


def _check(folder: Path) -> tuple[str, ...]:
    return (*PRODUCT, "check", str(folder))


def _again(folder: Path, count: int) -> dict[str, partial[Used]]:
    objectives = iter(range(1, 1000))

    def changed() -> Used:
        change(folder, 95 + next(objectives) / 1000)
        return used(_generate(folder))

    return {
        f"{count}: one changed": partial(changed),
        f"{count}: nothing changed": partial(used, _generate(folder)),
        "python": partial(used, PASS),
    }


def _sizes(cold: Mapping[int, Used], checked: Mapping[int, Used]) -> Iterator[RatioLine]:
    least, most = min(cold), max(cold)
    goal = Figure(_CPU_A_SERVICE, FigureUnit.SECONDS, "the goal")
    for name, found in (("generate", cold), ("check", checked)):
        for count, one in found.items():
            each = Figure(one.cpu / count, FigureUnit.SECONDS, f"{one.cpu:.1f} s in all")
            item = f"{name} {count:,}: CPU a service"
            bound = Goal(1, source=SHARED) if count == most else None
            yield RatioLine(_PART, item, each, goal, bound, headline=count == most)
        small, large = marginal(found)
        yield RatioLine(_PART, f"{name}: CPU of one more service", large, small, Goal(_LINEAR))
        every = Figure(found[most].elapsed, FigureUnit.SECONDS, "elapsed")
        yield RatioLine(
            _PART, f"{name} {most:,}: elapsed", every, Figure(found[most].cpu, FigureUnit.SECONDS, "CPU")
        )
        peak, floor = (
            Figure(found[count].peak, FigureUnit.MIB, f"{count:,} services") for count in (most, least)
        )
        yield RatioLine(_PART, f"{name}: peak of memory, of the largest process", peak, floor, Goal(1.5))


def marginal(found: Mapping[int, Used]) -> tuple[Figure, Figure]:
    """The cost of one more service among few and among many, without the start of the process."""
    (few, some), (*_, many, most) = sorted(found)[:2], sorted(found)
    few_more, many_more = (
        Figure(
            (found[end].cpu - found[start].cpu) / (end - start), FigureUnit.SECONDS, f"{start:,} to {end:,}"
        )
        for start, end in ((few, some), (many, most))
    )
    return few_more, many_more


def _repeats(count: int, cold: Mapping[int, Used], repeated: Mapping[str, Used]) -> Iterator[RatioLine]:
    first = Figure(cold[count].cpu, FigureUnit.SECONDS, "the first time")
    floor = Figure(repeated["python"].cpu, FigureUnit.SECONDS, "python -c pass")
    one, nothing = repeated[f"{count}: one changed"].cpu, repeated[f"{count}: nothing changed"].cpu
    for what, cpu, against, goal in (
        ("one changed", one, first, None),
        ("nothing changed", nothing, floor, Goal(1.5)),
    ):
        ours = Figure(cpu, FigureUnit.SECONDS, "")
        yield RatioLine(_PART, f"generate {count:,}, {what}", ours, against, goal, headline=True)
