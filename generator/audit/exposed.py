"""An exposition as a source: the series that one instance exposes, or several together."""

from __future__ import annotations

from collections import Counter, defaultdict
from math import isnan
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.audit.source import MOST_VALUES, TARGET_LABELS, Described, Groups, of_target

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
        """The origin of the exposition."""
        return self.exposition.place

    @property
    def lone(self) -> bool:
        """True: instances expose it."""
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
        """Count by unlisted values."""
        found = (line.labels.get(label, "") for line in self._of(name))
        return _most((value,) for value in found if value and value not in listed)

    def merged(self, name: str, label: str) -> int:
        """Count the series that remain without a label."""
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
        """Count the values that no counter can have."""
        return sum(line.value < 0 or isnan(line.value) for line in self._of(name))

    def falling(self, _name: str) -> int:
        """Return 0: an exposition has no history."""
        return 0

    def described(self, name: str) -> Described:
        """Return the exposition's own description."""
        return self.exposition.described.get(name, _UNKNOWN)

    def instances(self, name: str) -> int:
        """Count targets, where the series have their labels."""
        return len({tuple(line.labels.get(label, "") for label in TARGET_LABELS) for line in self._of(name)})

    def past(self, _name: str, _label: str, _seconds: int) -> None:
        """Return None: an exposition has no history."""

    def exposed(self) -> None:
        """Return None: a process's own metrics are not compared with the budget here."""

    def interval(self) -> None:
        """Return None: an exposition has no history."""

    def elsewhere(self, name: str, by: Sequence[str]) -> Groups:
        """Count series of other services."""
        lines = (line for line in self.exposition.lines if line.name == name)
        return _most(tuple(line.labels.get(label, "") for label in by) for line in lines)

    def _of(self, name: str) -> tuple[Line, ...]:
        return self.by_name.get(name, ())


def exposed_source(exposition: Exposition, service: Service) -> ExposedSource:
    """Select the series that are not another service's: the selector's labels are equal or still missing."""
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
