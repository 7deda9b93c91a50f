"""Files that give Grafana the dashboards and the Prometheus that they read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.artifact import Artifact
from generator.model.names import GRAFANA_FOLDER, GRAFANA_FOLDER_UID
from generator.model.units import duration

if TYPE_CHECKING:
    from generator.model.service import Site

_DASHBOARDS = f"""\
# Put this file into Grafana's provisioning/dashboards/ and the dashboards into the folder that "path" names.
apiVersion: 1
providers:
  - name: agent-metrics
    folder: {GRAFANA_FOLDER}
    folderUid: {GRAFANA_FOLDER_UID}
    type: file
    disableDeletion: true
    allowUiUpdates: false
    updateIntervalSeconds: 30
    options:
      path: /etc/grafana/dashboards/agent-metrics
"""

_DATASOURCE = """\
# Put this file into Grafana's provisioning/datasources/ if it knows no Prometheus yet. The dashboards take any
# Prometheus that holds the recorded series; "Data source" on each of them chooses.
apiVersion: 1
datasources:
  - name: Prometheus
    uid: prometheus
    type: prometheus
    access: proxy
    url: {prometheus}
    jsonData:
      httpMethod: POST
      # How often rules are evaluated: finer steps would ask for the same samples again.
      timeInterval: {interval}
"""


def provisioning(site: Site, prometheus: str = "http://localhost:9090") -> tuple[Artifact, ...]:
    """Write the provisioning files; ``prometheus`` is its address for Grafana."""
    datasource = _DATASOURCE.format(prometheus=prometheus, interval=duration(site.rule_interval))
    return (
        Artifact("grafana/provisioning/dashboards/agent-metrics.yaml", _DASHBOARDS),
        Artifact("grafana/provisioning/datasources/prometheus.yaml", datasource),
    )
