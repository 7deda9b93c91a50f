"""Bring the generated dashboards to a Grafana, or compare them with its own.

At any moment each dashboard is either the old one or the new one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.apply.plan import (
    DashboardAction,
    DashboardPlan,
    DashboardStep,
    differences,
    fault_of,
    plan_dashboards,
)
from generator.diagnostics.printable import printable
from generator.diagnostics.suggest import counted, listed
from generator.live.errors import LiveError, UncertainError
from generator.model.names import GRAFANA_FOLDER, GRAFANA_FOLDER_UID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from generator.apply.generated import Generated
    from generator.apply.grafana_api import GrafanaApi

_UID = re.compile(r"[A-Za-z0-9_-]{1,40}")
_MAX_CHANGES = 15
_WIDTH = 12
_DONE = {
    DashboardAction.CREATE: "created",
    DashboardAction.UPDATE: "updated",
    DashboardAction.STALE: "deleted",
}


class Options(Struct, frozen=True):
    """Options: the uid of the folder, whether only to show the changes, whether to delete stale dashboards."""

    folder: str = GRAFANA_FOLDER_UID
    dry_run: bool = False
    prune: bool = False


def apply_to_grafana(
    api: GrafanaApi, generated: Generated, options: Options, say: Callable[[str], None]
) -> None:
    """Save the generated dashboards in Grafana; unchanged ones are not saved again.

    Everything is read and compared first. Dashboards that are not ours stop it before anything is written.

    Args:
        api: the Grafana.
        generated: the generated files.
        options: the options.
        say: prints a line about each step, as soon as it is done.

    Raises:
        LiveError: a dashboard is not ours, or a request failed; steps reported as done stay done.
    """
    if not _UID.fullmatch(options.folder):
        message = "a folder's uid has up to 40 letters, digits, - and _"
        raise LiveError(message, "it is the part after /dashboards/f/ in the folder's address")
    try:
        plan = plan_dashboards(api, generated.dashboards, options.folder)
    except LiveError as error:
        raise error.adding("nothing was written") from None
    _refuse_faults(plan)
    say(f"Grafana {api.url}, folder {options.folder}" + (": dry run, nothing is written" * options.dry_run))
    if options.dry_run:
        for line in _plan_lines(plan, folder_title=GRAFANA_FOLDER, prune=options.prune):
            say(line)
    else:
        _apply_plan(api, plan, f"agent-metrics, output {generated.digest}", options, say)
    for line in _remark_lines(plan, prune=options.prune):
        say(line)


def _apply_plan(
    api: GrafanaApi, plan: DashboardPlan, message: str, options: Options, say: Callable[[str], None]
) -> None:
    done: list[DashboardStep] = []
    try:
        for step in _carry_out(api, plan, folder_title=GRAFANA_FOLDER, message=message, prune=options.prune):
            done.append(step)
            say(_done_line(step))
    except LiveError as error:
        say(_left_line(plan, done, prune=options.prune))
        raise error.adding("what was applied stays" if done else "") from None
    except KeyboardInterrupt:
        say(_left_line(plan, done, prune=options.prune))
        raise


def _refuse_faults(plan: DashboardPlan) -> None:
    if plan.faults:
        raise LiveError(
            "dashboards that agent-metrics did not make are in the way; nothing was written",
            lines=tuple(f"{fault.uid} {fault.reason}: {fault.help}" for fault in plan.faults),
        )


def _carry_out(
    api: GrafanaApi, plan: DashboardPlan, *, folder_title: str, message: str, prune: bool
) -> Iterator[DashboardStep]:
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
        if step.action in {DashboardAction.CREATE, DashboardAction.UPDATE}:
            _save(api, step, plan.folder, message)
            yield step
        elif step.action is DashboardAction.STALE and prune:
            _delete(api, step, plan.folder)
            yield step


def _save(api: GrafanaApi, step: DashboardStep, folder: str, message: str) -> None:
    try:
        api.save({**step.dashboard, "id": None, "version": step.version}, folder, message)
    except UncertainError as error:
        if not _has_arrived(api, step, folder, error):
            raise


def _has_arrived(api: GrafanaApi, step: DashboardStep, folder: str, error: UncertainError) -> bool:
    """Whether Grafana stored the dashboard although no confirmation arrived: the answer was lost, or a proxy's."""
    try:
        has = api.dashboard(step.uid)
    except LiveError:
        message = f"{error.message}; whether {step.uid} was saved is not known"
        raise LiveError(message, error.help) from None
    return has is not None and has.folder == folder and not differences(step.dashboard, has.json)


def _delete(api: GrafanaApi, step: DashboardStep, folder: str) -> None:
    """Delete a dashboard that is still ours; a search index may be out of date."""
    has = api.dashboard(step.uid)
    if has is None:
        return
    if wrong := fault_of(has, folder, differs=True):
        raise LiveError(f"{wrong.uid} {wrong.reason}; it was not deleted", wrong.help)
    try:
        api.delete(step.uid)
    except UncertainError:
        if api.dashboard(step.uid) is not None:
            raise


def _plan_lines(plan: DashboardPlan, *, folder_title: str, prune: bool) -> Iterator[str]:
    """Describe the steps of the plan."""
    if plan.folder_title is None:
        yield _line("create", f'folder "{folder_title}" (uid {plan.folder})')
    for step in plan.steps:
        yield _line(
            "delete" if prune and step.action is DashboardAction.STALE else step.action.value, _name(step)
        )
        yield from (f"  {'':<{_WIDTH}}{change}" for change in _cut(step.changes))


def _done_line(step: DashboardStep) -> str:
    """Report a step as done."""
    return _line(_DONE[step.action], _name(step))


def _remark_lines(plan: DashboardPlan, *, prune: bool) -> Iterator[str]:
    """Describe the dashboards that needed no step, or were not part of the call."""
    same = sum(step.action is DashboardAction.UNCHANGED for step in plan.steps)
    if same:
        yield _line("unchanged", counted(same, "dashboard"))
    if not prune:
        stale = (step for step in plan.steps if step.action is DashboardAction.STALE)
        yield from (
            _line("stale", f"{_name(step)}: no longer generated; --prune deletes it") for step in stale
        )


def _left_line(plan: DashboardPlan, done: Iterable[DashboardStep], *, prune: bool) -> str:
    """Name the dashboards of a plan without a confirmed change."""
    wanted = {DashboardAction.CREATE, DashboardAction.UPDATE} | ({DashboardAction.STALE} if prune else set())
    over = {step.uid for step in done}
    left = [step.uid for step in plan.steps if step.action in wanted and step.uid not in over]
    return _line("not applied", listed(map(printable, left)))


def _line(word: str, text: str) -> str:
    return f"  {word:<{_WIDTH}}{text}"


def _name(step: DashboardStep) -> str:
    return printable(f'{step.uid} "{step.title}"')


def _cut(changes: tuple[str, ...]) -> Iterator[str]:
    yield from changes[:_MAX_CHANGES]
    if len(changes) > _MAX_CHANGES:
        yield f"and {len(changes) - _MAX_CHANGES} more"
