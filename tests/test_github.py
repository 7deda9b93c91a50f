"""The repository's texts for contributors are true: commands, paths, versions, and the programs of its workflows."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import yaml

from generator import __version__
from generator.cli import main

ROOT = Path(__file__).parent.parent
GITHUB = ROOT / ".github"
PAGES = [
    *sorted(GITHUB.glob("*.md")),
    *(ROOT / each / "README.md" for each in (".", "generator", "specs", "tests")),
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_targets_and_files_that_a_page_names_exist(page: Path) -> None:
    text = page.read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE)) <= targets
    paths = re.findall(r"`((?:generator|specs|tests)/[\w./-]+)`", text)
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_links_of_a_page_lead_to_a_file_and_a_heading(page: Path) -> None:
    assert [link for link in _links(page) if not _leads_somewhere(page, link)] == []


def test_the_readme_and_the_guide_have_links_that_are_checked() -> None:
    assert len(_links(ROOT / "README.md")) > 10
    assert len(_links(GITHUB / "GUIDE.md")) > 20
    assert not _leads_somewhere(ROOT / "README.md", ".github/GUIDE.md#no-such-heading")
    assert not _leads_somewhere(ROOT / "README.md", ".github/NO.md")


def test_the_table_of_contents_of_the_guide_lists_its_headings_in_order() -> None:
    guide = GITHUB / "GUIDE.md"
    listed = [link.removeprefix("#") for link in _links(guide) if link.startswith("#")]
    anchors = _anchors(guide.read_text("utf-8"))[1:]
    assert listed[: len(anchors)] == anchors


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_commands_that_a_page_shows_have_the_options_that_it_shows(
    page: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command, options in _calls(page.read_text("utf-8")):
        with pytest.raises(SystemExit) as exit_:
            main([command, "--help"])
        assert exit_.value.code == 0
        known = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", capsys.readouterr().out))
        assert set(options) - known == set(), command


def test_commands_of_a_page_are_found() -> None:
    calls = _calls(
        "Run `agent-metrics init my-specs --repository`.\n\n```sh\nagent-metrics check a \\\n  --format json\n```\n"
    )
    assert calls == [("init", ["--repository"]), ("check", ["--format"])]
    assert len(_calls((GITHUB / "GUIDE.md").read_text("utf-8"))) > 15


def _calls(text: str) -> list[tuple[str, list[str]]]:
    """List the calls of the command on a page: the command's name, and the options."""
    joined = text.replace("\\\n", " ")
    shown = re.findall(r"(?:^|`)agent-metrics ([a-z]+)\b([^`\n#]*)", joined, re.MULTILINE)
    return [(command, re.findall(r"(?<=\s)--?[a-z][a-z-]*", rest)) for command, rest in shown]


def _links(page: Path) -> list[str]:
    """List the relative links and pictures of a page, without those in code."""
    prose = re.sub(
        r"^```.*?^```$|`[^`\n]*`(?!\])", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", prose) if "://" not in link]


def _leads_somewhere(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = page.parent / path if path else page
    if not target.exists():
        return False
    return not anchor or anchor in _anchors(target.read_text("utf-8"))


def _anchors(text: str) -> list[str]:
    """Derive the anchors of headings as GitHub does: lower case, dashes for blanks, no other punctuation."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#{1,6} (.+)$", prose, re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


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
