"""``kubernetes``: PrometheusRules, dashboards as ConfigMaps, an AlertmanagerConfig, and a kustomization over them.

The AlertmanagerConfig is the configuration of Alertmanager with the keys of the Prometheus operator. A file with a
secret becomes a key of one Secret, with the file's name. Other targets that run there are made of the same objects.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import orjson
from msgspec import Struct

from generator.artifact import Artifact
from generator.delivery.deliver import GENERATED, SMALLER_SERVICE, Limit, RuleText
from generator.diagnostics import Severity
from generator.model.delivery import KUSTOMIZATION, Helm, Kubernetes, secret_key
from generator.model.names import GRAFANA_FOLDER, GRAFANA_FOLDER_UID, GRAFANA_TAG
from generator.prometheus.alertmanager import OUR_ALERTS, Routing, configuration
from generator.prometheus.block_yaml import Mapped, block_yaml

if TYPE_CHECKING:
    from generator.model.service import Service, Site

#: The label that all objects share.
PART_OF = {"app.kubernetes.io/part-of": GRAFANA_TAG}
OWNER = f"{GRAFANA_TAG}/owner"
#: This annotation stops Flux from replacing the ``${...}`` that are for Grafana and Prometheus.
AS_IT_IS = {"kustomize.toolkit.fluxcd.io/substitute": "disabled"}
_NOTHING: Mapping[str, str] = MappingProxyType({})
ROOT = "kubernetes"
_RULES = f"{ROOT}/rules"
_DASHBOARDS = f"{ROOT}/dashboards"
_RECEIVERS = f"{ROOT}/receivers.yaml"
LIMITS: tuple[Limit, ...] = (
    Limit(
        f"{_RULES}/",
        524_288,
        "the Prometheus operator accepts at most 524,288 bytes for a PrometheusRule",
        SMALLER_SERVICE,
    ),
    Limit(
        f"{_DASHBOARDS}/",
        1_048_576,
        "a ConfigMap holds at most 1,048,576 bytes",
        "declare fewer signals on dashboards",
    ),
    Limit(
        f"{ROOT}/",
        262_144,
        "kubectl apply accepts at most 262,144 bytes without --server-side",
        "kubectl apply --server-side -k output/kubernetes; Argo CD has the sync option ServerSideApply=true",
        Severity.WARNING,
    ),
)
_COMMENT = """\
# The operator sends these routes only alerts whose label namespace is that of this object, unless the Alertmanager has
# alertmanagerConfigMatcherStrategy: {type: None}. To give alerts that label, write alert_labels: {namespace: ...} in
# site.yaml.
"""
_FILLED_BY = "# Secrets: kubectl create secret generic {name}\n"
#: Files with secrets, and the keys that refer to them here.
_SECRETS = {
    "routing_key_file": "routingKey",
    "api_url_file": "apiURL",
    "url_file": "urlSecret",
    "auth_password_file": "authPassword",
    "credentials_file": "credentials",
}
_SPELLED = {"client_url": "clientURL", "source_matchers": "sourceMatch", "target_matchers": "targetMatch"}
_MATCHERS = {"matchers", "source_matchers", "target_matchers"}
_OPERATOR = re.compile("(=~|!=|!~|=)")


class ObjectKind(Struct, frozen=True):
    """A kind of object: ``api`` is the group and version that it belongs to."""

    name: str
    api: str


def object_name(name: str) -> str:
    """Name the object of a service, of a family of shared rules, or of a dashboard."""
    return f"{GRAFANA_TAG}-{name}"


def head(
    kind: ObjectKind,
    name: str,
    namespace: str,
    labels: Mapping[str, str] = _NOTHING,
    annotations: Mapping[str, str] = _NOTHING,
) -> str:
    """Write an object up to its metadata; an empty ``namespace`` is left out."""
    metadata: Mapped = {
        "name": name,
        **({"namespace": namespace} if namespace else {}),
        "labels": {**PART_OF, **labels},
        "annotations": {**AS_IT_IS, **annotations},
    }
    return GENERATED + block_yaml({"apiVersion": kind.api, "kind": kind.name, "metadata": metadata})


def rules_object(kind: ObjectKind, rules: RuleText, namespace: str, labels: Mapping[str, str]) -> str:
    """Write an object with rule groups as its spec."""
    owner = {OWNER: rules.owner} if rules.owner else {}
    name = object_name(rules.name)
    begin = head(kind, name, namespace, labels, owner)
    return f"{begin}spec:\n{rules.under(1)}"


def without_blanks(drawn: Artifact) -> str:
    """Write a dashboard's JSON on one line, in ASCII, which any YAML can hold unchanged."""
    return json.dumps(orjson.loads(drawn.text), separators=(",", ":"))


def uid(drawn: Artifact) -> str:
    """Return a dashboard's uid, which is the name of its file."""
    return drawn.path.rpartition("/")[2].removesuffix(".json")


def kustomization(place: str, resources: Iterable[str]) -> Artifact:
    """Write the list of a folder's contents."""
    listing = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": list(resources),
    }
    return Artifact(f"{place}/{KUSTOMIZATION}.yaml", GENERATED + block_yaml(listing))


_PROMETHEUS_RULE = ObjectKind("PrometheusRule", "monitoring.coreos.com/v1")
_CONFIG_MAP = ObjectKind("ConfigMap", "v1")
_FOLDER = ObjectKind("GrafanaFolder", "grafana.integreatly.org/v1beta1")
_DASHBOARD = ObjectKind("GrafanaDashboard", "grafana.integreatly.org/v1beta1")
_ALERTMANAGER_CONFIG = ObjectKind("AlertmanagerConfig", "monitoring.coreos.com/v1alpha1")


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
        yield Artifact(_RECEIVERS, _alertmanager_config(routes, options))
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
    documents = [folder + block_yaml({"spec": spec})]
    for one in drawn:
        name = object_name(uid(one))
        source: Mapped = {
            "folderRef": object_name("folder"),
            "configMapRef": {"name": name, "key": f"{uid(one)}.json"},
        }
        begin = head(_DASHBOARD, name, options.namespace)
        documents.append(begin + block_yaml({"spec": {**chosen, **source}}))
    return "---\n".join(documents)


def _alertmanager_config(routes: Sequence[Routing], options: Kubernetes) -> str:
    """Write the object; ``options`` have the receivers, at least one."""
    begin = head(_ALERTMANAGER_CONFIG, object_name("receivers"), options.namespace)
    comment, spec = receivers_spec(routes, options, options.namespace)
    return GENERATED + comment + begin.removeprefix(GENERATED) + block_yaml({"spec": spec})


def receivers_spec(
    routes: Sequence[Routing], options: Kubernetes | Helm, namespace: str
) -> tuple[str, Mapped]:
    """Convert the configuration of Alertmanager to the operator's; ``options`` have the receivers, at least one.

    The comment before it tells which alerts the operator gives them, and the command that makes their Secret.
    """
    config = configuration(routes, options.receivers)
    spec: dict[str, Any] = _translated(config, options.receiver_secret)
    # The operator puts the route below its own, which also gets the alerts of others: they are not for us.
    spec["route"] = {**spec["route"], "matchers": [_matcher(OUR_ALERTS)]}
    keys = sorted({secret_key(path) for path in _files(config)})
    where = ["-n", namespace] if namespace else []
    command = " ".join([options.receiver_secret, *where, *(f"--from-file={key}" for key in keys)])
    return _COMMENT + (_FILLED_BY.format(name=command) if keys else ""), spec


def _files(value: object) -> Iterator[str]:
    """List the files with secrets."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from [each] if key in _SECRETS else _files(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _files(each)


def _translated(value: Any, secret: str) -> Any:  # noqa: ANN401 - any part of a configuration
    """Convert a part of a configuration to the operator's keys."""
    if isinstance(value, Mapping):
        return dict(_entries(value, secret))
    if isinstance(value, list | tuple):
        return [_translated(each, secret) for each in value]
    return value


def _entries(of: Mapping[str, Any], secret: str) -> Iterator[tuple[str, Any]]:
    for key, value in of.items():
        if key in _SECRETS:
            yield _SECRETS[key], {"name": secret, "key": secret_key(value)}
        elif key in _MATCHERS:
            yield _camel(key), [_matcher(each) for each in value]
        elif key == "headers":
            yield key, [{"key": name, "value": text} for name, text in value.items()]
        else:
            yield _camel(key), _translated(value, secret)


def _camel(key: str) -> str:
    head_, *rest = key.split("_")
    return _SPELLED.get(key) or "".join((head_, *map(str.capitalize, rest)))


def _matcher(text: str) -> dict[str, str]:
    name, op, value = _OPERATOR.split(text, maxsplit=1)
    return {"name": name, "value": json.loads(value), "matchType": op}
