"""``helm``: a chart of the rules, dashboards and receivers.

Helm renders the files in ``templates/``, and would run the templates of Prometheus in alerts. So rules, dashboards and
receivers are separate files, which ``.Files.Get`` inserts unchanged; no template has a text of the specs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.artifact import Artifact
from generator.delivery.deliver import GENERATED, Limit, RuleText
from generator.delivery.kubernetes import (
    AS_IT_IS,
    OWNER,
    PART_OF,
    object_name,
    receivers_spec,
    uid,
    without_blanks,
)
from generator.model.names import GRAFANA_FOLDER, GRAFANA_TAG
from generator.prometheus.block_yaml import Mapped, block_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from generator.model.delivery import Helm
    from generator.model.service import Service, Site
    from generator.prometheus.alertmanager import Routing

ROOT = "helm"
#: Helm keeps files and rendered objects, compressed: a byte of a service's rules took a measured tenth of a byte, and
#: one of a dashboard a third.
LIMITS: tuple[Limit, ...] = (
    Limit(
        f"{ROOT}/",
        3_000_000,
        "a release of it would not fit into the Secret of 1 MiB in which Helm keeps it",
        "deliver kubernetes instead, whose objects are kept one by one",
        together=True,
    ),
)
_RULES = "files/rules"
_DASHBOARDS = "files/dashboards"
_RECEIVERS = "files/receivers.yaml"

_CHART = (
    GENERATED
    + "# A release of the chart takes its version from the command: helm package --version.\n"
    + block_yaml(
        {
            "apiVersion": "v2",
            "name": GRAFANA_TAG,
            "description": "Rules and dashboards about AI agent systems.",
            "type": "application",
            "version": "0.1.0",
        }
    )
)

_HEAD = """\
metadata:
  name: {name}
  namespace: {{{{ $.Release.Namespace }}}}
  labels:
    {{{{- toYaml (mergeOverwrite (dict {part_of}) ($.Values.{labels} | default dict)) | nindent 4 }}}}
  annotations:
{as_it_is}
"""


def _head(name: str, labels: str) -> str:
    """Write the metadata of a template, whose objects take labels from a value, which may replace ours."""
    part_of = " ".join(f'"{text}"' for item in PART_OF.items() for text in item)
    as_it_is = "\n".join(f"    {key}: {value}" for key, value in AS_IT_IS.items())
    return _HEAD.format(
        name=object_name(f"{{{{ {name} }}}}"), labels=labels, part_of=part_of, as_it_is=as_it_is
    )


_RULES_TEMPLATE = f"""\
{{{{- range $path, $_ := .Files.Glob "{_RULES}/*.yaml" }}}}
{{{{- $name := $path | base | trimSuffix ".yaml" }}}}
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
{_head("$name", "ruleLabels")}\
    {{{{- with index $.Values.owners $name }}}}
    {OWNER}: {{{{ . | quote }}}}
    {{{{- end }}}}
spec:
{{{{ $.Files.Get $path | indent 2 }}}}
{{{{- end }}}}
"""

_DASHBOARDS_TEMPLATE = f"""\
{{{{- range $path, $_ := .Files.Glob "{_DASHBOARDS}/*.json" }}}}
---
apiVersion: v1
kind: ConfigMap
{_head('$path | base | trimSuffix ".json"', "dashboardLabels")}\
    {{{{ $.Values.folderAnnotation }}}}: {{{{ $.Values.folder | quote }}}}
data:
  {{{{ base $path }}}}: |-
{{{{ $.Files.Get $path | indent 4 }}}}
{{{{- end }}}}
"""

#: The value turns it off where Alertmanager has its receivers from elsewhere.
_RECEIVERS_TEMPLATE = f"""\
{{{{- if .Values.receivers }}}}
apiVersion: monitoring.coreos.com/v1alpha1
kind: AlertmanagerConfig
{_head('"receivers"', "receiverLabels")}\
spec:
{{{{ .Files.Get "{_RECEIVERS}" | indent 2 }}}}
{{{{- end }}}}
"""


def of_service(service: Service, rules: RuleText, options: Helm, site: Site) -> Iterator[Artifact]:  # noqa: ARG001
    """Write the rules of a service."""
    yield _rules(rules)


def of_dashboards(drawn: Sequence[Artifact], options: Helm) -> Iterator[Artifact]:  # noqa: ARG001
    """Write the dashboards."""
    for one in drawn:
        yield Artifact(f"{ROOT}/{_DASHBOARDS}/{uid(one)}.json", without_blanks(one))


def of_all(shared: Sequence[RuleText], routes: Sequence[Routing], options: Helm) -> Iterator[Artifact]:
    """Write the chart with the shared rules."""
    yield from map(_rules, shared)
    of_receivers: Mapped = {"receivers": True, "receiverLabels": {}} if options.receivers else {}
    values: Mapped = {
        "ruleLabels": dict(options.rule_labels),
        "dashboardLabels": dict(options.dashboard_labels),
        "folderAnnotation": options.folder_annotation,
        "folder": GRAFANA_FOLDER,
        "owners": {one.service: one.owner for one in routes},
        **of_receivers,
    }
    yield Artifact(f"{ROOT}/Chart.yaml", _CHART)
    yield Artifact(f"{ROOT}/values.yaml", GENERATED + block_yaml(values))
    yield Artifact(f"{ROOT}/templates/rules.yaml", _RULES_TEMPLATE)
    yield Artifact(f"{ROOT}/templates/dashboards.yaml", _DASHBOARDS_TEMPLATE)
    if options.receivers:
        comment, spec = receivers_spec(routes, options, "NAMESPACE")
        yield Artifact(f"{ROOT}/{_RECEIVERS}", GENERATED + comment + block_yaml(spec))
        yield Artifact(f"{ROOT}/templates/receivers.yaml", _RECEIVERS_TEMPLATE)


def _rules(rules: RuleText) -> Artifact:
    return Artifact(f"{ROOT}/{_RULES}/{rules.name}.yaml", rules.under(0))
