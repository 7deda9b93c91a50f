"""Prometheus rule files as values, before they are encoded; and filling groups without making one too large."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, field

from generator.model import names
from generator.model.streams import Stream

#: The largest group that mixtool and Mimir's defaults allow.
LARGEST = 20


class RecordingRule(Struct, frozen=True, tag=True):
    """``record`` is the result of ``expr`` at every interval, with ``labels`` added."""

    record: str
    expr: str
    labels: Mapping[str, str] = field(default_factory=dict)


class AlertingRule(Struct, frozen=True, tag=True):
    """``alert`` fires for each series of ``expr`` that stays for ``for_`` seconds."""

    alert: str
    expr: str
    for_: int
    keep_firing_for: int
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


Rule = RecordingRule | AlertingRule


class RuleGroup(Struct, frozen=True):
    """Rules that Prometheus evaluates in order at one instant, every ``interval`` seconds.

    ``limit`` is the largest number of series that a rule may write, 0 for any number. A rule that would write more
    fails, and only the readers of its record lack data.
    """

    name: str
    interval: int
    rules: tuple[Rule, ...]
    limit: int = 0


class RuleFile(Struct, frozen=True):
    """The groups of one file; ``comment`` lines stand above them."""

    comment: tuple[str, ...]
    groups: tuple[RuleGroup, ...]


class SharedRules(Struct, frozen=True, eq=False):
    """Groups of rules by family; those of variants are named ``<family>-variants``.

    ``streams`` are their inputs, and ``marks`` are the labels besides the owner that alerts take from services.
    """

    streams: tuple[Stream, ...]
    marks: tuple[str, ...]
    recording: Mapping[str, tuple[RuleGroup, ...]]
    alerting: Mapping[str, tuple[RuleGroup, ...]]

    @property
    def groups(self) -> tuple[RuleGroup, ...]:
        """All groups, those that record before those that alert."""
        return (*self.recorders, *self.alerters)

    @property
    def recorders(self) -> tuple[RuleGroup, ...]:
        """The groups of the files of recording rules."""
        return tuple(group for groups in self.recording.values() for group in groups)

    @property
    def alerters(self) -> tuple[RuleGroup, ...]:
        """The groups of the files of alerts."""
        return tuple(group for groups in self.alerting.values() for group in groups)

    @property
    def variants(self) -> tuple[RuleGroup, ...]:
        """The groups of alerts that have another form in some services."""
        return tuple(
            group
            for family, groups in self.alerting.items()
            if family.endswith(names.VARIANTS)
            for group in groups
        )

    @property
    def records(self) -> frozenset[str]:
        """The names of all records."""
        return records_of(self.groups)


def records_of(groups: Iterable[RuleGroup]) -> frozenset[str]:
    """The names of all records of rule groups."""
    return frozenset(one.record for one in recording_rules(groups))


def recording_rules(groups: Iterable[RuleGroup]) -> Iterator[RecordingRule]:
    """The recording rules of rule groups, in their order."""
    return (one for group in groups for one in group.rules if isinstance(one, RecordingRule))


def split(name: str, chains: Iterable[Sequence[Rule]], interval: int, limit: int = 0) -> Iterator[RuleGroup]:
    """Fill groups with whole chains; the second group is ``name-2`` and so on.

    A chain longer than a group goes on in the next, where it is up to an interval behind.
    """
    filled: list[list[Rule]] = [[]]
    for chain in chains:
        if len(filled[-1]) + len(chain) > LARGEST and filled[-1]:
            filled.append([])
        for rule in chain:
            if len(filled[-1]) == LARGEST:
                filled.append([])
            filled[-1].append(rule)
    for index, rules in enumerate(filled, start=1):
        if rules:
            yield RuleGroup(name if index == 1 else f"{name}-{index}", interval, tuple(rules), limit)
