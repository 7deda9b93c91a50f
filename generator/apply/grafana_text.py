"""Texts about a plan for Grafana and its steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.apply.plan import Action
from generator.diagnostics.printable import printable
from generator.diagnostics.suggest import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from generator.apply.plan import Plan, Step

_MAX_CHANGES = 15
_WIDTH = 12
_DONE = {Action.CREATE: "created", Action.UPDATE: "updated", Action.STALE: "deleted"}


def plan_lines(plan: Plan, *, folder_title: str, prune: bool) -> Iterator[str]:
    """Describe the steps of the plan."""
    if plan.folder_title is None:
        yield _line("create", f'folder "{folder_title}" (uid {plan.folder})')
    for step in plan.steps:
        yield _line("delete" if prune and step.action is Action.STALE else step.action.value, _name(step))
        yield from (f"  {'':<{_WIDTH}}{change}" for change in _cut(step.changes))


def done_line(step: Step) -> str:
    """Report a step as done."""
    return _line(_DONE[step.action], _name(step))


def remark_lines(plan: Plan, *, prune: bool) -> Iterator[str]:
    """Describe the dashboards that needed no step, or were not part of the call."""
    same = sum(step.action is Action.UNCHANGED for step in plan.steps)
    if same:
        yield _line("unchanged", f"{same} dashboard{'' if same == 1 else 's'}")
    if not prune:
        stale = (step for step in plan.steps if step.action is Action.STALE)
        yield from (
            _line("stale", f"{_name(step)}: no longer generated; --prune deletes it") for step in stale
        )


def left_line(plan: Plan, done: Iterable[Step], *, prune: bool) -> str:
    """Name the dashboards of a plan without a confirmed change."""
    wanted = {Action.CREATE, Action.UPDATE} | ({Action.STALE} if prune else set())
    over = {step.uid for step in done}
    left = [step.uid for step in plan.steps if step.action in wanted and step.uid not in over]
    return _line("not applied", listed(map(printable, left)))


def _line(word: str, text: str) -> str:
    return f"  {word:<{_WIDTH}}{text}"


def _name(step: Step) -> str:
    return printable(f'{step.uid} "{step.title}"')


def _cut(changes: tuple[str, ...]) -> Iterator[str]:
    yield from changes[:_MAX_CHANGES]
    if len(changes) > _MAX_CHANGES:
        yield f"and {len(changes) - _MAX_CHANGES} more"
