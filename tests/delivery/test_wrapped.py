"""Every form contains the rules and dashboards of the output, and no target interprets their text.

Helm, kustomize and Terraform are not installed by these tests. Instead the tests check that no text of specs is in a
template or a module, and that files are placed unchanged. By hand Helm 3.18 (``template``, ``lint``) and kustomize 5.7
(``build``) gave the groups of the rule files and the JSON of the dashboards, and ``terraform fmt -check`` read the
module.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from generator.delivery.openslo import shorthand
from tests.delivery.delivered import ALL, MARKS, below, delivered, groups_of, subjects

if TYPE_CHECKING:
    from collections.abc import Callable

Form = tuple[str, "Callable[[Any], Any]"]
FORMS: dict[str, Form] = {
    "kubernetes": ("kubernetes/rules/{}.yaml", lambda found: found["spec"]["groups"]),
    "victoriametrics": ("victoriametrics/{}.yaml", lambda found: _plain(found["spec"]["groups"])),
    "helm": ("helm/files/rules/{}.yaml", lambda found: found["groups"]),
}


def _plain(groups: list[Any]) -> list[Any]:
    """Read the labels of recording rules as vmalert fills them in; none may begin a template of another kind."""
    for rule in (one for group in groups for one in group["rules"] if "record" in one):
        for name, text in rule.get("labels", {}).items():
            assert "{{" not in text.replace("{{`{{`}}", "")
            rule["labels"][name] = text.replace("{{`{{`}}", "{{")
    return groups


def _tiled(groups: list[Any]) -> list[Any]:
    """Shorten the windows of the raw pass to a rule interval: in VictoriaMetrics these tile time."""
    for rule in (one for group in groups for one in group["rules"]):
        rule["expr"] = rule["expr"].replace("[1m15s]", "[1m]")
    return groups


@pytest.mark.parametrize("hostile", [False, True])
@pytest.mark.parametrize("target", FORMS)
def test_the_groups_are_those_of_the_rule_files(target: str, hostile: bool) -> None:  # noqa: FBT001
    files = delivered(hostile=hostile)
    place, groups = FORMS[target]
    for name in subjects(files):
        found = groups(yaml.load(files[place.format(name)], yaml.CSafeLoader))
        written = groups_of(files, name)
        assert found == (_tiled(written) if target == "victoriametrics" else written)
        assert len({group["name"] for group in found}) == len(found)
        assert max(len(group["rules"]) for group in found) <= 20


@pytest.mark.parametrize("hostile", [False, True])
def test_a_ruler_gets_all_groups_by_namespace(hostile: bool) -> None:  # noqa: FBT001
    files = delivered(hostile=hostile)
    found = {path: yaml.load(text, yaml.CSafeLoader) for path, text in below(files, "mimir/").items()}
    services = [name for name in subjects(files) if f"mimir/agent-metrics-{name}.yaml" in found]
    assert len(found) == 1 + len(services)
    for name in services:
        own = found[f"mimir/agent-metrics-{name}.yaml"]
        assert own == {"namespace": f"agent-metrics-{name}", "groups": groups_of(files, name)}
    shared = found["mimir/agent-metrics.yaml"]
    every = [group for name in subjects(files) if name not in services for group in groups_of(files, name)]
    assert shared["namespace"] == "agent-metrics"
    assert sorted(shared["groups"], key=lambda group: group["name"]) == sorted(
        every, key=lambda group: group["name"]
    )
    names = [group["name"] for group in shared["groups"]]
    assert len(names) == len(set(names))


def test_dashboards_are_the_same_without_blanks() -> None:
    files = delivered()
    for path, text in below(files, "grafana/dashboards/").items():
        uid = path.rpartition("/")[2].removesuffix(".json")
        data = yaml.load(files[f"kubernetes/dashboards/{uid}.yaml"], yaml.CSafeLoader)["data"]
        assert list(data) == [f"{uid}.json"]
        assert json.loads(data[f"{uid}.json"]) == json.loads(text)
        assert files[f"helm/files/dashboards/{uid}.json"] == data[f"{uid}.json"]
        assert "\n" not in data[f"{uid}.json"]
        assert '": ' not in re.sub(r'"(?:[^"\\]|\\.)*"', '""', data[f"{uid}.json"])


def test_what_a_target_would_fill_in_is_in_the_specs_of_this_test() -> None:
    rules = delivered(hostile=True)["prometheus/rules/hostile-agent.rules.yml"]
    assert all(mark in rules for mark in MARKS)


def test_helm_renders_no_text_of_specs() -> None:
    templates, hostile = (below(delivered(hostile=each), "helm/templates/") for each in (False, True))
    assert templates == hostile
    names = ("rules", "dashboards", "receivers")
    assert set(templates) == {f"helm/templates/{name}.yaml" for name in names}
    rendered = "".join(templates.values()) + delivered(hostile=True)["helm/values.yaml"]
    assert not any(mark in rendered for mark in MARKS)
    # Get places a file as it is; tpl would render it.
    assert all(re.search(r"\.Files\.Get \S+ \| indent", text) for text in templates.values())
    assert not any("tpl" in text for text in templates.values())
    values = yaml.load(delivered(hostile=True)["helm/values.yaml"], yaml.CSafeLoader)
    assert values["owners"]["hostile-agent"] == "a.b@c/d"


def test_a_label_of_the_site_takes_the_place_of_ours_in_the_chart() -> None:
    """Two keys of one name would not be YAML."""
    for text in below(delivered(), "helm/templates/").values():
        _, _, labels = text.partition("  labels:\n")
        first, _, rest = labels.partition("\n")
        assert first.strip().startswith('{{- toYaml (mergeOverwrite (dict "app.kubernetes.io/part-of" ')
        assert rest.startswith("  annotations:")


def test_the_receivers_of_the_chart_are_those_of_kubernetes() -> None:
    files = delivered()
    chart, objects = files["helm/files/receivers.yaml"], files["kubernetes/receivers.yaml"]
    assert yaml.load(chart, yaml.CSafeLoader) == yaml.load(objects, yaml.CSafeLoader)["spec"]
    command = "kubectl create secret generic agent-metrics-receivers -n {} --from-file=hook "
    assert command.format("NAMESPACE") in chart
    assert command.format("monitoring") in objects
    assert yaml.load(files["helm/values.yaml"], yaml.CSafeLoader)["receivers"] is True


def test_a_chart_without_receivers_has_nothing_of_theirs() -> None:
    files = delivered("deliver: {helm: {}}\n")
    assert [path for path in below(files, "helm/") if "receivers" in path] == []
    assert "receiver" not in files["helm/values.yaml"]


def test_the_secret_of_the_chart_has_the_name_of_the_site() -> None:
    named = ALL.replace("{release: kube-prometheus-stack}}", "{release: x}, receiver_secret: pagers}")
    assert "generic pagers -n NAMESPACE" in delivered(named)["helm/files/receivers.yaml"]
    assert "agent-metrics-receivers" in delivered(named)["kubernetes/receivers.yaml"]


def test_flux_is_kept_from_filling_in_objects() -> None:
    kept = 0
    for text in below(delivered(hostile=True), "kubernetes/").values():
        for each in text.split("\n---\n"):
            if "${" in each:
                assert "kustomize.toolkit.fluxcd.io/substitute: disabled" in each
                kept += 1
    assert kept > 7


@pytest.mark.parametrize("rules", ["mimir", "amp", "none"])
def test_terraform_reads_files_and_holds_no_text_of_specs(rules: str) -> None:
    deliver = f"deliver: {{terraform: {{rules: {rules}}}}}\n"
    (main,) = below(delivered(deliver), "terraform/").values()
    assert main == delivered(deliver, hostile=True)["terraform/main.tf"]
    assert set(re.findall(r"[$%]\{[a-z_.]*", main)) <= {"${path.module", "${each.key", "${replace"}
    assert {"mimir": "mimir_rules", "amp": "aws_prometheus_rule_group_namespace", "none": ""}[rules] in main
    assert ("../prometheus" in main) == (rules != "none")


def test_a_namespace_of_terraform_is_that_of_one_rule_file() -> None:
    """Terraform itself is not run here: the same three steps over the names of the files."""
    files = [path for path in delivered() if re.fullmatch(r"prometheus/(rules|alerts)/.*\.yml", path)]
    names = [
        f"agent-metrics-{path.rpartition('/')[2].removesuffix('.yml').replace('.', '-')}" for path in files
    ]
    assert len(names) == len(set(names))


def test_openslo_reads_what_burn_rates_read() -> None:
    files = delivered(hostile=True)
    service, slo = yaml.safe_load_all(files["openslo/hostile-agent.yaml"])
    assert (service["kind"], service["metadata"]["name"]) == ("Service", "hostile-agent")
    assert service["spec"]["description"] == " ".join(MARKS)
    spec = slo["spec"]
    assert spec["objectives"][0]["target"] == 0.999
    assert spec["timeWindow"] == [{"duration": "28d", "isRolling": True}]
    ratio = spec["indicator"]["spec"]["ratioMetric"]
    rules = yaml.load(files["prometheus/rules/agent-run.rules.yml"], yaml.CSafeLoader)["groups"]
    rules += yaml.load(files["prometheus/rules/agent-streams.rules.yml"], yaml.CSafeLoader)["groups"]
    recorded = {rule["record"] for group in rules for rule in group["rules"]}
    assert ratio["counter"] is False
    for side in ("bad", "total"):
        query = ratio[side]["metricSource"]["spec"]["query"]
        assert query.endswith('{service="hostile-agent"}')
        assert query.partition("{")[0] in recorded


@pytest.mark.parametrize(("seconds", "written"), [(2_592_000, "30d"), (129_600, "36h"), (5_400, "90m")])
def test_openslo_has_durations_of_one_unit(seconds: int, written: str) -> None:
    assert shorthand(seconds) == written


def test_backstage_links_to_the_service() -> None:
    found = yaml.load(delivered()["backstage/support-agent.yaml"], yaml.CSafeLoader)["metadata"]
    assert found["annotations"]["grafana/alert-label-selector"] == "service=support-agent"
    assert found["links"][0]["url"] == ("http://localhost:3000/d/agent-overview?var-service=support-agent")
    assert all(
        f"grafana/dashboards/{link['url'].partition('?')[0].rpartition('/')[2]}.json" in delivered()
        for link in found["links"]
    )
