"""Discovered environments: a label of a target with few values, such as prod and staging."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.discover.yaml_words import pairs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

#: The usual names of such a label, the most specific first.
LABELS = ("environment", "env", "deployment_environment_name", "deployment_environment", "stage")
_PRODUCTION = {"prod", "production", "prd", "live"}
_OTHERS = {
    *("staging", "stage", "stg", "preprod", "pre-prod", "uat", "qa", "test", "testing"),
    *("dev", "development", "preview", "canary", "sandbox", "demo"),
}
#: More values are not environments of one service.
_MOST = 6


class Environments(Struct, frozen=True):
    """The label of the environments, and its values by their names: production first."""

    label: str
    values: tuple[tuple[str, str], ...]

    def lines(self) -> Iterator[tuple[str, str]]:
        """Write them as YAML, each line with a comment."""
        yield (
            "environments:",
            f"as the label {self.label} has them: a service in each, and one module for all",
        )
        paged = any(name in _PRODUCTION for name, _ in self.values)
        for name, value in self.values:
            selector = f"selector: {pairs({self.label: value})}"
            if paged and name not in _PRODUCTION:
                yield f"  {name}: {{{selector}, severity_at_most: warning}}", "pages nobody"
            else:
                yield f"  {name}: {{{selector}}}", ""


def environments(series: Sequence[Mapping[str, str]]) -> Environments | None:
    """Find the environments of a target by the labels of its series; None if several are not certain."""
    for label in LABELS:
        values = {one.get(label, "") for one in series}
        named = {_name(value): value for value in sorted(values)}
        if 1 < len(values) <= _MOST and len(named) == len(values) and named.keys() <= _PRODUCTION | _OTHERS:
            order = sorted(named, key=lambda name: (name not in _PRODUCTION, name))
            return Environments(label, tuple((name, named[name]) for name in order))
    return None


def _name(value: str) -> str:
    return re.sub("[^a-z0-9]+", "-", value.lower()).strip("-")
