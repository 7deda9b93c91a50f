"""The dashboards: one set for all services and profiles, and the files that give them to Grafana."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.artifact import Artifact
from generator.grafana import grammar
from generator.grafana.build import Shared, build
from generator.grafana.dashboards import cost, fleet, overview, releases, runs, stop_reasons, tools
from generator.grafana.modernise import Json, modernise
from generator.grafana.panels import Section, even, keep
from generator.grafana.v2 import resource
from generator.grafana.variables import mine, word_variables
from generator.json_text import json_text
from generator.model import names
from generator.model.names import GRAFANA_FOLDER, GRAFANA_FOLDER_UID
from generator.model.units import duration
from generator.promql.expr import Series
from generator.promql.syntax import references

if TYPE_CHECKING:
    from generator.grafana.panels import Dashboard, Panel
    from generator.grafana.records import Records
    from generator.model.service import Site

#: In the order of the links on each dashboard.
_DASHBOARDS = (
    fleet.dashboard,
    overview.dashboard,
    runs.dashboard,
    tools.dashboard,
    cost.dashboard,
    stop_reasons.dashboard,
    releases.dashboard,
)
_PROVIDER = f"""\
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


class Drawn(Struct, frozen=True):
    """A dashboard with the series that exist, and its classic JSON, from which both files are written."""

    dashboard: Dashboard
    classic: Json

    def artifact(self) -> Artifact:
        """Write the classic file."""
        text = json_text(self.classic, sort_keys=True)
        return Artifact(names.dashboard_path(self.dashboard.uid), text)

    def artifact_v2(self) -> Artifact:
        """Write the file for Grafana 13."""
        text = json_text(resource(self.dashboard, self.classic), sort_keys=True)
        return Artifact(names.dashboard_v2_path(self.dashboard.uid), text)


def draw(records: Records) -> tuple[Drawn, ...]:
    """Draw the dashboards; their number does not depend on the number of services."""
    declared = [declare(records) for declare in _DASHBOARDS]
    shared = Shared({one.uid: one.title for one in declared}, records)
    drawn = (_recorded(one, records) for one in declared)
    return tuple(Drawn(one, modernise(build(one, shared))) for one in drawn)


def dashboards(records: Records) -> tuple[Artifact, ...]:
    """Write the classic files of the dashboards."""
    return tuple(one.artifact() for one in draw(records))


def _recorded(dashboard: Dashboard, records: Records) -> Dashboard:
    """Drop queries of series that no service records, and note where a service may not measure a signal."""
    of_one = names.SERVICE in {variable.name for variable in dashboard.variables}
    several = len(records.words) > 1 and of_one

    def fits(panel: Panel) -> Panel | None:
        queries = tuple(query for query in panel.queries if records.has(query.expr))
        kept = panel.with_queries(queries)
        if not kept.shows_something:
            return None
        of_all = any(records.of_all(query.expr) for query in queries if not query.promise)
        kept = kept if of_all or not of_one else kept.of_some_services()
        return kept.in_words(partial(records.in_words, several=of_one))

    more = word_variables(records) if several else ()
    kept = keep(dashboard.sections, fits) or _nothing(dashboard)
    return replace(
        dashboard,
        description=records.in_words(dashboard.description, several=False),
        variables=(*dashboard.variables, *more),
        sections=tuple(
            replace(
                section,
                title=records.in_words(section.title, several=of_one),
                measured=(section.measured or _measured(section, records)) if of_one else None,
            )
            for section in kept
        ),
    )


def _measured(section: Section, records: Records) -> Series | None:
    """Select the series by which a service is known to measure something of a section, as some do not."""
    exprs = [query.expr for panel in section.panels for query in panel.queries if not query.promise]
    if any(records.of_all(expr) for expr in exprs):
        return None
    read = {one.name for expr in exprs for one in references(expr.text)} - records.everywhere
    some = records.either(*(Series(name) for name in read))
    return mine(some) if some else None


def _nothing(dashboard: Dashboard) -> tuple[Section, ...]:
    """Explain why a dashboard is empty, as links still lead to it."""
    text = (
        f"{dashboard.description} No service here measures that: the profiles of all of them lack it. What each "
        "service does measure is in `reports/self-check.md`."
    )
    return (Section("", (even(4, grammar.note("Not measured", text)),)),)


def provisioning(site: Site, prometheus: str = "http://localhost:9090") -> tuple[Artifact, ...]:
    """Write the provisioning files; ``prometheus`` is its address for Grafana."""
    datasource = _DATASOURCE.format(prometheus=prometheus, interval=duration(site.rule_interval))
    return (
        Artifact("grafana/provisioning/dashboards/agent-metrics.yaml", _PROVIDER),
        Artifact("grafana/provisioning/datasources/prometheus.yaml", datasource),
    )
