"""What the repository tells contributors is true: commands, paths, versions, and what its services run."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import yaml

from generator import __version__

ROOT = Path(__file__).parent.parent
GITHUB = ROOT / ".github"
PAGES = [*sorted(GITHUB.glob("*.md")), *(ROOT / each / "README.md" for each in (".", "specs", "tests"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_targets_and_files_that_a_page_names_exist(page: Path) -> None:
    text = page.read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE)) <= targets
    links = re.findall(r"\]\(([^)#:]+)\)", text)
    assert [link for link in links if not (page.parent / link).exists()] == []
    paths = re.findall(r"`((?:generator|specs|tests)/[\w./-]+)`", text)
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_changelog_begins_with_what_is_unreleased_and_this_version() -> None:
    headings = re.findall(r"^## (\S+)", (GITHUB / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert __version__ in headings[:2]


def test_the_workflow_runs_the_script_that_anyone_can_run() -> None:
    workflow = yaml.safe_load((GITHUB / "workflows/ci.yml").read_text("utf-8"))
    assert {"run": ".ci/run"} in workflow["jobs"]["check"]["steps"]
    assert os.access(ROOT / ".ci/run", os.X_OK)


def test_hooks_before_a_commit_use_the_tools_of_the_environment() -> None:
    (local,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    assert all((ROOT / hook["entry"].split()[0]).exists() for hook in local["hooks"])
