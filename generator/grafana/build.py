"""Dashboards as grafanalib's objects, whose JSON is for an old Grafana; ``modernise`` updates it."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from grafanalib import core
from msgspec import Struct

from generator.grafana import drawings
from generator.grafana.alerts import event_annotations
from generator.grafana.panels import Dashboard, Draw, Panel, PanelType, Placed, Query, place, refs
from generator.grafana.queries import replaced, within_a_day
from generator.grafana.variables import DATASOURCE, Variable, outside, with_everything
from generator.model import names
from generator.model.names import GRAFANA_TAG
from generator.model.panels import PANELS
from generator.model.units import duration
from generator.promql.expr import Expr, Series, aggregate, any_of
from generator.promql.layout import layout
from generator.promql.syntax import is_selector

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.grafana.modernise import Json
    from generator.grafana.records import Records


SOURCE = {"type": "prometheus", "uid": f"${{{DATASOURCE}}}"}
_NATURAL, _NATURAL_DOWN = 7, 8
#: The meaning of a point where the points of a panel are further apart than samples.
_OVER_STEP = {
    "avg": " Over a long range each point is the mean of its step.",
    "max": " Over a long range each point is the highest of its step.",
    "min": " Over a long range each point is the lowest of its step.",
}
#: The number of repeated panels side by side.
_REPEATED = 3
#: The bytes of a query that VictoriaMetrics takes by default (-search.maxQueryLen).
_LONGEST = 16_384


class Shared(Struct, frozen=True):
    """The data that the dashboards of a set share: all titles by uid, and the recorded series."""

    titles: Mapping[str, str]
    records: Records


def build(dashboard: Dashboard, shared: Shared) -> Json:
    """Build a dashboard as grafanalib's JSON."""
    ids = count(1)
    of_all = names.SERVICE not in {variable.name for variable in dashboard.variables}
    events = event_annotations(SOURCE, shared.records, of_all=of_all)
    built = core.Dashboard(
        title=dashboard.title,
        uid=dashboard.uid,
        description=dashboard.description,
        tags=[GRAFANA_TAG],
        editable=False,
        graphTooltip=core.GRAPH_TOOLTIP_MODE_SHARED_CROSSHAIR,
        refresh="1m",
        time=core.Time(f"now-{dashboard.hours}h", "now"),
        timezone="browser",
        annotations=core.Annotations(list(events)),
        templating=core.Templating([_sources(), *(_variable(one) for one in dashboard.variables)]),
        links=[
            *(_link(uid, title) for uid, title in shared.titles.items() if uid != dashboard.uid),
            *_outside(dashboard, shared.records),
        ],
        panels=[
            _placed(one, _led_to(one.panel, dashboard) or next(ids), shared)
            for one in place(dashboard.sections)
        ],
    )
    found: Json = _as_dicts(built)
    return found


def _as_dicts(value: Any) -> Any:  # noqa: ANN401  (grafanalib has no types)
    """Convert grafanalib's objects to dicts and lists, as its private encoder does."""
    if hasattr(value, "to_json_data"):
        return _as_dicts(value.to_json_data())
    if isinstance(value, dict):
        return {key: _as_dicts(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_as_dicts(one) for one in value]
    return value


def _sources() -> Any:  # noqa: ANN401
    return core.Template(DATASOURCE, "prometheus", label="Data source", type="datasource")


def _variable(variable: Variable) -> Json:
    """Build a variable; its description is younger than grafanalib."""
    built: Json = _as_dicts(_template(variable))
    return built | ({"description": variable.said} if variable.said else {})


def _template(variable: Variable) -> Any:  # noqa: ANN401
    if variable.of is None:
        return core.Template(variable.name, "", label=variable.title, type="textbox")
    return core.Template(
        variable.name,
        _offered(variable, variable.of),
        label=variable.title,
        dataSource=SOURCE,
        regex=None if variable.several else f'/{variable.name}="([^"]+)"/',
        hide=core.HIDE_VARIABLE if variable.hidden else core.SHOW,
        multi=variable.several,
        includeAll=variable.several,
        allValue=variable.everything if variable.several else None,
        refresh=core.REFRESH_ON_TIME_RANGE_CHANGE,
        sort=_NATURAL_DOWN if variable.newest_first else _NATURAL,
    )


def _offered(variable: Variable, of: Series) -> str:
    """Write the query of a variable's values.

    A list of label values misses series written late, such as those of simulate, for a range long ago. A query does
    not, so a variable that must never be empty uses one: with a single choice, nothing is shown without a value.
    """
    if variable.several:
        return f"label_values({of.now()}, {variable.name})"
    every = [of, variable.besides] if variable.besides else [of]
    offered = any_of(
        [aggregate("group", within_a_day(one), (variable.label or variable.name,)) for one in every]
    )
    for value, text in variable.spelled:
        offered = replaced(offered, variable.name, text, variable.label, value)
    return f"query_result({offered})"


def _link(uid: str, title: str) -> Any:  # noqa: ANN401
    return core.DashboardLink(
        title=title, type="link", uri=f"/d/{uid}", icon="dashboard", includeVars=True, keepTime=True
    )


def _outside(dashboard: Dashboard, records: Records) -> Iterator[Any]:
    """Link to the logs and traces of the chosen service.

    The links cover all its releases: mostly all are chosen, which no external page can read. A release's points link to
    its own.
    """
    if names.SERVICE in {variable.name for variable in dashboard.variables}:
        for title, address in records.links.items():
            url = outside(address, release=None)
            yield core.DashboardLink(
                title=title,
                type="link",
                uri=url,
                icon="external link",
                targetBlank=True,
                tooltip="Of services whose spec has this address: no link can hide for the others",
            )


def _closer(title: str, url: str, *, outside: bool = False) -> Json:
    """Link a panel to a dashboard or to a page elsewhere, with every key that Grafana's own export writes."""
    fixed = {"asDropdown": False, "includeVars": False, "keepTime": False, "targetBlank": outside}
    return {
        "title": title,
        "type": "link",
        "icon": "external link" if outside else "dashboard",
        "url": url,
        "tags": [],
        "tooltip": "",
        **fixed,
    }


def _runbooks(panel: Panel, records: Records) -> Iterator[Json]:
    """Link a panel to the pages of the alerts that lead to it, where the site publishes them."""
    place = PANELS[panel.about] if panel.about else None
    for watch in records.watches:
        if place and watch.panel == place and (runbook := records.runbook(watch.alert)):
            yield _closer(f"Runbook: {watch.alert}", runbook, outside=True)


def _led_to(panel: Panel | str, dashboard: Dashboard) -> int | None:
    """Return the id by which alerts know a panel; on other dashboards the same panel has an ordinary one."""
    place = PANELS[panel.about] if isinstance(panel, Panel) and panel.about else None
    return place.number if place and place.uid == dashboard.uid else None


def _placed(placed: Placed, number: int, shared: Shared) -> Any:  # noqa: ANN401
    at = placed.place
    where = {"gridPos": core.GridPos(h=at.height, w=at.width, x=at.x, y=at.y), "id": number}
    panel = placed.panel
    if isinstance(panel, str):
        return core.RowPanel(title=panel, **where)
    return drawings.of(panel, _common(panel, shared) | where, _points(shared.records))


def _points(records: Records) -> list[Json]:
    """Link a release's points to its logs and traces."""
    release = f"${{__field.labels.{names.RELEASE}:percentencode}}"
    return [
        {"title": f"{title}: this release", "url": outside(address, release=release), "targetBlank": True}
        for title, address in records.links.items()
    ]


def _common(panel: Panel, shared: Shared) -> Json:
    """Return the arguments of all panels with queries; grafanalib's default is 100 points at any width."""
    more = [_closer(shared.titles[panel.more], with_everything(panel.more))] if panel.more else []
    return {
        "title": panel.title,
        "description": panel.description + _OVER_STEP.get(_over_step(panel), ""),
        "dataSource": SOURCE,
        "targets": _targets(panel, duration(shared.records.interval)),
        "links": [*more, *_runbooks(panel, shared.records)],
        "repeat": core.Repeat("h", panel.repeat, _REPEATED) if panel.repeat else core.Repeat(),
        "interval": "1d" if panel.days else duration(shared.records.interval),
        "maxDataPoints": None,
    }


def _targets(panel: Panel, interval: str) -> list[Any]:
    """Query a range for a line over time, and otherwise only the current instant."""
    table = panel.kind is PanelType.TABLE
    return [
        core.Target(
            expr=_text(_asked(panel, query, interval)),
            legendFormat=query.legend,
            refId=ref,
            instant=panel.kind not in {PanelType.TIMESERIES, PanelType.TIMELINE},
            format=core.TABLE_TARGET_FORMAT if table else core.TIME_SERIES_TARGET_FORMAT,
            datasource=SOURCE,
        )
        for ref, query in zip(refs(len(panel.queries)), panel.queries, strict=True)
    ]


def _text(expr: Expr) -> str:
    """Lay a query out, without margins where these make it too long for a server that does not take any length."""
    text = layout(expr.text)
    return text if len(text.encode()) <= _LONGEST else "\n".join(line.strip() for line in text.split("\n"))


def _asked(panel: Panel, query: Query, interval: str) -> Expr:
    """Read a whole step, not only its end: values between two points of a long range are drawn too."""
    over = "" if query.promise else _over_step(panel)
    if not over:
        return query.expr
    if is_selector(query.expr.text):
        return Expr(f"{over}_over_time({query.expr}[$__interval])")
    return Expr(f"{over}_over_time(({query.expr})[$__interval:{interval}])")


def _over_step(panel: Panel) -> str:
    """Name the value of a step: the worst one for lines, the mean for areas, as worst values do not add up."""
    if panel.kind is not PanelType.TIMESERIES or panel.days:
        return ""
    if panel.draw is Draw.STACK:
        return "avg"
    return "min" if panel.scale is not None and panel.scale.falls else "max"
