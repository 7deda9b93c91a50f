"""Variables filled into queries like in Grafana: with the chosen values, escaped for Prometheus."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from tests.grafana.rules.variable import REFERENCE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.grafana.documents import Json

ALL = "$__all"
Choice = str | tuple[str, ...]
_SPECIAL = re.compile(r"[$^*{}\[\]'+?.()|]")


class ShownRange(Struct, frozen=True):
    """The shown time range, in Unix seconds, and the seconds between two points."""

    start: int
    end: int
    step: int = 60
    scrape: int = 15

    @property
    def macros(self) -> dict[str, str]:
        """Grafana's own variables."""
        width = self.end - self.start
        return {
            "__interval": f"{self.step}s",
            "__interval_ms": f"{self.step * 1000}",
            "__rate_interval": f"{max(self.step + self.scrape, 4 * self.scrape)}s",
            "__range": f"{width}s",
            "__range_s": f"{width}",
            "__range_ms": f"{width * 1000}",
        }


def substituted(
    text: str, variables: Mapping[str, Json], chosen: Mapping[str, Choice], window: ShownRange
) -> str:
    """Replace variables by values; texts that are not Grafana's variables, such as ``${1}``, stay."""

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2] or match[4]
        if name in window.macros:
            return window.macros[name]
        if name not in chosen:
            return match[0]
        return _written(variables[name], chosen[name])

    return REFERENCE.sub(value, text)


def _written(variable: Json, choice: Choice) -> str:
    """Write a choice into a matcher."""
    if choice == ALL:
        return str(variable["allValue"])
    if not (variable["multi"] or variable["includeAll"]):
        return _quoted(str(choice))
    values = [_literal(one) for one in ((choice,) if isinstance(choice, str) else choice)]
    return values[0] if len(values) == 1 else f"({'|'.join(values)})"


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\\\'")


def _literal(value: str) -> str:
    """Escape a value inside a regular expression inside a string, so that backslashes are doubled twice."""
    return _SPECIAL.sub(r"\\\\\g<0>", value.replace("\\", "\\\\\\\\"))
