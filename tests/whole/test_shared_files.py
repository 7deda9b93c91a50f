"""Files about all services are made from the library, the profiles and the site: no text of a service is in them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from generator.artifact import Artifact
from generator.cli import main
from generator.compiler import generate
from generator.output.write import write
from generator.spec.sources import read_sources
from tests.output.trees import artifacts

if TYPE_CHECKING:
    from collections.abc import Callable


SPECS = Path(__file__).parents[2] / "specs"
_SCORE = re.compile(r":sigmas\w+{[^}]*}")
_SHARED = re.compile(r"prometheus/(rules|alerts)/agent-[a-z-]+\.(rules|alerts)\.yml")


def _files(directory: Path) -> dict[str, str]:
    found = generate(read_sources(directory))
    assert found.files, found.diagnostics
    return {file.path: file.text for file in found.files if isinstance(file, Artifact)}


def _changed(text: str) -> str:
    """Change the numbers, owners, links, selectors and labels of a service."""
    text = text.replace("{max_live: 4, new_per_week: 2}", "{max_live: 3, new_per_week: 1}")
    text = text.replace("replicas: 6", "replicas: 5").replace(
        "min_runs_per_hour: 120", "min_runs_per_hour: 777"
    )
    text = (
        text.replace("max: 5%", "max: 6.25%")
        .replace("97%", "98.5%")
        .replace("max: 2s", "max: 3700ms")
        .replace("$200", "$331")
    )
    text = text.replace("warning: 40", "warning: 41.5").replace("30d", "28d")
    text = re.sub(r"owner: .*", "owner: team-xyz", text)
    text = re.sub(r"selector: .*", "selector: {job: another-job}", text) if "support" in text else text
    text = re.sub(r"tool: \[.*\]", "tool: [drill, saw]", text)
    text = re.sub(r"model: \[.*\]", "model: [gpt-4.1, o3]", text)
    return text.replace("logs.example.com", "elsewhere.example.org")


def _renamed(text: str) -> str:
    return text.replace("support-agent", "help-desk").replace("research-agent", "library")


@pytest.mark.parametrize("change", [_changed, _renamed])
def test_no_literal_of_a_service_is_in_a_shared_file(change: Callable[[str], str], tmp_path: Path) -> None:
    directory = tmp_path / "specs"
    shutil.copytree(SPECS, directory)
    for path in (directory / "services").iterdir():
        before = path.read_text("utf-8")
        after = change(before)
        assert after != before
        path.with_stem(change(path.stem)).write_text(after, "utf-8")
        if change(path.stem) != path.stem:
            path.unlink()
    one, other = _files(SPECS), _files(directory)
    shared = [path for path in one if _SHARED.fullmatch(path)]
    assert len(shared) > 10
    assert sorted(path for path in other if _SHARED.fullmatch(path)) == sorted(shared)
    for shared_path in shared:
        assert one[shared_path] == other[shared_path], shared_path


def test_one_service_less_or_more_changes_no_shared_rule(tmp_path: Path) -> None:
    directory = tmp_path / "specs"
    shutil.copytree(SPECS, directory)
    (directory / "services" / "research-agent.yaml").unlink()
    one, other = _files(SPECS), _files(directory)
    assert {path for path in one if _SHARED.fullmatch(path) and one[path] != other[path]} == set()


VARIED = """service: {name}
profile: agent
owner: team-demo
selector: {{job: {name}}}
labels: {{model: [gpt-4o], tool: [search]}}
objectives: {{success_rate: {{min: 97%, window: 30d}}}}
alerts:
  AgentToolCallsPerRunHigh: {{warning: {bound}, for: 7m}}
  AgentUndeclaredLabelValue: {{for: 9m}}
  AgentSuccessRateLow: {{warning: {other}, critical: 80%, keep_firing_for: 3m}}
"""


def test_services_that_vary_alike_share_one_form_whatever_their_numbers(tmp_path: Path) -> None:
    """The form includes its waiting time; the numbers are in the services' own files, in either order."""
    (tmp_path / "services").mkdir()
    for name, bound, other in (("a-agent", 31, "90%"), ("b-agent", 53, "objective - 2pp")):
        text = VARIED.format(name=name, bound=bound, other=other)
        (tmp_path / "services" / f"{name}.yaml").write_text(text, encoding="utf-8")
    files = _files(tmp_path)
    variants = "".join(
        text for path, text in files.items() if "-variants" in path and _SHARED.fullmatch(path)
    )
    assert variants.count("alert: AgentToolCallsPerRunHigh") == 2  # one a severity
    assert variants.count("alert: AgentUndeclaredLabelValue") > 1  # one a label
    assert not re.search(r"\b(31|53)\b", variants)
    own = [files[f"prometheus/rules/{name}.rules.yml"] for name in ("a-agent", "b-agent")]
    assert ["vector(31)" in text for text in own] == [True, False]
    assert ["vector(53)" in text for text in own] == [False, True]


def test_services_judge_longer_windows_by_their_own_form_of_an_alert(tmp_path: Path) -> None:
    """A part of one form's window may be the whole of another's, so no form reads what another one records."""
    (tmp_path / "services").mkdir()
    text = VARIED.format(name="a-agent", bound=31, other="90%")
    (tmp_path / "services" / "a-agent.yaml").write_text(text, encoding="utf-8")
    varied = yaml.load(_files(tmp_path)["prometheus/alerts/agent-run-variants.alerts.yml"], yaml.CSafeLoader)
    rules = [rule for group in varied["groups"] for rule in group["rules"]]
    scores = [rule for rule in rules if ":sigmas" in rule.get("record", "")]
    form = 'alert="AgentSuccessRateLow",service!="",variant="keep_firing_for=3m"'
    assert len(scores) == 4  # one a window
    for rule in scores:
        assert rule["labels"] == {"alert": "AgentSuccessRateLow", "variant": "keep_firing_for=3m"}
        assert f"service:agent_alert:variant{{{form}}}" in " ".join(rule["expr"].split())
    read = [
        selector
        for rule in rules
        if "alert" in rule
        for selector in _SCORE.findall(rule["expr"].replace("\n", ""))
    ]
    assert read
    assert all('variant="keep_firing_for=3m"' in selector for selector in read)


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
