"""Many services: what each costs, how that grows, how much memory it takes, and what a second time costs."""

from __future__ import annotations

import shutil
from functools import partial
from typing import TYPE_CHECKING

from tests.bench.context import Found
from tests.bench.line import Figure, Goal, Line, Unit
from tests.bench.process import CACHE, PASS, PRODUCT, Used, interleaved, used
from tests.bench.specs import change, directory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.bench.context import Effort

_FOLDER = CACHE / "many"
_CPU_A_SERVICE = 0.003
#: What counts as linear on a noisy machine.
_LINEAR = 1.2
_PART = "Many services (CPU, peak of memory)"


def measure(effort: Effort) -> Found:
    """Compile fleets of every size once, and one of them again and again."""
    folders = {count: _folder(count) for count in effort.services}
    cold = {count: _cold(folder) for count, folder in folders.items()}
    again = _again(folders[effort.repeated_services], effort.repeated_services)
    repeated = interleaved(again, max(effort.times // 2, 1))
    checked = {count: used(_check(folder)) for count, folder in folders.items()}
    # A thousand services are some hundred megabytes.
    shutil.rmtree(_FOLDER)
    return Found([*_sizes(cold, checked), *_repeats(effort.repeated_services, cold, repeated)])


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


def _sizes(cold: Mapping[int, Used], checked: Mapping[int, Used]) -> Iterator[Line]:
    least, most = min(cold), max(cold)
    goal = Figure(_CPU_A_SERVICE, Unit.SECONDS, "the goal")
    for name, found in (("generate", cold), ("check", checked)):
        for count, one in found.items():
            each = Figure(one.cpu / count, Unit.SECONDS, f"{one.cpu:.1f} s in all")
            yield Line(_PART, f"{name} {count:,}: CPU a service", each, goal, Goal(1))
        small, large = marginal(found)
        yield Line(_PART, f"{name}: CPU of one more service", large, small, Goal(_LINEAR))
        peak, floor = (Figure(found[count].peak, Unit.MIB, f"{count:,} services") for count in (most, least))
        yield Line(_PART, f"{name}: peak of memory", peak, floor, Goal(1.5))


def marginal(found: Mapping[int, Used]) -> tuple[Figure, Figure]:
    """What one more service costs among few and among many: the start of the process is in neither."""
    (few, some), (*_, many, most) = sorted(found)[:2], sorted(found)
    few_more, many_more = (
        Figure((found[end].cpu - found[start].cpu) / (end - start), Unit.SECONDS, f"{start:,} to {end:,}")
        for start, end in ((few, some), (many, most))
    )
    return few_more, many_more


def _repeats(count: int, cold: Mapping[int, Used], repeated: Mapping[str, Used]) -> Iterator[Line]:
    first = Figure(cold[count].cpu, Unit.SECONDS, "the first time")
    floor = Figure(repeated["python"].cpu, Unit.SECONDS, "python -c pass")
    one, nothing = repeated[f"{count}: one changed"].cpu, repeated[f"{count}: nothing changed"].cpu
    yield Line(_PART, f"generate {count:,}, one changed", Figure(one, Unit.SECONDS, ""), first)
    yield Line(
        _PART, f"generate {count:,}, nothing changed", Figure(nothing, Unit.SECONDS, ""), floor, Goal(1.5)
    )
