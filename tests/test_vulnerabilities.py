"""The report lists every package, and whether it was looked up."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
CLEAN: dict[str, Any] = {"name": "a", "version": "1.0", "vulns": []}
KNOWN = {
    "name": "b",
    "version": "2.0",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"], "aliases": [], "description": "x"}],
}
SKIPPED = {"name": "c", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("packages", "status", "said"),
    [
        (
            [CLEAN],
            0,
            [
                "a 1.0: looked up, nothing is known",
                "1 of 1 packages were looked up; vulnerabilities known: 0",
            ],
        ),
        (
            [CLEAN, KNOWN],
            1,
            ["a 1.0: looked up, nothing is known", "b 2.0: VULNERABLE: PYSEC-1, mended in 2.1"],
        ),
        ([CLEAN, SKIPPED], 2, ["a 1.0: looked up, nothing is known", "c: NOT LOOKED UP: not found"]),
        ([SKIPPED, KNOWN], 1, ["c: NOT LOOKED UP: not found", "b 2.0: VULNERABLE: PYSEC-1, mended in 2.1"]),
        ([], 2, ["0 of 0 packages were looked up; vulnerabilities known: 0"]),
    ],
)
def test_every_package_has_a_line(packages: list[Any], status: int, said: list[str]) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.vulnerabilities"],
        cwd=ROOT,
        input=json.dumps({"dependencies": packages, "fixes": []}),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert ended.returncode == status
    assert ended.stdout.splitlines()[: len(said)] == said
