"""The committed output is what the specs compile to, byte for byte, and compiling twice gives the same bytes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from generator.cli import main

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).parent.parent


def test_the_committed_output_is_up_to_date(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["generate", "specs", "-o", "output", "--check"]) == 0, capsys.readouterr().out


def test_a_change_of_a_spec_is_a_change_of_the_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    services = tmp_path / "specs" / "services"
    services.mkdir(parents=True)
    text = (ROOT / "specs/services/research-agent.yaml").read_text()
    (services / "research-agent.yaml").write_text(text)
    assert main(["generate"]) == 0
    assert main(["generate", "--check"]) == 0
    (services / "research-agent.yaml").write_text(f"{text}objectives: {{latency_p95: {{max: 3s}}}}\n")
    assert main(["generate", "--check"]) == 1
