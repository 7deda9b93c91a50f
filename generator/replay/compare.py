"""Two replays of one history, by earlier specs and by these: firings that are new, gone, or at another time.

Firings of one alert (severity and labels count) that touch in time are one group, on either side: a longer
``keep_firing_for`` makes one firing of three.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from generator.replay.report import ActivePeriod, Report


class FiringChange(StrEnum):
    """The change of firings."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"


class FiringDifference(Struct, frozen=True):
    """Firings of one alert that touch in time and differ before and after; one side may be empty."""

    before: tuple[ActivePeriod, ...]
    after: tuple[ActivePeriod, ...]

    @property
    def change(self) -> FiringChange:
        """The kind of change."""
        if not self.before:
            return FiringChange.ADDED
        return FiringChange.MOVED if self.after else FiringChange.REMOVED

    @property
    def row(self) -> ActivePeriod:
        """One of them, with the alert and its labels."""
        return (self.after or self.before)[0]

    @property
    def began(self) -> float:
        """The start of the first of them."""
        return min(row.began for row in (*self.before, *self.after))

    @property
    def moved(self) -> tuple[float, float]:
        """The seconds by which the first one begins later, and by which all of them last longer."""
        before, after = (min(row.began for row in side) for side in (self.before, self.after))
        return after - before, lasted(self.after) - lasted(self.before)


class AlertCount(Struct, frozen=True):
    """The firings of an alert, before and after, and the number of differences of each kind."""

    alert: str
    severity: str
    before: int
    after: int
    changes: Mapping[FiringChange, int]


class Comparison(Struct, frozen=True):
    """The reports of two replays; ``old`` is the name of the earlier specs."""

    old: str
    before: Report
    after: Report
    differences: tuple[FiringDifference, ...]

    @property
    def services(self) -> tuple[str, ...]:
        """The services of either."""
        return tuple(dict.fromkeys((*self.after.services, *self.before.services)))

    @property
    def notes(self) -> tuple[str, ...]:
        """The notes of both, about missing or unjudged data."""
        return tuple(dict.fromkeys((*self.before.notes, *self.after.notes)))

    @property
    def counts(self) -> list[AlertCount]:
        """The alerts with differences."""
        keys = dict.fromkeys(_name(one.row) for one in self.differences)
        return [self.count(*key) for key in sorted(keys)]

    def count(self, alert: str, severity: str) -> AlertCount:
        """Count the firings of an alert; of all of the severity without a name."""

        def meant(row: ActivePeriod) -> bool:
            return row.of.severity == severity and alert in {"", row.of.rule.alert}

        before, after = (sum(map(meant, each.firings)) for each in (self.before, self.after))
        changes = [one.change for one in self.differences if meant(one.row)]
        return AlertCount(
            alert, severity, before, after, {each: changes.count(each) for each in FiringChange}
        )


def compare_replays(before: Report, after: Report, old: str) -> Comparison:
    """Compare the firings of two replays of the same history."""
    sides = [_by_alert(each.firings) for each in (before, after)]
    keys = dict.fromkeys(key for side in sides for key in side)
    differences = (one for key in keys for one in _differences(sides[0].get(key, ()), sides[1].get(key, ())))
    return Comparison(
        old, before, after, tuple(sorted(differences, key=lambda one: (one.began, _name(one.row))))
    )


def lasted(rows: Iterable[ActivePeriod]) -> float:
    """Sum the durations of firings, in seconds."""
    return sum(row.seconds for row in rows)


def _name(row: ActivePeriod) -> tuple[str, str]:
    return row.of.rule.alert, row.of.severity


def _by_alert(rows: Iterable[ActivePeriod]) -> dict[object, list[ActivePeriod]]:
    by_alert: dict[object, list[ActivePeriod]] = {}
    for row in rows:
        by_alert.setdefault((row.of.service, *_name(row), frozenset(row.labels.items())), []).append(row)
    return by_alert


def _differences(before: Sequence[ActivePeriod], after: Sequence[ActivePeriod]) -> Iterator[FiringDifference]:
    for group in _touching([*((row, 0) for row in before), *((row, 1) for row in after)]):
        old, new = (tuple(row for row, side in group if side == which) for which in (0, 1))
        if [(row.began, row.ended_at) for row in old] != [(row.began, row.ended_at) for row in new]:
            yield FiringDifference(old, new)


def _touching(firings: Iterable[tuple[ActivePeriod, int]]) -> Iterator[list[tuple[ActivePeriod, int]]]:
    """Group firings that overlap, directly or through others."""
    group: list[tuple[ActivePeriod, int]] = []
    until = float("-inf")
    for row, side in sorted(firings, key=lambda one: one[0].began):
        if group and row.began >= until:
            yield group
            group, until = [], float("-inf")
        group.append((row, side))
        until = max(until, float("inf") if row.ended_at is None else row.ended_at)
    if group:
        yield group
