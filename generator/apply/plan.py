"""What has to be done so that Grafana has the generated dashboards; made by reading alone."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from generator.apply.difference import differences
from generator.apply.ownership import fault, is_ours_by_uid
from generator.model.names import GRAFANA_TAG

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence

    from generator.apply.grafana_answers import Found
    from generator.apply.grafana_api import GrafanaApi
    from generator.apply.ownership import Fault


class Action(Enum):
    """What is done about a dashboard; ``STALE`` is deleted only where that is asked for."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    STALE = "stale"


class Step(Struct, frozen=True):
    """One dashboard.

    Attributes:
        action: what is done about it.
        uid: which one.
        title: what people see.
        dashboard: what Grafana shall have; empty for a stale one.
        version: the version that Grafana has, 0 for none.
        changes: what an update changes, a line for each path.
    """

    action: Action
    uid: str
    title: str
    dashboard: Mapping[str, Any] = field(default_factory=dict)
    version: int = 0
    changes: tuple[str, ...] = ()


class Plan(Struct, frozen=True):
    """All steps, in the order in which they are taken.

    Attributes:
        folder: the uid of the folder.
        folder_title: its title; None where it has to be created.
        steps: one for each dashboard.
        faults: dashboards that are in the way and not ours; with any of them nothing may be done.
    """

    folder: str
    folder_title: str | None
    steps: tuple[Step, ...]
    faults: tuple[Fault, ...]


def make_plan(api: GrafanaApi, dashboards: Sequence[Mapping[str, Any]], folder: str) -> Plan:
    """Compare the generated dashboards with what Grafana has.

    Raises:
        LiveError: Grafana does not answer, or refuses to.
    """
    title = api.folder(folder)
    there = {one["uid"]: api.dashboard(one["uid"]) for one in dashboards}
    steps = [_step(one, there[one["uid"]]) for one in dashboards]
    wrong = {
        step.uid: what
        for step in steps
        if (has := there[step.uid]) and (what := fault(has, folder, differs=step.action is Action.UPDATE))
    }
    return Plan(folder, title, (*steps, *_stale(api, there.keys(), folder)), tuple(wrong.values()))


def _step(dashboard: Mapping[str, Any], has: Found | None) -> Step:
    uid, title = dashboard["uid"], dashboard["title"]
    if has is None:
        return Step(Action.CREATE, uid, title, dashboard)
    changes = differences(dashboard, has.json)
    action = Action.UPDATE if changes else Action.UNCHANGED
    return Step(action, uid, title, dashboard, has.version, changes)


def _stale(api: GrafanaApi, generated: Container[str], folder: str) -> Iterator[Step]:
    for hit in sorted(api.tagged(GRAFANA_TAG), key=lambda hit: hit.uid):
        if hit.folder == folder and is_ours_by_uid(hit.uid) and hit.uid not in generated:
            yield Step(Action.STALE, hit.uid, hit.title)
