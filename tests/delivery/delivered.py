"""The shipped specs, and specs with texts that targets could interpret, delivered to all targets."""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from generator.artifact import Artifact
from generator.compiler import generate
from generator.spec.sources import read_sources

if TYPE_CHECKING:
    from generator.compiler import Compilation

SPECS = Path(__file__).parents[2] / "specs"
ALL = """\
deliver:
  kubernetes: {namespace: monitoring, rule_labels: {release: "1"}, grafana_operator: true}
  helm: {rule_labels: {release: kube-prometheus-stack}}
  mimir: {}
  terraform: {}
  victoriametrics: {}
  openslo: {}
  backstage: {}
receivers:
  pager:
    for: {severity: critical}
    pagerduty: {routing_key_file: /etc/alertmanager/pagerduty}
  support:
    for: {owner: team-support, tool: [search_docs, send_email]}
    slack: {api_url_file: /etc/alertmanager/slack, channel: "#büro-support"}
    webhook: {url_file: /etc/alertmanager/hook, token_file: /etc/alertmanager/hook-token}
  everybody:
    webhook: {url: "https://hooks.example.com/alerts"}
    email:
      to: all@example.com
      from: alerts@example.com
      smarthost: smtp.example.com:587
      auth_username: alerts@example.com
      auth_password_file: /etc/alertmanager/mail
"""
#: Placeholders of Helm and Prometheus, Flux and Grafana, Terraform, and kustomize.
MARKS = ("{{ .Values.x }}", "${x}", "%{if true}", "$(x)")
_HOSTILE = f"""\
service: hostile-agent
profile: agent
description: {yaml.safe_dump(" ".join(MARKS), width=1000).strip()}
owner: a.b@c/d
selector: {{job: {yaml.safe_dump(MARKS[0]).strip()}, zone: "${{x}}", tier: "%{{if true}}", cell: "$(x)"}}
labels:
  tool: {list(MARKS)}
  model: [gpt-4o-mini]
objectives:
  success_rate: {{min: 99.9%, window: 28d}}
"""
#: A signal of its own, whose title is a label of records.
_TITLED = f"""\
signals:
  handovers:
    title: {yaml.safe_dump(f"{' '.join(MARKS)} {MARKS[0]}", width=1000).strip()}
    description: {yaml.safe_dump(MARKS[0]).strip()}
    share: {{of: run, where: {{stop_reason: paused}}}}
    trend: {{over: 1h}}
"""


@cache
def delivered(deliver: str = ALL, *, hostile: bool = False) -> dict[str, str]:
    """Compile the specs; the texts of all files by their paths."""
    found = compiled(deliver, hostile=hostile)
    assert not found.failed, found.diagnostics
    return {file.path: file.text for file in found.files if isinstance(file, Artifact)}


def compiled(deliver: str, *, hostile: bool = False, services: int = 0, total: int = 200_000) -> Compilation:
    """Compile the specs, with one more service of odd texts, ``services`` small ones more, or another total budget."""
    with tempfile.TemporaryDirectory() as name:
        specs = Path(name)
        shutil.copytree(SPECS, specs, dirs_exist_ok=True)
        site = specs / "site.yaml"
        site.write_text(site.read_text().replace("total: 200000", f"total: {total}") + deliver)
        if hostile:
            (specs / "services/hostile-agent.yaml").write_text(_HOSTILE + _TITLED)
        for index in range(services):
            text = _HOSTILE.replace("hostile-agent", f"agent-{index}").replace("zone: ", f"zone{index}: ")
            (specs / f"services/agent-{index}.yaml").write_text(text.replace("job: ", f"job: a{index}, at: "))
        return generate(read_sources(specs))


def below(files: dict[str, str], place: str) -> dict[str, str]:
    """Choose the files of a folder."""
    return {path: text for path, text in files.items() if path.startswith(place)}


def groups_of(files: dict[str, str], name: str) -> list[Any]:
    """Read the rule groups of a service or family from the rule files, those of recording rules first."""
    paths = (f"prometheus/rules/{name}.rules.yml", f"prometheus/alerts/{name}.alerts.yml")
    return [
        group
        for path in paths
        if path in files
        for group in yaml.load(files[path], yaml.CSafeLoader)["groups"]
    ]


def subjects(files: dict[str, str]) -> list[str]:
    """Name all services and families that have rule files."""
    return sorted(
        {
            path.rpartition("/")[2].partition(".")[0]
            for path in files
            if path.endswith(("rules.yml", "alerts.yml"))
        }
    )
