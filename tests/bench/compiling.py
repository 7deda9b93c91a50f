"""One service, compiled by a process that has just started or that watches: against an idle Python, and Jsonnet."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tests.bench import jsonnet, watching
from tests.bench.context import Found
from tests.bench.line import SHARED, Figure, FigureUnit, Goal, RatioLine
from tests.bench.process import CACHE, PASS, PRODUCT, Used, interleaved, used
from tests.bench.specs import change, directory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.bench.context import Effort

_PART = "One service, from a cold start (CPU)"
_PYTHON = "python -c pass"
_HEADLINES = {"cold", "changed", "watched", "unchanged"}


def measure(effort: Effort) -> Found:
    """Compile, check, compile again with another threshold and with none, and do the same in Jsonnet."""
    specs, output = directory(CACHE / "one" / "specs", 1), CACHE / "one" / "output"
    used((*PRODUCT, "generate", str(specs), "-o", str(output)))
    used((*PRODUCT, "check", str(specs)))
    peers = jsonnet.installed()
    mixin = jsonnet.write(CACHE / "one" / "mixin.jsonnet", *_size(output))
    runs = dict(_ours(specs, output)) | {name: _jsonnet(name, mixin) for name in peers}
    found = interleaved(runs, effort.times) | {"watched": watching.edits(specs, output, effort.times)}
    return Found([*_floors(found), *_peers(found, peers, *_size(output))], jsonnet.missing(peers))


def _ours(specs: Path, output: Path) -> Iterator[tuple[str, Callable[[], Used]]]:
    generate, check = (*PRODUCT, "generate", str(specs), "-o", str(output)), (*PRODUCT, "check", str(specs))
    objectives = iter(range(1, 1000))

    def changed() -> Used:
        change(specs, 95 + next(objectives) / 1000)
        return used(generate)

    def checked() -> Used:
        change(specs, 95 + next(objectives) / 1000)
        return used(check)

    yield _PYTHON, lambda: used(PASS)
    yield "cold", lambda: used((*generate, "--no-cache"))
    yield "changed", changed
    yield "unchanged", lambda: used(generate)
    yield "check", checked
    yield "help", lambda: used((*PRODUCT, "--help"))


def _jsonnet(name: str, mixin: Path) -> Callable[[], Used]:
    return lambda: used(jsonnet.command(name, mixin))


def _floors(found: dict[str, Used]) -> Iterator[RatioLine]:
    floor = Figure(found[_PYTHON].cpu, FigureUnit.SECONDS, _PYTHON)
    for name, item, goal in (
        ("cold", "generate one service, no cache", None),
        ("changed", "generate one service, a threshold changed", Goal(150 / 12, source=SHARED)),
        ("watched", "the same, by generate --watch", Goal(60 / 12, source=SHARED)),
        ("unchanged", "generate one service, nothing changed", Goal(1.5, source=SHARED)),
        ("check", "check one service, a threshold changed", None),
        ("help", "--help", None),
    ):
        ours = Figure(found[name].cpu, FigureUnit.SECONDS, "")
        yield RatioLine(_PART, item, ours, floor, goal, headline=name in _HEADLINES)


def _peers(found: dict[str, Used], peers: tuple[str, ...], rules: int, panels: int) -> Iterator[RatioLine]:
    """Compare per rule and panel, the start of Python included on both sides."""
    made = rules + panels
    ours = Figure(
        found["changed"].cpu / made, FigureUnit.SECONDS, f"each of {rules} rules and {panels} panels"
    )
    for name in peers:
        called = name.strip("_")
        theirs = Figure(found[name].cpu / made, FigureUnit.SECONDS, f"{called}, an equivalent mixin")
        item = f"a rule or panel, against {called}"
        yield RatioLine(_PART, item, ours, theirs, inverse=True, headline=True)


def _size(output: Path) -> tuple[int, int]:
    """Count the generated rules and panels."""
    files = [path.read_text(encoding="utf-8") for path in (output / "prometheus").glob("*/*s.yml")]
    rules = sum(len(re.findall(r"^  - (?:record|alert): ", text, re.MULTILINE)) for text in files)
    boards = [
        json.loads(path.read_text(encoding="utf-8")) for path in output.glob("grafana/dashboards/*.json")
    ]
    return rules, sum(len(board["panels"]) for board in boards)
