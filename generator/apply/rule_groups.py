"""The generated rule groups that a Prometheus runs unchanged, and those that it does not."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from generator.model.units import duration
from generator.promql.syntax import PromqlError, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from generator.live.rule_states import GroupState, RuleState

    Groups = Mapping[str, tuple[Mapping[str, Any], ...]]

Key = tuple[str, str]
"""A rule file's name without its directory, and a group's."""


class Running(Struct, frozen=True):
    """The generated groups by their state in the server, each by file and name, in the files' order.

    Attributes:
        sizes: the number of groups in each file.
        missing: are not loaded.
        twice: are loaded from several files of that name.
        outdated: are loaded with other rules, or no longer generated.
        failing: have a rule whose last evaluation failed, with the reason.
        waiting: were never evaluated yet.
    """

    sizes: Mapping[str, int]
    missing: tuple[Key, ...] = ()
    twice: tuple[Key, ...] = ()
    outdated: tuple[Key, ...] = ()
    failing: tuple[str, ...] = ()
    waiting: tuple[Key, ...] = ()

    @property
    def total(self) -> int:
        """The number of groups."""
        return sum(self.sizes.values())

    @property
    def loaded(self) -> bool:
        """Whether the server runs exactly these groups, healthy or not."""
        return not (self.missing or self.twice or self.outdated)


def compare(wanted: Groups, states: Iterable[GroupState]) -> Running:
    """Compare the groups that a server runs with the generated ones; files are identified by their last name."""
    running: dict[Key, list[GroupState]] = {}
    for state in states:
        running.setdefault((PurePath(state.file).name, state.name), []).append(state)
    groups = {(file, group["name"]): group for file, listed in wanted.items() for group in listed}
    one = {key: running[key][0] for key in groups if len(running.get(key, ())) == 1}
    return Running(
        sizes={file: len(listed) for file, listed in wanted.items()},
        missing=tuple(key for key in groups if key not in running),
        twice=tuple(key for key in groups if len(running.get(key, ())) > 1),
        outdated=(
            *(key for key, state in one.items() if not _same(groups[key], state)),
            *(key for key in running if key[0] in wanted and key not in groups),
        ),
        failing=tuple(f"{key[0]}: {key[1]}: {why}" for key, state in one.items() if (why := _failure(state))),
        waiting=tuple(key for key, state in one.items() if _waits(state)),
    )


def longest_interval(wanted: Groups, states: Iterable[GroupState]) -> float:
    """Return the longest interval, in seconds, of the groups of these files: each is evaluated once within it."""
    return max((state.interval for state in states if PurePath(state.file).name in wanted), default=60.0)


def named(keys: Iterable[Key], sizes: Mapping[str, int]) -> tuple[str, ...]:
    """Write groups as ``file: name``, and a file with all of its groups in one."""
    groups: dict[str, list[str]] = {}
    for file, name in keys:
        groups.setdefault(file, []).append(name)
    return tuple(text for file, names in groups.items() for text in _of_file(file, names, sizes[file]))


def _of_file(file: str, names: list[str], size: int) -> list[str]:
    if len(names) == size > 1:
        return [f"{file} (all {size} groups)"]
    return [f"{file}: {name}" for name in names]


def _failure(state: GroupState) -> str:
    return next(
        (f"{rule.name}: {rule.last_error}" for rule in state.rules if rule.health == "err"),
        "",
    )


def _waits(state: GroupState) -> bool:
    return any(rule.health == "unknown" for rule in state.rules)


def _same(group: Mapping[str, Any], state: GroupState) -> bool:
    rules = group["rules"]
    return (
        group.get("interval", duration(int(state.interval))) == duration(int(state.interval))
        and len(rules) == len(state.rules)
        and all(_same_rule(one, other) for one, other in zip(rules, state.rules, strict=True))
    )


def _same_rule(one: Mapping[str, Any], other: RuleState) -> bool:
    return (
        one.get("record", one.get("alert")) == other.name
        and (one.get("labels") or {}) == dict(other.labels)
        and (one.get("annotations") or {}) == dict(other.annotations)
        and _seconds(one, "for") == duration(int(other.duration))
        and _seconds(one, "keep_firing_for") == duration(int(other.keep_firing_for))
        and _same_expr(one["expr"], other.expr)
    )


def _seconds(rule: Mapping[str, Any], key: str) -> str:
    return str(rule.get(key, duration(0)))


def _same_expr(one: str, other: str) -> bool:
    """Prometheus prints expressions in its own layout; one that our parser rejects counts as the same."""
    try:
        return str(parse(one)) == str(parse(other))
    except PromqlError:
        return True
