"""The steps after which Grafana has the generated dashboards; planned by reading only."""

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
    """The action for a dashboard; ``STALE`` ones are deleted only on request."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    STALE = "stale"


class Step(Struct, frozen=True):
    """One dashboard.

    Attributes:
        action: the action for it.
        uid: its uid.
        title: its title for people.
        dashboard: the new dashboard; empty for a stale one.
        version: Grafana's version, 0 for none.
        changes: the changes of an update, a line for each path.
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
        folder_title: its title; None where it must be created.
        steps: one for each dashboard.
        faults: dashboards that are in the way and not ours; with any of them no step may be taken.
    """

    folder: str
    folder_title: str | None
    steps: tuple[Step, ...]
    faults: tuple[Fault, ...]


def make_plan(api: GrafanaApi, dashboards: Sequence[Mapping[str, Any]], folder: str) -> Plan:
    """Compare the generated dashboards with Grafana's.

    Raises:
        LiveError: Grafana does not answer, or refuses.
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
