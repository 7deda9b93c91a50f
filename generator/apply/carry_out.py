"""A plan, carried out step by step; at any moment, each dashboard is either the old one or the new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.apply.difference import differences
from generator.apply.ownership import fault
from generator.apply.plan import Action
from generator.live.errors import LiveError, UncertainError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.apply.grafana_api import GrafanaApi
    from generator.apply.plan import Plan, Step


def carry_out(api: GrafanaApi, plan: Plan, *, folder_title: str, message: str, prune: bool) -> Iterator[Step]:
    """Carry out a plan without faults, and yield each step when Grafana has confirmed it.

    Args:
        api: the Grafana that the plan was made for.
        plan: the steps.
        folder_title: the title of a new folder.
        message: the change's text in Grafana's version history.
        prune: whether to delete stale dashboards.

    Raises:
        LiveError: a step failed; those after it were not begun.
    """
    if plan.folder_title is None:
        api.create_folder(plan.folder, folder_title)
    for step in plan.steps:
        if step.action in {Action.CREATE, Action.UPDATE}:
            _save(api, step, plan.folder, message)
            yield step
        elif step.action is Action.STALE and prune:
            _delete(api, step, plan.folder)
            yield step


def _save(api: GrafanaApi, step: Step, folder: str, message: str) -> None:
    try:
        api.save({**step.dashboard, "id": None, "version": step.version}, folder, message)
    except UncertainError as error:
        if not _has_arrived(api, step, folder, error):
            raise


def _has_arrived(api: GrafanaApi, step: Step, folder: str, error: UncertainError) -> bool:
    """Whether Grafana stored the dashboard although no confirmation arrived: the answer was lost, or a proxy's."""
    try:
        has = api.dashboard(step.uid)
    except LiveError:
        message = f"{error.message}; whether {step.uid} was saved is not known"
        raise LiveError(message, error.help) from None
    return has is not None and has.folder == folder and not differences(step.dashboard, has.json)


def _delete(api: GrafanaApi, step: Step, folder: str) -> None:
    """Delete a dashboard that is still ours; a search index may be out of date."""
    has = api.dashboard(step.uid)
    if has is None:
        return
    if wrong := fault(has, folder, differs=True):
        raise LiveError(f"{wrong.uid} {wrong.reason}; it was not deleted", wrong.help)
    try:
        api.delete(step.uid)
    except UncertainError:
        if api.dashboard(step.uid) is not None:
            raise
