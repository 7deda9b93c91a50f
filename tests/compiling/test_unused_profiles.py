"""Profiles that no service uses change no output, and are counted nowhere."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from generator.artifact import Artifact
from generator.cli import main
from generator.compiler import generate
from generator.spec.sources import read_sources
from tests.commands.calls import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

PROFILES = "profiles"


def _files(specs: Path) -> dict[str, str]:
    return {
        file.path: file.text for file in generate(read_sources(specs)).files if isinstance(file, Artifact)
    }


def test_profiles_that_no_service_uses_leave_the_output_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    specs = tmp_path / "specs"
    shutil.copytree(ROOT / "specs", specs, ignore=shutil.ignore_patterns(PROFILES))
    without = _files(specs)
    shutil.copytree(ROOT / "specs" / PROFILES, specs / PROFILES)
    beside = _files(specs)
    assert [path for path in without if beside.get(path) != without[path]] == []
    assert beside.keys() == without.keys()
    assert main(["cardinality", str(specs), "--format", "json"]) == 0
    assert capsys.readouterr().out == without["reports/cardinality.json"]
