"""Destinations that the site names: receivers of alerts, and systems that run the rules in forms of their own.

Receivers are the people and systems that get alerts; their secrets are in files that Alertmanager reads.
"""

from __future__ import annotations

from typing import assert_never

from msgspec import Struct

#: Names and values, in the order of the output.
Labels = tuple[tuple[str, str], ...]


class PagerDuty(Struct, frozen=True, tag=True):
    """A service of PagerDuty, with the file that holds its routing key."""

    routing_key_file: str


class Slack(Struct, frozen=True, tag=True):
    """A channel of Slack, with the file that holds the webhook's address; unnamed, it is the webhook's own channel."""

    api_url_file: str
    channel: str = ""


class Webhook(Struct, frozen=True, tag=True):
    """A URL that accepts alerts as JSON, or the file that holds the URL; the token goes into the header."""

    url: str = ""
    url_file: str = ""
    token_file: str = ""


class Email(Struct, frozen=True, tag=True):
    """An address of mail, and the server, as ``host:port``, that sends to it."""

    to: str
    sender: str
    smarthost: str
    auth_username: str = ""
    auth_password_file: str = ""


def secret_key(path: str) -> str:
    """Return the key of a cluster's Secret for a file: the file's name."""
    return path.rpartition("/")[2]


def secret_files(channel: Channel) -> tuple[str, ...]:
    """List the files whose content a channel needs."""
    files: tuple[str, ...]
    match channel:
        case PagerDuty(routing_key_file):
            files = (routing_key_file,)
        case Slack(api_url_file):
            files = (api_url_file,)
        case Webhook(_, url_file, token_file):
            files = (url_file, token_file)
        case Email():
            files = (channel.auth_password_file,)
        case _:
            assert_never(channel)
    return tuple(path for path in files if path)


Channel = PagerDuty | Slack | Webhook | Email


#: Labels, each with the values of which an alert must have one.
Wanted = tuple[tuple[str, tuple[str, ...]], ...]


class Receiver(Struct, frozen=True):
    """A receiver of the alerts with the wanted labels; one that wants nothing gets all alerts that no other gets.

    After ``repeat_interval`` seconds an alert that still fires is sent again.
    """

    name: str
    wanted: Wanted
    repeat_interval: int
    channels: tuple[Channel, ...]


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
    """A chart of the same objects; its values begin as these.

    ``receiver_secret`` is the name of the Secret with what the receivers read from files.
    """

    rule_labels: Labels
    dashboard_labels: Labels
    folder_annotation: str
    receivers: tuple[Receiver, ...] = ()
    receiver_secret: str = ""


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


#: The name of the list of a folder's objects, without its suffix.
KUSTOMIZATION = "kustomization"
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

    @property
    def file_names(self) -> frozenset[str]:
        """The names of the targets' own files in folders where each service has a file with its name."""
        return frozenset({KUSTOMIZATION} if self.kubernetes or self.victoriametrics else ())
