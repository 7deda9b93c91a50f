"""Every object of Kubernetes is valid for a cluster, without unknown keys.

The schemas are those of the custom resources themselves (see ``crds/NOTICE``). A cluster would drop unknown keys, so
they are refused here. A cluster's checks of metadata and of a ConfigMap are not in them, and are written out below.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.delivery.delivered import ALL, below, delivered, subjects

CRDS = Path(__file__).parent / "crds"
_TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
_QUALIFIED = r"^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
_METADATA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "maxLength": 253, "pattern": r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"},
        "namespace": {"type": "string", "maxLength": 63, "pattern": r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"},
        "labels": {
            "type": "object",
            "propertyNames": {"pattern": _QUALIFIED},
            "additionalProperties": {
                "type": "string",
                "maxLength": 63,
                "pattern": r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$",
            },
        },
        "annotations": {**_TEXTS, "propertyNames": {"pattern": _QUALIFIED}},
    },
}
_CONFIG_MAP = {
    "type": "object",
    "additionalProperties": False,
    "required": ["apiVersion", "kind", "metadata", "data"],
    "properties": {
        "apiVersion": {"const": "v1"},
        "kind": {"const": "ConfigMap"},
        "metadata": _METADATA,
        "data": {**_TEXTS, "propertyNames": {"pattern": r"^[-._a-zA-Z0-9]{1,253}$"}},
    },
}


def _schema(kind: str) -> dict[str, Any]:
    if kind == "ConfigMap":
        return _CONFIG_MAP
    found = json.loads((CRDS / f"{kind}.json").read_text())
    schema: dict[str, Any] = _strict(found["schema"])
    properties = schema["properties"]
    properties["apiVersion"] = {"const": f"{found['group']}/{found['version']}"}
    properties["kind"] = {"const": kind}
    properties["metadata"] = _METADATA
    properties.pop("status", None)
    return schema


def _strict(schema: Any) -> Any:  # noqa: ANN401 - any part of a schema
    """Refuse unknown keys everywhere, and translate Kubernetes's own keywords into JSON Schema."""
    if isinstance(schema, list):
        return [_strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _strict(each) for key, each in schema.items() if not key.startswith("x-kubernetes-")}
    # Python has no flags within a pattern.
    if str(found.get("pattern", "")).startswith("^(?i)"):
        found["pattern"] = "(?i)^" + found["pattern"].removeprefix("^(?i)")
    if "properties" in found and not schema.get("x-kubernetes-preserve-unknown-fields"):
        found.setdefault("additionalProperties", False)
    return found


def _objects(files: dict[str, str]) -> list[Any]:
    names = [path for path in files if not path.endswith("kustomization.yaml")]
    return [each for path in names for each in yaml.safe_load_all(files[path])]


@pytest.mark.parametrize("hostile", [False, True])
@pytest.mark.parametrize(
    ("place", "kinds"),
    [
        (
            "kubernetes/",
            {"PrometheusRule", "ConfigMap", "GrafanaFolder", "GrafanaDashboard", "AlertmanagerConfig"},
        ),
        ("victoriametrics/", {"VMRule"}),
    ],
)
def test_every_object_fits_the_schema_of_its_kind(place: str, kinds: set[str], hostile: bool) -> None:  # noqa: FBT001
    objects = _objects(below(delivered(hostile=hostile), place))
    for each in objects:
        jsonschema.validate(each, _schema(each["kind"]))
    assert {each["kind"] for each in objects} == kinds
    names = [(each["kind"], each["metadata"]["name"]) for each in objects]
    assert len(names) == len(set(names))


def test_every_route_below_the_first_fits_the_schema_of_that_one() -> None:
    """The resource does not describe nested routes."""
    schema = _schema("AlertmanagerConfig")["properties"]["spec"]["properties"]["route"]
    routes = yaml.load(delivered()["kubernetes/receivers.yaml"], yaml.CSafeLoader)["spec"]["route"]["routes"]
    assert [route["receiver"] for route in routes] == ["pager", "support"]
    for route in routes:
        jsonschema.validate(route, schema)


def test_receivers_are_those_of_alertmanager_with_secrets_by_reference() -> None:
    files = delivered()
    plain = yaml.load(files["prometheus/alertmanager.yml"], yaml.CSafeLoader)
    found = yaml.load(files["kubernetes/receivers.yaml"], yaml.CSafeLoader)["spec"]
    assert [one["name"] for one in found["receivers"]] == [one["name"] for one in plain["receivers"]]
    assert found["route"]["receiver"] == plain["route"]["receiver"] == "everybody"
    # Alerts of other teams in the cluster reach nobody here.
    assert found["route"]["matchers"] == [{"name": "signal", "value": "", "matchType": "!="}]
    for route, same in zip(found["route"]["routes"], plain["route"]["routes"], strict=True):
        matchers = [f"{one['name']}{one['matchType']}{json.dumps(one['value'])}" for one in route["matchers"]]
        assert matchers == same["matchers"]
        assert (route["repeatInterval"], route["continue"]) == (same["repeat_interval"], True)
    pager, support, everybody = found["receivers"]
    secret = {"name": "agent-metrics-receivers"}
    assert pager["pagerdutyConfigs"][0]["routingKey"] == {**secret, "key": "pagerduty"}
    assert support["slackConfigs"][0]["apiURL"] == {**secret, "key": "slack"}
    (hook,) = support["webhookConfigs"]
    assert hook["urlSecret"] == {**secret, "key": "hook"}
    assert hook["httpConfig"] == {"authorization": {"credentials": {**secret, "key": "hook-token"}}}
    assert everybody["emailConfigs"][0]["authPassword"] == {**secret, "key": "mail"}
    assert everybody["webhookConfigs"][0]["url"] == "https://hooks.example.com/alerts"
    assert "/etc/alertmanager" not in files["kubernetes/receivers.yaml"]


def test_without_receivers_there_is_no_object_of_theirs_and_the_secret_may_be_another() -> None:
    assert "kubernetes/receivers.yaml" not in delivered("deliver: {kubernetes: {}}\n")
    named = ALL.replace("grafana_operator: true}", "grafana_operator: true, receiver_secret: pagers}")
    text = delivered(named)["kubernetes/receivers.yaml"]
    assert "kubectl create secret generic pagers -n monitoring --from-file=hook " in text
    assert "name: agent-metrics-receivers\n        key:" not in text


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            lambda one: one["spec"]["groups"][0].update(intervall="1m"), id="unknown key of a group"
        ),
        pytest.param(
            lambda one: one["spec"]["groups"][0]["rules"][0].update(unit="s"), id="unknown key of a rule"
        ),
        pytest.param(lambda one: one["spec"]["groups"][0].update(interval="1.5m"), id="duration"),
        pytest.param(lambda one: one["metadata"]["labels"].update(release=1), id="number for a label"),
        pytest.param(lambda one: one["metadata"].update(name="Agent_Metrics"), id="name"),
    ],
)
def test_the_schemas_refuse_what_a_cluster_would_drop_or_refuse(change: Any) -> None:  # noqa: ANN401 - a lambda
    found = yaml.load(delivered()["kubernetes/rules/agent-run.yaml"], yaml.CSafeLoader)
    change(found)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found, _schema("PrometheusRule"))


@pytest.mark.parametrize(
    "place", ["kubernetes", "kubernetes/rules", "kubernetes/dashboards", "victoriametrics"]
)
def test_a_kustomization_lists_what_stands_beside_it(place: str) -> None:
    files = delivered()
    listing = yaml.load(files[f"{place}/kustomization.yaml"], yaml.CSafeLoader)
    assert (listing["apiVersion"], listing["kind"]) == ("kustomize.config.k8s.io/v1beta1", "Kustomization")
    beside = {path.removeprefix(f"{place}/").partition("/")[0] for path in below(files, f"{place}/")}
    assert sorted(listing["resources"]) == sorted(beside - {"kustomization.yaml"})


def test_every_subject_has_its_rules() -> None:
    files = delivered(hostile=True)
    for place in ("kubernetes/rules", "victoriametrics"):
        assert {f"{place}/{name}.yaml" for name in subjects(files)} <= files.keys()


def test_objects_carry_what_finds_them_and_what_keeps_them_as_they_are() -> None:
    found = yaml.load(delivered(hostile=True)["kubernetes/rules/hostile-agent.yaml"], yaml.CSafeLoader)[
        "metadata"
    ]
    assert found == {
        "name": "agent-metrics-hostile-agent",
        "namespace": "monitoring",
        "labels": {"app.kubernetes.io/part-of": "agent-metrics", "release": "1"},
        "annotations": {
            "kustomize.toolkit.fluxcd.io/substitute": "disabled",
            "agent-metrics/owner": "a.b@c/d",
        },
    }


def test_without_an_operator_a_sidecar_finds_the_dashboards() -> None:
    files = delivered("deliver: {kubernetes: {folder_annotation: example.com/folder}}\n")
    found = yaml.load(files["kubernetes/dashboards/agent-fleet.yaml"], yaml.CSafeLoader)["metadata"]
    assert found["labels"]["grafana_dashboard"] == "1"
    assert found["annotations"]["example.com/folder"] == "Agent metrics"
    assert "kubernetes/dashboards/grafana.yaml" not in files
    assert "namespace" not in found


def test_an_operator_is_given_every_dashboard_once() -> None:
    files = delivered()
    objects = {
        each["metadata"]["name"]: each for each in _objects(below(files, "kubernetes/dashboards/agent"))
    }
    folder, *dashboards = yaml.safe_load_all(files["kubernetes/dashboards/grafana.yaml"])
    assert (folder["kind"], folder["spec"]["uid"]) == ("GrafanaFolder", "agent-metrics")
    for each in dashboards:
        source = each["spec"]["configMapRef"]
        assert source["key"] in objects[source["name"]]["data"]
        assert each["spec"]["folderRef"] == folder["metadata"]["name"]
        assert "grafana_dashboard" not in objects[source["name"]]["metadata"]["labels"]
    assert len(dashboards) == len(objects) == 7
