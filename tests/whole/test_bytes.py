"""The output's bytes depend only on the specs: on no hash seed, time zone, locale, directory or unused profile."""

from __future__ import annotations

import shutil
import subprocess
import sys
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from generator.artifact import Artifact
from generator.cli import main
from generator.compiler import generate
from generator.spec.sources import read_sources
from tests.commands.calls import ROOT, environment
from tests.whole.compiled import compile_specs
from tests.whole.shipped import shipped

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The output of the shipped specs with one hash seed."""
    return _generated(tmp_path_factory.mktemp("first"), PYTHONHASHSEED="0")


@pytest.mark.parametrize(
    "changes",
    [
        {"PYTHONHASHSEED": "1"},
        {"PYTHONHASHSEED": "4711", "TZ": "Asia/Tokyo", "HOME": "/nowhere", "COLUMNS": "40"},
        {"PYTHONHASHSEED": "random", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONOPTIMIZE": "1"},
    ],
)
def test_neither_hash_seed_nor_environment_changes_a_byte(
    tmp_path: Path, expected: dict[str, bytes], changes: dict[str, str]
) -> None:
    assert _generated(tmp_path, **changes) == expected


def test_a_test_of_seeds_looks_at_files(expected: dict[str, bytes]) -> None:
    assert len(expected) > 20


def _generated(directory: Path, **changes: str) -> dict[str, bytes]:
    shutil.copytree(ROOT / "specs", directory / "specs")
    subprocess.run(
        [sys.executable, "-m", "generator", "generate"],
        cwd=directory,
        env=environment(**changes),
        capture_output=True,
        check=True,
        timeout=120,
    )
    output = directory / "output"
    return {
        path.relative_to(output).as_posix(): path.read_bytes() for path in output.rglob("*") if path.is_file()
    }


@pytest.fixture(scope="module")
def in_order() -> dict[str, str]:
    """The output of the shipped specs as they are."""
    return compile_specs(shipped()).files


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_keys_in_services_site_and_prices_changes_no_byte(
    seed: int, in_order: dict[str, str]
) -> None:
    specs: dict[str, Any] = shipped()
    assert compile_specs(specs, Random(seed)).files == in_order  # noqa: S311 - an order, no secret


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
