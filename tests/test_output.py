"""The committed output equals the compiled specs, byte for byte; and the messages of ``generate`` that writes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.cli import main
from tests.output.trees import snapshot

ROOT = Path(__file__).parent.parent
SERVICE = (ROOT / "specs/services/research-agent.yaml").read_text()
RULES = "output/prometheus/rules/research-agent.rules.yml"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of one service, with its output."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "specs" / "services").mkdir(parents=True)
    (tmp_path / "specs" / "services" / "research-agent.yaml").write_text(SERVICE)
    assert main(["generate"]) == 0
    return tmp_path


def test_the_committed_output_is_up_to_date(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["generate", "specs", "-o", "output", "--check"]) == 0, capsys.readouterr().out


def test_a_change_of_a_spec_is_a_change_of_the_output(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["generate", "--check"]) == 0
    changed = f"{SERVICE}objectives: {{latency_p95: {{max: 3s}}}}\n"
    (project / "specs" / "services" / "research-agent.yaml").write_text(changed)
    before = snapshot(project / "output")
    capsys.readouterr()
    assert main(["generate", "--check"]) == 1
    assert "output: out of date: " in capsys.readouterr().out
    assert snapshot(project / "output") == before


def test_the_files_of_a_removed_service_go_and_nobody_elses(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    services = project / "specs" / "services"
    (services / "other.yaml").write_text(SERVICE.replace("research-agent", "other-agent"))
    assert main(["generate"]) == 0
    rules = project / "output" / "prometheus" / "rules"
    assert (rules / "other-agent.rules.yml").exists()
    (rules / "mine.rules.yml").write_text("groups: []\n")
    (rules.parent / "tests" / "other-agent.test.yml").write_text("tuned by hand\n")
    (services / "other.yaml").unlink()
    capsys.readouterr()
    assert main(["generate"]) == 0
    assert "edited by hand, kept: prometheus/tests/other-agent.test.yml" in capsys.readouterr().out
    own = {path.name for path in rules.iterdir() if not path.name.startswith("agent-")}
    assert own == {"mine.rules.yml", "research-agent.rules.yml"}
    left = [path.name for path in (project / "output").rglob("*other*")]
    assert left == ["other-agent.test.yml"]
    assert main(["generate", "--check"]) == 0


def test_a_file_of_ours_edited_by_hand_is_found_and_replaced(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = snapshot(project / "output")
    (project / RULES).write_text("groups: []\n")
    capsys.readouterr()
    assert main(["generate", "--check"]) == 1
    name = RULES.removeprefix("output/")
    assert capsys.readouterr().out == f"output: out of date: 1 changed\n  changed: {name}\n"
    assert main(["generate"]) == 0
    assert f"edited by hand, replaced: {name}\n" in capsys.readouterr().out
    assert snapshot(project / "output") == before


def test_a_spec_at_fault_leaves_the_output_untouched(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = snapshot(project / "output")
    (project / "specs" / "services" / "research-agent.yaml").write_text(f"{SERVICE}unknown: key\n")
    assert main(["generate"]) == 1
    assert "nothing was written to output\n" in capsys.readouterr().err
    assert snapshot(project / "output") == before


@pytest.mark.parametrize("check", [[], ["--check"]], ids=["write", "check"])
def test_an_output_that_cannot_be_written_is_the_calls_fault_with_a_way_on(
    project: Path, capsys: pytest.CaptureFixture[str], check: list[str]
) -> None:
    (project / "link").symlink_to("output")
    before = snapshot(project)
    capsys.readouterr()
    assert main(["generate", "-o", "link", *check]) == 2
    assert capsys.readouterr().err == (
        f'error: "{project}/link" is a link; the output is never written through a link\n'
        "  help: name the directory that it leads to\n"
    )
    assert snapshot(project) == before


def test_a_foreign_file_of_a_name_that_we_want_stops_the_write(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = SERVICE.replace("research-agent", "other-agent")
    (project / "specs" / "services" / "other.yaml").write_text(other)
    (project / RULES).with_name("other-agent.rules.yml").write_text("mine\n")
    before = snapshot(project / "output")
    capsys.readouterr()
    assert main(["generate"]) == 2
    assert capsys.readouterr().err == (
        f'error: "{project}/output" has files in the way of the output: '
        '"prometheus/rules/other-agent.rules.yml" is a file that was not generated\n'
        "  help: move or delete it, then run again, or choose another output directory; nothing was written\n"
    )
    assert snapshot(project / "output") == before
