"""``kubernetes``: PrometheusRules, dashboards as ConfigMaps, and a kustomization over them.

``kubectl apply --server-side -k output/kubernetes`` applies all of it to a cluster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.artifact import Artifact
from generator.delivery.limits import Limit
from generator.delivery.objects import (
    Kind,
    head,
    kustomization,
    object_name,
    rules_object,
    uid,
    without_blanks,
)
from generator.delivery.receivers import alertmanager_config
from generator.diagnostics.diagnostic import Severity
from generator.model.names import GRAFANA_FOLDER, GRAFANA_FOLDER_UID
from generator.prometheus.block_yaml import block_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from generator.delivery.rule_text import RuleText
    from generator.model.delivery import Kubernetes
    from generator.model.service import Service, Site
    from generator.prometheus.alertmanager import Routing
    from generator.prometheus.block_yaml import Mapped

ROOT = "kubernetes"
_RULES = f"{ROOT}/rules"
_DASHBOARDS = f"{ROOT}/dashboards"
_RECEIVERS = f"{ROOT}/receivers.yaml"
LIMITS: tuple[Limit, ...] = (
    Limit(
        f"{_RULES}/",
        524_288,
        "the Prometheus operator takes 524,288 of a PrometheusRule",
        "let the service declare fewer signals and alerts of its own, or divide it in two",
    ),
    Limit(f"{_DASHBOARDS}/", 1_048_576, "a ConfigMap holds 1,048,576", "declare fewer signals on dashboards"),
    Limit(
        f"{ROOT}/",
        262_144,
        "kubectl apply takes 262,144, unless it is told --server-side",
        "kubectl apply --server-side -k output/kubernetes; Argo CD has the sync option ServerSideApply=true",
        Severity.WARNING,
    ),
)
_PROMETHEUS_RULE = Kind("PrometheusRule", "monitoring.coreos.com/v1")
_CONFIG_MAP = Kind("ConfigMap", "v1")
_FOLDER = Kind("GrafanaFolder", "grafana.integreatly.org/v1beta1")
_DASHBOARD = Kind("GrafanaDashboard", "grafana.integreatly.org/v1beta1")


def of_service(service: Service, rules: RuleText, options: Kubernetes, site: Site) -> Iterator[Artifact]:  # noqa: ARG001
    """Write the PrometheusRule of a service."""
    yield _rule(rules, options)


def of_dashboards(drawn: Sequence[Artifact], options: Kubernetes) -> Iterator[Artifact]:
    """Write a ConfigMap for each dashboard, and the operator's objects if the cluster has one."""
    names = []
    for one in drawn:
        yield Artifact(f"{_DASHBOARDS}/{uid(one)}.yaml", _config_map(one, options))
        names.append(f"{uid(one)}.yaml")
    if options.grafana_labels is not None:
        yield Artifact(
            f"{_DASHBOARDS}/grafana.yaml", _for_operator(drawn, options, dict(options.grafana_labels))
        )
        names.append("grafana.yaml")
    yield kustomization(_DASHBOARDS, names)


def of_all(shared: Sequence[RuleText], routes: Sequence[Routing], options: Kubernetes) -> Iterator[Artifact]:
    """Write the PrometheusRules of the shared rules, and the list of all objects."""
    yield from (_rule(rules, options) for rules in shared)
    names = [*(rules.name for rules in shared), *(one.service for one in routes)]
    yield kustomization(_RULES, (f"{name}.yaml" for name in names))
    listed = ["rules", "dashboards"]
    if options.receivers:
        yield Artifact(_RECEIVERS, alertmanager_config(routes, options))
        listed.append(_RECEIVERS.removeprefix(f"{ROOT}/"))
    yield kustomization(ROOT, listed)


def _rule(rules: RuleText, options: Kubernetes) -> Artifact:
    text = rules_object(_PROMETHEUS_RULE, rules, options.namespace, dict(options.rule_labels))
    return Artifact(f"{_RULES}/{rules.name}.yaml", text)


def _config_map(drawn: Artifact, options: Kubernetes) -> str:
    begin = head(
        _CONFIG_MAP,
        object_name(uid(drawn)),
        options.namespace,
        dict(options.dashboard_labels),
        {options.folder_annotation: GRAFANA_FOLDER},
    )
    return f"{begin}data:\n  {uid(drawn)}.json: |-\n    {without_blanks(drawn)}\n"


def _for_operator(drawn: Sequence[Artifact], options: Kubernetes, grafana: Mapping[str, str]) -> str:
    """Write the folder, and for each dashboard the place of its JSON."""
    chosen: Mapped = {"instanceSelector": {"matchLabels": dict(grafana)}}
    folder = head(_FOLDER, object_name("folder"), options.namespace)
    spec: Mapped = {**chosen, "title": GRAFANA_FOLDER, "uid": GRAFANA_FOLDER_UID}
    found = [folder + block_yaml({"spec": spec})]
    for one in drawn:
        name = object_name(uid(one))
        source: Mapped = {
            "folderRef": object_name("folder"),
            "configMapRef": {"name": name, "key": f"{uid(one)}.json"},
        }
        begin = head(_DASHBOARD, name, options.namespace)
        found.append(begin + block_yaml({"spec": {**chosen, **source}}))
    return "---\n".join(found)
