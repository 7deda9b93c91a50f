"""Objects of Kubernetes as YAML: their heads, with rules and dashboards below them unchanged."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING

import orjson
from msgspec import Struct

from generator.artifact import Artifact
from generator.delivery.deliver import GENERATED, RuleText
from generator.model.names import GRAFANA_TAG
from generator.prometheus.block_yaml import Mapped, block_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


#: The label that all objects share.
PART_OF = {"app.kubernetes.io/part-of": GRAFANA_TAG}
OWNER = f"{GRAFANA_TAG}/owner"
#: This annotation stops Flux from replacing the ``${...}`` that are for Grafana and Prometheus.
AS_IT_IS = {"kustomize.toolkit.fluxcd.io/substitute": "disabled"}


NOTHING: Mapping[str, str] = MappingProxyType({})


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
    labels: Mapping[str, str] = NOTHING,
    annotations: Mapping[str, str] = NOTHING,
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
    return Artifact(f"{place}/kustomization.yaml", GENERATED + block_yaml(listing))
