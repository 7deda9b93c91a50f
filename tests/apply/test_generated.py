"""Only generated files are applied: none edited, none incomplete."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from generator.apply.generated import read_output
from generator.artifact import Artifact
from generator.output.outcome import OutputError
from generator.output.write import write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

A, B = "grafana/dashboards/agent-a.json", "grafana/dashboards/agent-b.json"
RULES = "prometheus/rules/agent.rules.yml"


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """An output as it was generated."""
    place = tmp_path / "output"
    artifacts = [Artifact(A, '{"uid": "agent-a"}'), Artifact(B, '{"uid": "agent-b"}')]
    write([*artifacts, Artifact(RULES, "groups: [{name: g, rules: []}]")], place)
    return place


def test_dashboards_and_rules_are_read(output: Path) -> None:
    generated = read_output(output)
    assert [one["uid"] for one in generated.dashboards] == ["agent-a", "agent-b"]
    assert generated.rule_files == {"agent.rules.yml": ({"name": "g", "rules": []},)}


def test_the_digest_stands_for_all_files(output: Path) -> None:
    before = read_output(output).digest
    assert read_output(output).digest == before
    write([Artifact(A, '{"uid": "agent-a", "title": ""}')], output)
    assert read_output(output).digest != before


def test_files_that_were_not_generated_are_not_read(output: Path) -> None:
    (output / "grafana/dashboards/mine.json").write_text("not JSON", encoding="utf-8")
    assert len(read_output(output).dashboards) == 2


def edited(output: Path) -> None:
    (output / A).write_text('{"uid": "agent-a"} ', encoding="utf-8")


def missing(output: Path) -> None:
    (output / B).unlink()


def linked(output: Path) -> None:
    (output / "elsewhere").write_bytes((output / B).read_bytes())
    (output / B).unlink()
    (output / B).symlink_to(output / "elsewhere")


def unfinished(output: Path) -> None:
    manifest = json.loads((output / "manifest.json").read_bytes())
    manifest["before"] = {A: [manifest["files"][A]]}
    (output / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def conflicting(output: Path) -> None:
    lines = (output / "manifest.json").read_text(encoding="utf-8").splitlines()
    text = "\n".join(("<<<<<<< ours", *lines, "=======", *lines, ">>>>>>> theirs"))
    (output / "manifest.json").write_text(text, encoding="utf-8")


def nothing_says_so(output: Path) -> None:
    (output / "manifest.json").unlink()


def garbage(output: Path) -> None:
    (output / "manifest.json").write_text("{", encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (edited, "not as it was generated; edited: grafana/dashboards/agent-a.json"),
        (missing, "not as it was generated; missing: grafana/dashboards/agent-b.json"),
        (linked, "not as it was generated; missing: grafana/dashboards/agent-b.json"),
        (unfinished, "only partly written, or merged by hand"),
        (conflicting, "only partly written, or merged by hand"),
        (nothing_says_so, "has no manifest.json"),
        (garbage, "cannot be read: Input data was truncated"),
    ],
)
def test_an_output_that_is_not_as_generated_is_refused(
    output: Path, change: Callable[[Path], None], said: str
) -> None:
    change(output)
    with pytest.raises(OutputError, match=said) as caught:
        read_output(output)
    assert caught.value.help


def test_an_output_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="there is no") as caught:
        read_output(tmp_path / "no" / "output")
    assert "agent-metrics generate" in caught.value.help
