"""An exposition as a source: what one instance exposes, or several that were put together."""

from __future__ import annotations

from collections import Counter, defaultdict
from math import isnan
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.audit.source import MOST_VALUES, Described, Groups
from generator.audit.target_labels import TARGET_LABELS, of_target

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from generator.audit.parse import Exposition, Line
    from generator.model.service import Service

_UNKNOWN = Described()


class ExposedSource(Struct, frozen=True):
    """The series of an exposition that may be a service's, by name."""

    exposition: Exposition
    selector: Mapping[str, str]
    by_name: Mapping[str, tuple[Line, ...]]

    @property
    def place(self) -> str:
        """Where it came from."""
        return self.exposition.place

    @property
    def lone(self) -> bool:
        """It is what instances expose."""
        return True

    def names(self, prefixes: Sequence[str]) -> Mapping[str, int]:
        """Count by name."""
        wanted = tuple(prefixes)
        return {name: len(lines) for name, lines in self.by_name.items() if name.startswith(wanted)}

    def labels(self, name: str) -> frozenset[str]:
        """List the labels."""
        found = {label for line in self._of(name) for label in line.labels}
        return frozenset(label for label in found if not of_target(label, self.selector))

    def groups(self, name: str, by: Sequence[str]) -> Groups:
        """Count by labels."""
        return _most(tuple(line.labels.get(label, "") for label in by) for line in self._of(name))

    def strays(self, name: str, label: str, listed: Sequence[str]) -> Groups:
        """Count by values that are not listed."""
        found = (line.labels.get(label, "") for line in self._of(name))
        return _most((value,) for value in found if value and value not in listed)

    def merged(self, name: str, label: str) -> int:
        """Count what is left without a label."""
        rest = (
            frozenset((key, value) for key, value in line.labels.items() if key != label)
            for line in self._of(name)
        )
        return len(set(rest))

    def total(self, name: str) -> float:
        """Sum."""
        return sum(line.value for line in self._of(name))

    def totals(self, name: str, label: str) -> Mapping[str, float]:
        """Sum by a label."""
        found: defaultdict[str, float] = defaultdict(float)
        for line in self._of(name):
            found[line.labels.get(label, "")] += line.value
        return {value: total for value, total in found.items() if total > 0}

    def below_zero(self, name: str) -> int:
        """Count what no counter can be."""
        return sum(line.value < 0 or isnan(line.value) for line in self._of(name))

    def falling(self, _name: str) -> int:
        """Say nothing: an exposition has no history."""
        return 0

    def described(self, name: str) -> Described:
        """Say what the exposition says."""
        return self.exposition.described.get(name, _UNKNOWN)

    def instances(self, name: str) -> int:
        """Count targets, where the series carry their labels."""
        return len({tuple(line.labels.get(label, "") for label in TARGET_LABELS) for line in self._of(name)})

    def past(self, _name: str, _label: str, _seconds: int) -> None:
        """Say nothing: an exposition has no history."""

    def exposed(self) -> None:
        """Say nothing: what a process exposes of itself is not held against the budget here."""

    def interval(self) -> None:
        """Say nothing: an exposition has no history."""

    def elsewhere(self, name: str, by: Sequence[str]) -> Groups:
        """Count series of other services."""
        lines = (line for line in self.exposition.lines if line.name == name)
        return _most(tuple(line.labels.get(label, "") for label in by) for line in lines)

    def _of(self, name: str) -> tuple[Line, ...]:
        return self.by_name.get(name, ())


def exposed_source(exposition: Exposition, service: Service) -> ExposedSource:
    """Take the series that are not another service's: the selector's labels are as wanted, or not there yet."""
    found: defaultdict[str, list[Line]] = defaultdict(list)
    for line in exposition.lines:
        if all(line.labels.get(label, value) == value for label, value in service.selector.items()):
            found[line.name].append(line)
    by_name = {name: tuple(lines) for name, lines in found.items()}
    return ExposedSource(exposition, service.selector, by_name)


def _most(keys: Iterable[tuple[str, ...]]) -> Groups:
    counted = Counter(keys)
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return Groups(dict(ordered[:MOST_VALUES]), len(ordered))
