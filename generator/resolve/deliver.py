"""The delivery targets of the site, with their defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model.delivery import (
    Backstage,
    Deliver,
    Helm,
    Kubernetes,
    Mimir,
    OpenSlo,
    Terraform,
    VictoriaMetrics,
)
from generator.model.receivers import secret_files, secret_key

if TYPE_CHECKING:
    from generator.diagnostics.findings import Findings
    from generator.model.delivery import Labels
    from generator.model.receivers import Receiver
    from generator.spec.types import Entry, HelmSpec, KubernetesSpec, MimirSpec, SiteSpec

#: The label by which Grafana's chart finds dashboards, and the annotation in which it looks for the folder.
DASHBOARD_LABELS = (("grafana_dashboard", "1"),)
FOLDER_ANNOTATION = "grafana_folder"
GRAFANA_LABELS = (("dashboards", "grafana"),)
#: Mimir's default limit for a tenant.
MAX_GROUPS = 70
#: The default name of the Secret for receivers.
RECEIVER_SECRET = "agent-metrics-receivers"  # noqa: S105 - its name alone
RECEIVERS = "deliver/receivers"


def resolve_deliver(site: SiteSpec, receivers: tuple[Receiver, ...], findings: Findings) -> Deliver:
    """Fill in the defaults of each target of the site; ``receivers`` are the site's."""
    spec = site.deliver
    if spec is None:
        return Deliver()
    if spec.backstage and not site.grafana_url:
        findings.error(
            "deliver/no-address",
            "Backstage links to dashboards, and the site does not say where Grafana is",
            spec.backstage.span,
            "add grafana_url, or leave backstage out",
        )
    return Deliver(
        kubernetes=_kubernetes(spec.kubernetes, site, receivers, findings) if spec.kubernetes else None,
        helm=_helm(spec.helm) if spec.helm else None,
        mimir=_mimir(spec.mimir) if spec.mimir else None,
        terraform=Terraform(spec.terraform.rules or "mimir") if spec.terraform else None,
        victoriametrics=VictoriaMetrics(
            spec.victoriametrics.namespace or "", _map(spec.victoriametrics.rule_labels)
        )
        if spec.victoriametrics
        else None,
        openslo=OpenSlo() if spec.openslo else None,
        backstage=Backstage() if spec.backstage else None,
    )


def _kubernetes(
    spec: KubernetesSpec, site: SiteSpec, receivers: tuple[Receiver, ...], findings: Findings
) -> Kubernetes:
    if spec.receiver_secret and not site.receivers:
        findings.error(
            RECEIVERS,
            "receiver_secret is for the secrets of receivers, and the site has no receivers",
            spec.receiver_secret.span,
            "name receivers in site.yaml, or leave receiver_secret out",
        )
    _check_keys(site, receivers, findings)
    if spec.grafana_labels and not spec.grafana_operator:
        findings.error(
            "deliver/no-operator",
            "grafana_labels choose the Grafana of an operator, and there is none",
            spec.grafana_labels[0].key.span,
            "add grafana_operator: true, or leave grafana_labels out",
        )
    return Kubernetes(
        namespace=spec.namespace or "",
        rule_labels=_map(spec.rule_labels),
        # A sidecar as well would load every dashboard twice: it must be configured explicitly.
        dashboard_labels=_map(spec.dashboard_labels) or (() if spec.grafana_operator else DASHBOARD_LABELS),
        folder_annotation=spec.folder_annotation or FOLDER_ANNOTATION,
        grafana_labels=(_map(spec.grafana_labels) or GRAFANA_LABELS) if spec.grafana_operator else None,
        receivers=receivers,
        receiver_secret=spec.receiver_secret.value if spec.receiver_secret else RECEIVER_SECRET,
    )


def _check_keys(site: SiteSpec, receivers: tuple[Receiver, ...], findings: Findings) -> None:
    """Prove that each file has a key of its own in the Secret."""
    known: dict[str, str] = {}
    for entry, receiver in zip(site.receivers, receivers, strict=True):
        for path in (path for channel in receiver.channels for path in secret_files(channel)):
            key = secret_key(path)
            if key.strip(".") and known.setdefault(key, path) == path:
                continue
            fault = f'"{known[key]}" has the same one' if key in known else "it names no file"
            findings.error(
                RECEIVERS,
                f'the key of "{path}" in the Secret of Kubernetes is its last part, and {fault}',
                entry.key.span,
                "name the files differently, such as /etc/alertmanager/support-slack",
            )


def _helm(spec: HelmSpec) -> Helm:
    return Helm(
        rule_labels=_map(spec.rule_labels),
        dashboard_labels=_map(spec.dashboard_labels) or DASHBOARD_LABELS,
        folder_annotation=spec.folder_annotation or FOLDER_ANNOTATION,
    )


def _mimir(spec: MimirSpec) -> Mimir:
    return Mimir(max_groups=spec.max_groups or MAX_GROUPS)


def _map(entries: tuple[Entry[str], ...]) -> Labels:
    return tuple((entry.key.value, entry.value) for entry in entries)
