"""Other forms of the same rules and dashboards, for the systems that run them: the site's options for each target."""

from __future__ import annotations

from msgspec import Struct

from generator.model.receivers import Receiver

#: Names and values, in the order of the output.
Labels = tuple[tuple[str, str], ...]


class Kubernetes(Struct, frozen=True):
    """Objects of the Prometheus operator, and dashboards for a sidecar or for the Grafana operator.

    Attributes:
        namespace: The namespace of every object; empty to write none.
        rule_labels: The labels by which a Prometheus chooses its rules.
        dashboard_labels: The labels by which a sidecar chooses its dashboards.
        folder_annotation: The annotation from which a sidecar takes the folder.
        grafana_labels: The labels of the Grafana that its operator gives the dashboards to; None without an operator.
        receivers: The receivers of an AlertmanagerConfig, if any.
        receiver_secret: The name of the Secret with what they read from files.
    """

    namespace: str
    rule_labels: Labels
    dashboard_labels: Labels
    folder_annotation: str
    grafana_labels: Labels | None
    receivers: tuple[Receiver, ...] = ()
    receiver_secret: str = ""


class Helm(Struct, frozen=True):
    """A chart of the same objects; its values begin as these."""

    rule_labels: Labels
    dashboard_labels: Labels
    folder_annotation: str


class Mimir(Struct, frozen=True):
    """Namespaces of rule groups for Mimir, Cortex or Grafana Cloud; a tenant may have ``max_groups`` groups.

    All our groups are within its default limit of rules in a group: see ``generator.model.rules``.
    """

    max_groups: int


class Terraform(Struct, frozen=True):
    """A module over the files; ``rules`` is the system that evaluates them: ``mimir``, ``amp`` or ``none``."""

    rules: str


class VictoriaMetrics(Struct, frozen=True):
    """Objects of the VictoriaMetrics operator, with the labels by which a VMAlert chooses them."""

    namespace: str
    rule_labels: Labels


class OpenSlo(Struct, frozen=True):
    """Objectives as documents of OpenSLO."""


class Backstage(Struct, frozen=True):
    """Annotations and links for the catalogue of Backstage."""


Target = Kubernetes | Helm | Mimir | Terraform | VictoriaMetrics | OpenSlo | Backstage


class Deliver(Struct, frozen=True):
    """The targets of the site; None for each that it does not use."""

    kubernetes: Kubernetes | None = None
    helm: Helm | None = None
    mimir: Mimir | None = None
    terraform: Terraform | None = None
    victoriametrics: VictoriaMetrics | None = None
    openslo: OpenSlo | None = None
    backstage: Backstage | None = None

    @property
    def targets(self) -> tuple[Target, ...]:
        """The targets that the site uses, in the order of the fields above."""
        found = (getattr(self, name) for name in self.__struct_fields__)
        return tuple(target for target in found if target is not None)
