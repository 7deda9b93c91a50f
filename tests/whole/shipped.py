"""The specs of this repository as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from tests.commands.calls import ROOT

if TYPE_CHECKING:
    from tests.whole.specs import Directory


def shipped() -> Directory:
    """Every spec file by its path in the directory."""
    files = sorted((ROOT / "specs").rglob("*.yaml"))
    return {
        path.relative_to(ROOT / "specs").as_posix(): yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)
        for path in files
    }
