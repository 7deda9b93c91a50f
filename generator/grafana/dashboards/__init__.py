"""The dashboards: one set for all services and profiles."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.artifact import Artifact
from generator.grafana import grammar
from generator.grafana.build import Shared, build
from generator.grafana.dashboards import cost, fleet, overview, releases, runs, stop_reasons, tools
from generator.grafana.layout import Section, even, keep
from generator.grafana.modernise import modernise
from generator.grafana.variables import words
from generator.json_text import json_text
from generator.model import names

if TYPE_CHECKING:
    from generator.grafana.dashboard import Dashboard
    from generator.grafana.panels import Panel
    from generator.grafana.records import Records

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


def dashboards(records: Records) -> tuple[Artifact, ...]:
    """Write the dashboards; their number does not depend on the number of services."""
    declared = [declare(records) for declare in _DASHBOARDS]
    shared = Shared({one.uid: one.title for one in declared}, records)
    return tuple(_write(one, shared) for one in declared)


def _write(dashboard: Dashboard, shared: Shared) -> Artifact:
    found = modernise(build(_recorded(dashboard, shared.records), shared))
    return Artifact(names.dashboard_path(dashboard.uid), json_text(found, sort_keys=True))


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

    more = words(records) if several else ()
    kept = keep(dashboard.sections, fits) or _nothing(dashboard)
    return replace(
        dashboard,
        description=records.in_words(dashboard.description, several=False),
        variables=(*dashboard.variables, *more),
        sections=tuple(
            replace(section, title=records.in_words(section.title, several=of_one)) for section in kept
        ),
    )


def _nothing(dashboard: Dashboard) -> tuple[Section, ...]:
    """Explain why a dashboard is empty, as links still lead to it."""
    text = (
        f"{dashboard.description} No service here measures that: the profiles of all of them lack it. What each "
        "service does measure is in `reports/self-check.md`."
    )
    return (Section("", (even(4, grammar.note("Not measured", text)),)),)
