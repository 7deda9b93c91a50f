"""Bring the generated dashboards to a Grafana, or compare them with its own.

The steps are planned by reading only. Our dashboards are those in our folder, with our tag, and with a uid of the form
of generated dashboards: a saved copy keeps the folder and may keep the tag, but gets another uid, so it is never ours.
At any moment each dashboard is either the old one or the new one.
"""

from __future__ import annotations

import json
import re
from enum import Enum
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from generator.diagnostics.wording import counted, listed, printable, shortened
from generator.live.errors import LiveError, UncertainError
from generator.model.names import GRAFANA_FOLDER, GRAFANA_FOLDER_UID, GRAFANA_TAG

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

    from generator.apply.generated import Generated
    from generator.apply.grafana_api import GrafanaApi, GrafanaDashboard

#: The keys at the top of a dashboard that Grafana itself counts.
GRAFANAS_OWN = frozenset({"id", "version", "iteration", "gnetId"})
_SHOWN = 40
_NOTHING = object()
_PREFIX = "agent-"
_UID = re.compile(r"[A-Za-z0-9_-]{1,40}")
_MAX_CHANGES = 15
_WIDTH = 12


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


def _plan_dashboards(api: GrafanaApi, dashboards: Sequence[Mapping[str, Any]], folder: str) -> DashboardPlan:
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
        and (what := _fault_of(has, folder, differs=step.action is DashboardAction.UPDATE))
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


def _fault_of(has: GrafanaDashboard, folder: str, *, differs: bool) -> Fault | None:
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
        plan = _plan_dashboards(api, generated.dashboards, options.folder)
    except LiveError as error:
        raise error.adding("nothing was written") from None
    _refuse_faults(plan)
    say(f"Grafana {api.url}, folder {options.folder}" + (": dry run, nothing is written" * options.dry_run))
    if options.dry_run:
        for line in _plan_lines(plan, prune=options.prune):
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
        for step in _carry_out(api, plan, message=message, prune=options.prune):
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


def _carry_out(api: GrafanaApi, plan: DashboardPlan, *, message: str, prune: bool) -> Iterator[DashboardStep]:
    """Carry out a plan without faults, and yield each step when Grafana has confirmed it.

    Args:
        api: the Grafana that the plan was made for.
        plan: the steps.
        message: the change's text in Grafana's version history.
        prune: whether to delete stale dashboards.

    Raises:
        LiveError: a step failed; those after it were not begun.
    """
    if plan.folder_title is None:
        api.create_folder(plan.folder, GRAFANA_FOLDER)
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
    if wrong := _fault_of(has, folder, differs=True):
        raise LiveError(f"{wrong.uid} {wrong.reason}; it was not deleted", wrong.help)
    try:
        api.delete(step.uid)
    except UncertainError:
        if api.dashboard(step.uid) is not None:
            raise


def _plan_lines(plan: DashboardPlan, *, prune: bool) -> Iterator[str]:
    """Describe the steps of the plan."""
    if plan.folder_title is None:
        yield _line("create", f'folder "{GRAFANA_FOLDER}" (uid {plan.folder})')
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
