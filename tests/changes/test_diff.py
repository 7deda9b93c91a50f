"""The effects of a change of specs, as its reviewer reads them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from generator.cli import main
from generator.commands import replay

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

    from generator.model.incidents import Incidents
    from generator.model.service import Model

SPECS = Path(__file__).parents[2] / "specs"


def git(place: Path, *arguments: str) -> None:
    """Run Git as somebody."""
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *arguments], cwd=place, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped specs, committed, below a directory of a repository; the current directory is theirs."""
    place = tmp_path / "deploy"
    shutil.copytree(SPECS, place / "specs")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def diff(repository: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Call the command."""
    assert repository.is_dir()

    def call(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(["diff", *arguments])
        return code, *capsys.readouterr()

    return call


def edit(path: Path, *changes: tuple[str, str]) -> None:
    """Replace existing texts."""
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


def test_nothing_changes_by_a_comment(repository: Path, diff: Callable[..., tuple[int, str, str]]) -> None:
    edit(repository / "specs/site.yaml", ("retention: 15d", "retention: 15d   # as before"))
    code, out, err = diff("HEAD")
    assert (code, err) == (0, "")
    assert out == "specs since HEAD\n  Nothing changes: the same alerts, objectives, series and dashboards.\n"


def test_each_change_is_told_once_in_words(
    repository: Path, diff: Callable[..., tuple[int, str, str]]
) -> None:
    edit(
        repository / "specs/services/support-agent.yaml",
        ("AgentToolCallsPerRunHigh: {warning: 40}", "AgentToolCallsPerRunHigh: {warning: 50}"),
        ("min: 97%, window: 30d", "min: 98%, window: 30d"),
        ("send_email]", "send_email, refund]"),
        ("team-support", "team-care"),
        ("budget: {per_day: $200}\n", ""),
    )
    code, out, _ = diff("HEAD")
    assert code == 0
    lines = out.splitlines()
    assert "  ~ AgentToolCallsPerRunHigh warning  (support-agent)" in lines
    at = lines.index("  ~ AgentToolCallsPerRunHigh warning  (support-agent)")
    assert "above the limit of 40" in lines[at + 1]
    assert "above the limit of 50" in lines[at + 2]
    assert lines[lines.index("  ~ success_rate  (support-agent)") :][:3] == [
        "  ~ success_rate  (support-agent)",
        "      was: 97% over 30d",
        "      now: 98% over 30d",
    ]
    assert "      now: search_docs, create_ticket, send_email, refund, other" in lines
    assert "      now: team-care" in lines
    # Without a budget its alerts cannot fire.
    assert "  - AgentCostBudgetExceeded critical  (support-agent)" in lines or (
        "  - AgentCostBudgetExceeded warning  (support-agent)" in lines
    )
    series = next(line for line in lines if line.startswith("  ~ support-agent: "))
    assert "(+" in series
    assert "agent-tools" in out.partition("Dashboards that look different")[2]
    assert len(lines) == len(
        {(at if line.startswith("      ") else 0, line) for at, line in enumerate(lines)}
    )


def test_the_hours_of_a_promise_are_told(repository: Path, diff: Callable[..., tuple[int, str, str]]) -> None:
    hours = "min_runs_per_hour: 120, hours: 07:00-19:00, days: mon-fri"
    edit(repository / "specs/services/support-agent.yaml", ("min_runs_per_hour: 120", hours))
    code, out, _ = diff("HEAD")
    assert code == 0
    lines = out.splitlines()
    assert lines[lines.index("  ~ traffic  (support-agent)") :][:3] == [
        "  ~ traffic  (support-agent)",
        "      was: at least 120 runs an hour",
        "      now: at least 120 runs an hour, mon-fri 07:00-19:00 UTC",
    ]


def test_services_come_and_go(repository: Path, diff: Callable[..., tuple[int, str, str]]) -> None:
    own = repository / "specs/services"
    text = (own / "research-agent.yaml").read_text()
    (own / "research-agent.yaml").unlink()
    (own / "new-agent.yaml").write_text(text.replace("research-agent", "new-agent"))
    _, out, _ = diff("HEAD")
    assert "  + service new-agent (" in out
    assert "  - service research-agent (" in out


def test_a_changed_default_is_told_once_for_all_services(
    repository: Path, diff: Callable[..., tuple[int, str, str]]
) -> None:
    edit(
        repository / "specs/signals.yaml",
        ("The error budget is spent too fast.", "The budget is spent too fast."),
    )
    _, out, _ = diff("HEAD")
    assert out.splitlines()[1:] == [
        "Others",
        "  ~ summary of AgentErrorBudgetBurn  (research-agent, support-agent)",
        "      was: The error budget is spent too fast.",
        "      now: The budget is spent too fast.",
    ]


def test_markdown_is_for_a_pull_request(repository: Path, diff: Callable[..., tuple[int, str, str]]) -> None:
    edit(
        repository / "specs/services/support-agent.yaml",
        ("Answers customer tickets.", "Answers | <b>tickets</b>."),
    )
    _, out, _ = diff("HEAD", "--format", "markdown")
    assert out.startswith("### Agent metrics since `HEAD`\n")
    row = next(line for line in out.splitlines() if "description" in line)
    assert "<b>" not in row
    assert row.replace("\\|", "").count("|") == 6


def test_a_text_of_several_lines_stays_on_one(
    repository: Path, diff: Callable[..., tuple[int, str, str]]
) -> None:
    edit(
        repository / "specs/services/support-agent.yaml",
        ("description: Answers customer tickets.", 'description: "a b\\nAlerts"'),
    )
    code, out, err = diff("HEAD")
    assert (code, err) == (0, "")
    assert "~ description  (support-agent)" in out
    assert "\nAlerts" not in out


@pytest.mark.parametrize(
    ("revision", "message"),
    [
        ("nowhere", "there is no revision nowhere"),
        ("HEAD:deploy", "there is no revision HEAD:deploy"),
        ("-x", "there is no revision -x"),
    ],
)
def test_a_revision_that_is_none_is_named(
    diff: Callable[..., tuple[int, str, str]], revision: str, message: str
) -> None:
    code, out, err = diff("--", revision)
    assert (code, out) == (2, "")
    assert message in err


def test_specs_that_were_not_there_yet_are_none(
    repository: Path, diff: Callable[..., tuple[int, str, str]]
) -> None:
    (repository / "specs").rename(repository / "moved")
    git(repository, "add", "-A")
    code, _, err = diff("HEAD", "moved")
    assert code == 2
    assert "there is no directory deploy/moved at HEAD" in err


def test_without_a_repository_there_is_nothing_to_compare_with(
    tmp_path: Path, diff: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(tmp_path / ".git")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    code, _, err = diff("HEAD")
    assert code == 2
    assert err.startswith(
        "error: HEAD is no directory of specs, and no revision either, for Git reads no repository at "
    )
    assert "not a git repository" in err
    assert "\n  help: name a directory of specs to compare with, or compare specs that are in a " in err


def test_specs_at_fault_are_told_as_by_check(
    repository: Path, diff: Callable[..., tuple[int, str, str]]
) -> None:
    good = (repository / "specs/site.yaml").read_text()
    edit(repository / "specs/site.yaml", ("retention: 15d", "retention: fifteen"))
    code, out, err = diff("HEAD")
    assert (code, out) == (1, "")
    assert "specs/site.yaml:4:12: error" in err
    git(repository, "commit", "-qam", "two")
    (repository / "specs/site.yaml").write_text(good)
    code, out, err = diff("HEAD")
    assert (code, out) == (2, "")
    assert "does not understand the specs at HEAD" in err


def test_neither_work_tree_nor_index_is_touched(
    repository: Path, diff: Callable[..., tuple[int, str, str]]
) -> None:
    edit(repository / "specs/site.yaml", ("retention: 15d", "retention: 16d"))
    before = subprocess.run(["git", "status", "--porcelain=v2"], capture_output=True, check=True).stdout
    assert "retention" in diff("HEAD")[1]
    assert (
        subprocess.run(["git", "status", "--porcelain=v2"], capture_output=True, check=True).stdout == before
    )


def test_a_replay_compares_the_last_week_by_both_specs(
    repository: Path, diff: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(repository / "specs/services/support-agent.yaml", ("team-support", "team-care"))
    calls = []

    def compared(
        arguments: Namespace, models: tuple[Model, Model], old: str, truth: Incidents | None
    ) -> list[str]:
        owners = [one.owner for model in models for one in model.services if one.name == "support-agent"]
        calls.append(
            (arguments.prometheus, arguments.last, arguments.from_, arguments.format, owners, old, truth)
        )
        return ["what fires\n"]

    monkeypatch.setattr(replay, "replay_both", compared)
    _, out, _ = diff("HEAD", "--replay", "http://localhost:9", "--format", "markdown")
    assert out.startswith("### Agent metrics since `HEAD`\n")
    assert out.endswith("\n\nwhat fires\n")
    diff("HEAD", "--replay", "http://localhost:9", "--from", "2026-03-20T00:00Z")
    assert calls == [
        ("http://localhost:9", "7d", None, "markdown", ["team-support", "team-care"], "HEAD", None),
        (
            "http://localhost:9",
            None,
            "2026-03-20T00:00Z",
            "text",
            ["team-support", "team-care"],
            "HEAD",
            None,
        ),
    ]


def test_a_span_without_a_replay_is_refused(diff: Callable[..., tuple[int, str, str]]) -> None:
    code, out, err = diff("HEAD", "--last", "7d")
    assert (code, out) == (2, "")
    assert "a span is for --replay" in err


def test_a_directory_of_specs_is_compared_with_as_well(
    repository: Path, diff: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    shutil.copytree(repository / "specs", tmp_path / "old")
    edit(repository / "specs/services/support-agent.yaml", ("team-support", "team-care"))
    code, out, _ = diff(str(tmp_path / "old"))
    assert code == 0
    assert "      now: team-care" in out


def test_what_was_generated_is_not_what_it_was_generated_of(
    diff: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    (tmp_path / "output").mkdir()
    (tmp_path / "output/manifest.json").write_text("{}")
    code, _, err = diff(str(tmp_path / "output"))
    assert code == 2
    assert "has the generated files" in err


_OF_SUPPORT, _OF_SITE = "specs/services/support-agent.yaml", "specs/site.yaml"


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        (
            _OF_SUPPORT,
            "where: {stop_reason: paused}",
            "where: {stop_reason: timeout}",
            "signal handover_rate",
        ),
        (_OF_SUPPORT, "trend: {over: 1h}", "trend: {over: 2h}", "signal handover_rate"),
        (_OF_SUPPORT, "max_live: 4, new_per_week: 2", "max_live: 4, new_per_week: 3", "release"),
        (
            _OF_SUPPORT,
            "tool: [search_docs, create_ticket, send_email]",
            "tool: {values: [search_docs, create_ticket, send_email], per: {model: 1}}",
            "tool",
        ),
        (_OF_SUPPORT, "replicas: 6", "replicas: 6\nadapters: [otlp]", "adapters"),
        (
            _OF_SUPPORT,
            "replicas: 6",
            "replicas: 6\nmetrics: {agent_run_latency_ms: {buckets: [1s, 3s, 9s]}}",
            "metric agent_run_latency_ms",
        ),
        (_OF_SUPPORT, "replicas: 6", "replicas: 6\nseries_budget: {metric: 6000}", "budget of series"),
        (
            _OF_SUPPORT,
            "AgentToolCallsPerRunHigh: {warning: 40}",
            "AgentToolCallsPerRunHigh: {warning: 40, means: Ask Ada.}",
            "meaning of AgentToolCallsPerRunHigh",
        ),
        (
            _OF_SUPPORT,
            "The provider's own status page pages us.",
            "Ask Ada.",
            "reason why AgentLLMErrorRateHigh is off",
        ),
        (_OF_SITE, "total: 200000", "total: 300000", "budget of series"),
        (_OF_SITE, "retention: 15d", "retention: 15d\ndeliver: {openslo: {}}", "delivery to openslo"),
    ],
)
def test_no_change_of_a_key_is_told_as_nothing(  # noqa: PLR0913 - a case
    repository: Path, diff: Callable[..., tuple[int, str, str]], file: str, old: str, new: str, told: str
) -> None:
    edit(repository / file, (old, new))
    code, out, err = diff("HEAD")
    assert (code, err) == (0, "")
    assert re.search(rf"^  [~+] {told}( |$)", out, re.MULTILINE), out
