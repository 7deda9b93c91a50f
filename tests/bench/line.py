"""A line of the table: the measured item, its floor or peer, and its goal."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

#: The source of the goals that came with rules that all services share.
SHARED = "the design of shared rules"


class FigureUnit(StrEnum):
    """The unit of a figure."""

    SECONDS = "s"
    MIB = "MiB"
    BYTES = "bytes"
    SAMPLES = "samples"
    PERCENT = "%"
    COUNT = ""


class Figure(Struct, frozen=True):
    """A measured value and its subject."""

    value: float
    unit: FigureUnit
    of: str

    def text(self) -> str:
        """Write it for people."""
        return f"{_number(self.value, self.unit)} ({self.of})" if self.of else _number(self.value, self.unit)


class Goal(Struct, frozen=True):
    """A bound of a ratio; ``source`` is its origin."""

    bound: float
    at_least: bool = False
    source: str = "performance.md"

    def reached(self, ratio: float) -> bool:
        """Whether a ratio keeps the bound."""
        return ratio >= self.bound if self.at_least else ratio <= self.bound

    def text(self) -> str:
        """Write it for people."""
        return f"{'≥' if self.at_least else '≤'} {_times(self.bound)}"


class RatioLine(Struct, frozen=True):
    """One ratio.

    Attributes:
        part: The benchmark it belongs to.
        item: The measured item.
        ours: Our figure.
        against: The figure of the floor or the peer.
        goal: The wanted ratio; None without one.
        inverse: Whether the ratio is theirs over ours rather than ours over theirs.
        headline: Whether it is in the short table of the README.
    """

    part: str
    item: str
    ours: Figure
    against: Figure
    goal: Goal | None = None
    inverse: bool = False
    headline: bool = False

    @property
    def ratio(self) -> float:
        """Ours over the other, or the other over ours; infinite for a division by zero."""
        over, under = (self.against, self.ours) if self.inverse else (self.ours, self.against)
        return over.value / under.value if under.value else float("inf")

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None without one."""
        return None if self.goal is None else self.goal.reached(self.ratio)

    def ratio_text(self) -> str:
        """Write the ratio for people."""
        return _times(self.ratio) + (" less" if self.inverse else "")


def _times(ratio: float) -> str:
    """Write three digits: more would be noise."""
    digits = 0 if ratio >= 100 else 1 if ratio >= 10 else 2
    return f"{ratio:,.{digits}f}x"


def _number(value: float, unit: FigureUnit) -> str:
    if unit is FigureUnit.SECONDS and value < 0.001:
        return f"{value * 1e6:.3g} us"
    if unit is FigureUnit.SECONDS and value < 1:
        return f"{value * 1000:.3g} ms"
    if unit is FigureUnit.SECONDS:
        return f"{value:.3g} s" if value < 100 else f"{value:,.0f} s"
    if unit is FigureUnit.PERCENT:
        return f"{value:.2g} %"
    return f"{value:,.0f} {unit}".rstrip()
