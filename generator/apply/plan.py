"""The steps after which Grafana has the generated dashboards; planned by reading only.

Our dashboards are those in our folder, with our tag, and with a uid of the form of generated dashboards. A saved copy
keeps the folder and may keep the tag, but gets another uid, so it is never ours.
"""

from __future__ import annotations

import json
from enum import Enum
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from generator.diagnostics.printable import printable, shortened
from generator.model.names import GRAFANA_TAG

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence

    from generator.apply.grafana_answers import GrafanaDashboard
    from generator.apply.grafana_api import GrafanaApi

#: The keys at the top of a dashboard that Grafana itself counts.
GRAFANAS_OWN = frozenset({"id", "version", "iteration", "gnetId"})
_SHOWN = 40
_NOTHING = object()
_PREFIX = "agent-"


class DashboardAction(Enum):
    """The action for a dashboard; ``STALE`` ones are deleted only on request."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    STALE = "stale"


class DashboardStep(Struct, frozen=True):
    """One dashboard.

    Attributes:
        action: the action for it.
        uid: its uid.
        title: its title for people.
        dashboard: the new dashboard; empty for a stale one.
        version: Grafana's version, 0 for none.
        changes: the changes of an update, a line for each path.
    """

    action: DashboardAction
    uid: str
    title: str
    dashboard: Mapping[str, Any] = field(default_factory=dict)
    version: int = 0
    changes: tuple[str, ...] = ()


class DashboardPlan(Struct, frozen=True):
    """All steps, in the order in which they are taken.

    Attributes:
        folder: the uid of the folder.
        folder_title: its title; None where it must be created.
        steps: one for each dashboard.
        faults: dashboards that are in the way and not ours; with any of them no step may be taken.
    """

    folder: str
    folder_title: str | None
    steps: tuple[DashboardStep, ...]
    faults: tuple[Fault, ...]


class Fault(Struct, frozen=True):
    """A dashboard that must not be changed: the reason, and a way out."""

    uid: str
    reason: str
    help: str


def plan_dashboards(api: GrafanaApi, dashboards: Sequence[Mapping[str, Any]], folder: str) -> DashboardPlan:
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
        if (has := there[step.uid])
        and (what := fault_of(has, folder, differs=step.action is DashboardAction.UPDATE))
    }
    return DashboardPlan(folder, title, (*steps, *_stale(api, there.keys(), folder)), tuple(wrong.values()))


def _step(dashboard: Mapping[str, Any], has: GrafanaDashboard | None) -> DashboardStep:
    uid, title = dashboard["uid"], dashboard["title"]
    if has is None:
        return DashboardStep(DashboardAction.CREATE, uid, title, dashboard)
    changes = differences(dashboard, has.json)
    action = DashboardAction.UPDATE if changes else DashboardAction.UNCHANGED
    return DashboardStep(action, uid, title, dashboard, has.version, changes)


def _stale(api: GrafanaApi, generated: Container[str], folder: str) -> Iterator[DashboardStep]:
    for hit in sorted(api.tagged(GRAFANA_TAG), key=lambda hit: hit.uid):
        if hit.folder == folder and _is_ours_by_uid(hit.uid) and hit.uid not in generated:
            yield DashboardStep(DashboardAction.STALE, hit.uid, hit.title)


def differences(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a line for each path at which Grafana's dashboard would change, none when both are the same.

    ``panels[2].title: "Runs" -> "Finished runs"``. A null key counts as absent.
    """
    return tuple(_walk(_without_grafanas_own(theirs), _without_grafanas_own(ours), ""))


def _without_grafanas_own(dashboard: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in dashboard.items() if key not in GRAFANAS_OWN}


def _walk(old: Any, new: Any, path: str) -> Iterator[str]:  # noqa: ANN401 - any JSON
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from _walk(_get(old, key), _get(new, key), f"{path}.{key}" if path else key)
    elif isinstance(old, list) and isinstance(new, list):
        for at in range(max(len(old), len(new))):
            yield from _walk(_at(old, at), _at(new, at), f"{path}[{at}]")
    elif not _equal(old, new):
        yield f"{printable(path)}: {_change(old, new)}"


def _get(mapping: Mapping[str, Any], key: str) -> Any:  # noqa: ANN401
    value = mapping.get(key)
    return _NOTHING if value is None else value


def _at(values: list[Any], at: int) -> Any:  # noqa: ANN401
    return values[at] if at < len(values) else _NOTHING


def _equal(old: object, new: object) -> bool:
    """In Python ``True`` equals 1; in Grafana it does not."""
    return old == new and isinstance(old, bool) == isinstance(new, bool)


def _change(old: object, new: object) -> str:
    if old is _NOTHING:
        return "added"
    return "removed" if new is _NOTHING else f"{_brief(old)} -> {_brief(new)}"


def _brief(value: object) -> str:
    if isinstance(value, dict | list):
        return "{...}" if isinstance(value, dict) else "[...]"
    return printable(shortened(json.dumps(value, ensure_ascii=False), _SHOWN))


def _is_ours_by_uid(uid: str) -> bool:
    """Whether a generated dashboard could have this uid."""
    return uid.startswith(_PREFIX)


def fault_of(has: GrafanaDashboard, folder: str, *, differs: bool) -> Fault | None:
    """Return the reason why the dashboard at one of our uids must not be changed, or None.

    Args:
        has: Grafana's dashboard.
        folder: the uid of our folder.
        differs: whether it would change.
    """
    if has.is_folder:
        return Fault(has.uid, "is a folder", "give that folder another uid, or delete it")
    if GRAFANA_TAG not in has.tags:
        way = f'save it under another uid and delete this one; if it is ours, give it back the tag "{GRAFANA_TAG}"'
        return Fault(
            has.uid, f'("{has.title}") has no tag "{GRAFANA_TAG}", so it was not made by agent-metrics', way
        )
    if has.provisioned and (differs or has.folder != folder):
        way = "replace the files that Grafana provisions it from, or take them out of its provisioning"
        return Fault(has.uid, f'("{has.title}") is provisioned from files, which the API cannot change', way)
    if has.folder != folder:
        place = f'the folder "{has.folder_title or has.folder}"' if has.folder else "no folder"
        way = f"move it to the folder with the uid {folder}" + (
            f", or apply with --folder {has.folder}" * bool(has.folder)
        )
        return Fault(has.uid, f'("{has.title}") is in {place}', way)
    return None
