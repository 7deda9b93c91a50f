"""The hunt: mutated specs, one after the other, until the time is up; failures are kept with their input."""

from __future__ import annotations

import hashlib
from collections import Counter
from random import Random
from typing import TYPE_CHECKING

from msgspec import Struct, field

from tests.fuzz.compiling import Broken, generate
from tests.fuzz.corpus import bad, good
from tests.fuzz.mutate import mutated

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fuzz.corpus import Files

_MUTATIONS = (1, 1, 1, 2, 2, 4)
_OF_GOOD = 0.8
#: Inputs of one kind of failure that are kept.
_MOST_KEPT = 3


class Hunt(Struct):
    """The inputs and failures so far; ``folder`` is for work, ``kept`` for failing inputs."""

    folder: Path
    kept: Path
    dice: Random
    codes: Counter[int] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    pool: list[Files] = field(default_factory=good)
    refused: list[Files] = field(default_factory=bad)

    def step(self) -> tuple[Files, dict[str, str]] | None:
        """Test one input; return it with its output when it is accepted."""
        specs = self._next()
        try:
            call = generate(specs, self.folder)
        except Broken as broken:
            self.failed(broken.kind, broken.told, specs)
            return None
        self.codes[call.code] += 1
        if call.code:
            return None
        self.pool.append(specs)  # further changes of accepted inputs are the most useful
        return specs, call.made

    def failed(self, kind: str, told: str, specs: Files) -> None:
        """Count a failure, and keep its input."""
        self.failures[kind] += 1
        if self.failures[kind] > _MOST_KEPT:
            return
        named = hashlib.sha256(repr(sorted(specs.items())).encode()).hexdigest()[:12]
        for path, data in {
            **{f"specs/{path}": data for path, data in specs.items()},
            "told.txt": told.encode(),
        }.items():
            place = self.kept / named / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)

    def _next(self) -> Files:
        specs = dict(self.dice.choice(self.pool if self.dice.random() < _OF_GOOD else self.refused))
        donors = (*self.dice.sample(self.pool, 2), self.dice.choice(self.refused))
        others = [data for files in donors for data in files.values()]
        for _ in range(self.dice.choice(_MUTATIONS)):
            path = self.dice.choice(list(specs))
            specs[path] = mutated(specs[path], others, self.dice)
        return specs


def hunt(folder: Path, kept: Path, seed: int) -> Hunt:
    """Begin, with the output of specs that compile in place."""
    begun = Hunt(folder, kept, Random(seed))  # noqa: S311 - to try things, no secret
    generate(begun.pool[0], folder)
    return begun
