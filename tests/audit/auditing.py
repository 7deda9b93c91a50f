"""The command ``audit`` on specs and expositions, and specs with a suggested change in them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

from generator.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def report(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Run ``audit`` and return its exit code and its output; standard error must be empty."""
    capsys.readouterr()
    status = main(["audit", *arguments])
    told = capsys.readouterr()
    assert not told.err, told.err
    return status, told.out


def paste(fix: dict[str, str], directory: Path) -> None:
    """Write a suggested change into a file below ``directory``."""
    path = directory / fix["file"]
    before = yaml.safe_load(path.read_text("utf-8"))
    # JSON is YAML with quotes around every text.
    path.write_text(json.dumps(_merged(before, yaml.safe_load(fix["yaml"]))), "utf-8")


def _merged(before: object, change: object) -> Any:  # noqa: ANN401 - any YAML
    # A label bounded by a list may become one bounded by a number: only mappings are merged.
    if not isinstance(before, dict) or not isinstance(change, dict):
        return change
    return {**before, **{key: _merged(before.get(key), value) for key, value in change.items()}}
