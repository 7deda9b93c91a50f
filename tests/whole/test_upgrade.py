"""An output directory from the time when each service had all rules: our files are removed, edited ones are named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.cli import main
from generator.output.write import write
from tests.output.trees import artifacts
from tests.whole.test_shared_files import SPECS

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

OLD = {
    "prometheus/alerts/research-agent.alerts.yml": "groups: []\n",
    "prometheus/alerts/support-agent.alerts.yml": "groups: []\n",
    "prometheus/rules/support-agent.rules.yml": "groups: []\n",
    "prometheus/tests/old-agent.test.yml": "tests: []\n",
}
EDITED = "prometheus/alerts/support-agent.alerts.yml"


def test_old_files_of_ours_go_and_those_that_were_changed_are_kept_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "output"
    write(artifacts(OLD), output)
    (output / EDITED).write_text("groups: []  # ours\n", encoding="utf-8")
    code = main(["generate", str(SPECS), "-o", str(output)])
    told = capsys.readouterr()
    assert code == 0
    assert not (output / "prometheus/alerts/research-agent.alerts.yml").exists()
    assert not (output / "prometheus/tests/old-agent.test.yml").exists()
    assert (output / EDITED).read_text("utf-8") == "groups: []  # ours\n"
    assert EDITED in told.out + told.err
    assert "stream:agent_run:rate" in (output / "prometheus/rules/support-agent.rules.yml").read_text("utf-8")
