"""Objects of Kubernetes as YAML: their heads, and rules and dashboards below them as they are."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING

import orjson
from msgspec import Struct

from generator.artifact import Artifact
from generator.delivery.rule_text import GENERATED
from generator.model.names import GRAFANA_TAG
from generator.prometheus.block_yaml import block_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from generator.delivery.rule_text import RuleText
    from generator.prometheus.block_yaml import Mapped

#: By this label all objects are found together.
PART_OF = {"app.kubernetes.io/part-of": GRAFANA_TAG}
OWNER = f"{GRAFANA_TAG}/owner"
#: Flux would put values of its own in the place of the ``${...}`` that Grafana and Prometheus are to fill in.
AS_IT_IS = {"kustomize.toolkit.fluxcd.io/substitute": "disabled"}


NOTHING: Mapping[str, str] = MappingProxyType({})


class Kind(Struct, frozen=True):
    """A kind of object: ``api`` is the group and version that it belongs to."""

    name: str
    api: str


def object_name(name: str) -> str:
    """Name the object of a service, of a family of shared rules, or of a dashboard."""
    return f"{GRAFANA_TAG}-{name}"


def head(
    kind: Kind,
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


def rules_object(kind: Kind, rules: RuleText, namespace: str, labels: Mapping[str, str]) -> str:
    """Write an object whose spec are rule groups."""
    owner = {OWNER: rules.owner} if rules.owner else {}
    name = object_name(rules.name)
    begin = head(kind, name, namespace, labels, owner)
    return f"{begin}spec:\n{rules.under(1)}"


def without_blanks(drawn: Artifact) -> str:
    """Write a dashboard's JSON on one line, in ASCII, which every YAML holds as it is."""
    return json.dumps(orjson.loads(drawn.text), separators=(",", ":"))


def uid(drawn: Artifact) -> str:
    """Find a dashboard's uid, after which its file is called."""
    return drawn.path.rpartition("/")[2].removesuffix(".json")


def kustomization(place: str, resources: Iterable[str]) -> Artifact:
    """Write the list of what a folder holds."""
    listing = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": list(resources),
    }
    return Artifact(f"{place}/kustomization.yaml", GENERATED + block_yaml(listing))
