"""Labels and their bounds: every label of a metric has a known largest number of live values."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

#: The value that generated instrumentation writes for a value outside a list.
OTHER = "other"


class Label(Struct, frozen=True):
    """A label: a list of values, or a largest number of live ones.

    Attributes:
        name: The label name.
        description: Its meaning, for people.
        values: The listed values with ``other`` unless the list is closed; empty when only ``max_live`` bounds it.
        max_live: The largest number of values alive at once.
        new_per_week: New values in a week that replace others: releases have them, tools do not.
        determines: The label whose value follows from this one's, if any.
        determined: The value of that label for each value of this one.
        patterns: For each value the patterns of the exposed values that it replaces; empty without translation.
        ignore: Patterns of exposed values that are left out.
        joined: The label of ``target_info`` that has its value for each instance, if any.
        limits: The values that mean that a run was stopped by a limit.
        per: Other labels, each with the largest number of values of this label for one value of that.
    """

    name: str
    description: str
    values: tuple[str, ...]
    max_live: int
    new_per_week: float = 0.0
    determines: str | None = None
    determined: Mapping[str, str] = field(default_factory=dict)
    limits: tuple[str, ...] = ()
    per: tuple[tuple[str, int], ...] = ()

    def __hash__(self) -> int:
        """Hash the few fields that tell labels apart: labels are hashed often, and a mapping has no hash."""
        return hash((self.name, self.values, self.max_live, self.new_per_week, self.determines, self.per))

    patterns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    joined: str = ""
