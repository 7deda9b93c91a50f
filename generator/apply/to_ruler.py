"""Bring the generated namespaces to a ruler: new groups first, deletions last.

No request writes several groups, so a push may end half-way. At any moment every group is the old one or the new one,
and the next run, which compares first, continues where this one stopped.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

import yaml
from msgspec import Struct

from generator.apply.ruler_api import Namespaces, RulerApi, group_changes, read_groups
from generator.diagnostics.wording import counted, listed
from generator.live.errors import LiveError
from generator.model.names import GRAFANA_TAG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from generator.apply.generated import Generated

#: The prefix of all groups of agent-metrics, in any namespace.
_OUR_GROUPS = "agent-"
_NO_NAMESPACES = "add deliver: {mimir: {}} to site.yaml, and run agent-metrics generate"


class GroupAction(Enum):
    """The action for a group, in this order; ``STALE`` ones are deleted only on request."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    STALE = "stale"


_DONE = {
    GroupAction.CREATE: "created",
    GroupAction.UPDATE: "updated",
    GroupAction.DELETE: "deleted",
    GroupAction.STALE: "deleted",
}


class GroupStep(Struct, frozen=True):
    """One group, and the changes of an update in words."""

    action: GroupAction
    namespace: str
    name: str
    words: str = ""

    @property
    def called(self) -> str:
        """The group as people name it."""
        return f"{self.namespace}/{self.name}"


class RulerPlan(Struct, frozen=True):
    """The steps in order, and the groups that stay.

    Attributes:
        steps: the actions.
        unchanged: the number of groups that are as generated.
        foreign: groups in our namespaces that agent-metrics did not make.
        unlimited: the number of groups whose limit the ruler does not keep.
    """

    steps: tuple[GroupStep, ...]
    unchanged: int
    foreign: tuple[str, ...]
    unlimited: int


def apply_to_ruler(
    api: RulerApi, generated: Generated, say: Callable[[str], None], *, dry_run: bool, prune: bool
) -> None:
    """Write the generated groups for a tenant; unchanged ones are not written again.

    Args:
        api: the ruler.
        generated: the generated files.
        say: prints a line about each step, as soon as it is done.
        dry_run: only report the steps.
        prune: delete the namespaces of services that are no longer generated.

    Raises:
        LiveError: there are no namespaces, or a request failed; steps reported as done stay done.
    """
    if not generated.namespaces:
        raise LiveError("the output has no namespaces for a ruler", _NO_NAMESPACES)
    wanted = read_groups(generated.namespaces)
    plan = _plan_groups(wanted, api.groups())
    tenant = f", tenant {api.tenant}" if api.tenant else ""
    say(f"ruler {api.url}{tenant}" + (": dry run, nothing is written" * dry_run))
    if dry_run:
        for step in _chosen(plan, prune=prune):
            say(_line(step.action.value if step.action is not GroupAction.STALE else "delete", step))
    else:
        _carry_out(api, plan, generated.namespaces, say, prune=prune)
        _verify(api, wanted)
    say(f"  unchanged   {counted(plan.unchanged, 'group')}")
    for line in _remarks(plan, prune=prune):
        say(line)


def _plan_groups(wanted: Namespaces, there: Namespaces) -> RulerPlan:
    """Compare the generated groups with those of the tenant; namespaces other than ours are ignored."""
    ours = {name: groups for name, groups in there.items() if _is_ours(name)}
    steps = list(_written(wanted, ours))
    steps += _vanished(wanted, ours)
    order = list(GroupAction)
    same = [
        (group, ours[namespace][name])
        for namespace, groups in wanted.items()
        for name, group in groups.items()
        if name in ours.get(namespace, {}) and not group_changes(group, ours[namespace][name])
    ]
    return RulerPlan(
        steps=tuple(sorted(steps, key=lambda step: order.index(step.action))),
        unchanged=len(same),
        foreign=tuple(_foreign(ours)),
        unlimited=sum(bool(group.limit and not has.limit) for group, has in same),
    )


def _written(wanted: Namespaces, ours: Namespaces) -> Iterator[GroupStep]:
    for namespace, groups in wanted.items():
        for name, group in groups.items():
            has = ours.get(namespace, {}).get(name)
            if has is None:
                yield GroupStep(GroupAction.CREATE, namespace, name, counted(len(group.rules), "rule"))
            elif changes := group_changes(group, has):
                yield GroupStep(GroupAction.UPDATE, namespace, name, ", ".join(changes))


def _vanished(wanted: Namespaces, ours: Namespaces) -> Iterator[GroupStep]:
    for namespace, groups in ours.items():
        for name in groups:
            if name not in wanted.get(namespace, {}) and name.startswith(_OUR_GROUPS):
                yield GroupStep(
                    GroupAction.DELETE if namespace in wanted else GroupAction.STALE, namespace, name
                )


def _foreign(ours: Namespaces) -> Iterator[str]:
    for namespace, groups in ours.items():
        yield from (f"{namespace}/{name}" for name in groups if not name.startswith(_OUR_GROUPS))


def _is_ours(namespace: str) -> bool:
    return namespace == GRAFANA_TAG or namespace.startswith(f"{GRAFANA_TAG}-")


def _chosen(plan: RulerPlan, *, prune: bool) -> list[GroupStep]:
    return [step for step in plan.steps if prune or step.action is not GroupAction.STALE]


def _carry_out(
    api: RulerApi,
    plan: RulerPlan,
    namespaces: Mapping[str, Iterable[Mapping[str, Any]]],
    say: Callable[[str], None],
    *,
    prune: bool,
) -> None:
    texts = {(name, group["name"]): group for name, groups in namespaces.items() for group in groups}
    left = _chosen(plan, prune=prune)
    done = 0
    try:
        for step in left:
            if step.action in {GroupAction.CREATE, GroupAction.UPDATE}:
                group = yaml.dump(
                    dict(texts[step.namespace, step.name]), Dumper=yaml.CSafeDumper, sort_keys=False
                )
                api.write(step.namespace, step.name, group.encode())
            else:
                api.remove(step.namespace, step.name)
            done += 1
            say(_line(_DONE[step.action], step))
    except (LiveError, KeyboardInterrupt) as error:
        say(f"  not applied {listed(step.called for step in left[done:])}")
        if isinstance(error, LiveError) and done:
            raise error.adding("what was applied stays, and the next run goes on from there") from None
        raise


def _verify(api: RulerApi, wanted: Namespaces) -> None:
    """Compare the ruler's groups again: it may have stored something other than the sent groups."""
    there = api.groups()
    wrong = [
        f"{namespace}/{name}"
        for namespace, groups in wanted.items()
        for name, group in groups.items()
        if name not in there.get(namespace, {}) or group_changes(group, there[namespace][name])
    ]
    if wrong:
        raise LiveError(
            f"the ruler did not keep the rules that it got: {listed(wrong)}",
            "see that nobody else writes the same namespaces; then run again",
        )


def _remarks(plan: RulerPlan, *, prune: bool) -> Iterator[str]:
    stale = dict.fromkeys(step.namespace for step in plan.steps if step.action is GroupAction.STALE)
    if stale and not prune:
        yield f"  still there {listed(stale)}: no longer generated; --prune deletes what agent-metrics made there"
    if plan.foreign:
        yield f"  left alone  {listed(plan.foreign)}: not made by agent-metrics"
    if plan.unlimited:
        yield f"  without     the limit of {counted(plan.unlimited, 'group')}, which this ruler does not keep"


def _line(done: str, step: GroupStep) -> str:
    words = f" ({step.words})" if step.words else ""
    return f"  {done:<11} {step.called}{words}"
