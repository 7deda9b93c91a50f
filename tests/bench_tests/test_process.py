"""The usage of processes, and their directories."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from generator.commands.compiling import checked
from tests.bench.process import Used, interleaved, used
from tests.bench.specs import FIRST, change, directory
from tests.bench.thousand import marginal

if TYPE_CHECKING:
    from pathlib import Path


def test_memory_and_cpu_are_the_commands_own() -> None:
    less, more = (used((sys.executable, "-c", f"x = b'x' * {size}")) for size in (0, 300 * 1024 * 1024))
    assert 250 < more.peak - less.peak < 350
    assert less.peak < 50
    busy = used((sys.executable, "-c", "import time\nwhile time.process_time() < 0.5: pass"))
    assert busy.cpu >= 0.5
    assert busy.elapsed >= 0.45


def test_a_command_that_fails_is_no_measurement() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        used((sys.executable, "-c", "raise SystemExit(3)"))


def test_medians_are_of_runs_in_turn() -> None:
    order: list[str] = []

    def run(name: str, cpu: float) -> Used:
        order.append(name)
        return Used(cpu + len(order), 1, 2)

    found = interleaved({"a": lambda: run("a", 0), "b": lambda: run("b", 10)}, 3)
    assert order == ["a", "b"] * 3
    assert found == {"a": Used(3, 1, 2), "b": Used(14, 1, 2)}


def test_one_more_service_is_what_lies_between_two_sizes() -> None:
    few, many = marginal({10: Used(1.1, 0, 0), 100: Used(2.0, 0, 0), 1000: Used(20, 0, 0)})
    assert (round(few.value, 9), round(many.value, 9)) == (0.01, 0.02)


def test_a_fleet_of_specs_has_no_errors_and_a_change_changes_it(tmp_path: Path) -> None:
    folder = directory(tmp_path / "specs", 6)
    found = checked(folder)
    assert found.model is not None, found.diagnostics
    assert not found.failed
    assert len(found.model.services) == 6
    before = (folder / "services" / f"{FIRST}.yaml").read_text(encoding="utf-8")
    change(folder, 95.123)
    after = (folder / "services" / f"{FIRST}.yaml").read_text(encoding="utf-8")
    assert before != after
    assert "min: 95.123%" in after
