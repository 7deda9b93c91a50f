"""The useful parts of Prometheus's log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.live.process import last_errors

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("log", "told"),
    [
        ("", ""),
        ("prometheus: unknown flag --x\n", "prometheus: unknown flag --x"),
        ('ts=1 level=error msg="failed" err="a.yml: group \\"g\\", rule 1"', 'a.yml: group "g", rule 1'),
        ("ts=1 level=error err=EOF component=web", "EOF"),
        (r'ts=1 err="a\x00b"', r'"a\x00b"'),
        ("ts=1 msg=starting\nts=2 level=error err=first\nts=3 msg=bye\nts=4 err=second", "first\nsecond"),
        ("\n".join(f"err={n}" for n in range(9)), "6\n7\n8"),
    ],
)
def test_only_the_last_reasons_are_told(tmp_path: Path, log: str, told: str) -> None:
    path = tmp_path / "log"
    path.write_text(log, encoding="utf-8")
    assert last_errors(path) == told
