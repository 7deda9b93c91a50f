"""A time series panel as SVG: lines or stacked areas, axes, a legend; and amounts as Grafana writes them."""

from __future__ import annotations

import time
from math import ceil, floor, isfinite, log10
from typing import TYPE_CHECKING

from markupsafe import Markup
from msgspec import Struct

from generator.model.units import DAY, HOUR, MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 8, 8, 20
_GRID_LINES = 4
_TIMES = 4
_NICE = (1, 2, 2.5, 5, 10)
_ROOM_ABOVE = 1.05
_SECONDS = ((1, "s", 1), (1e-3, "ms", 1e3), (1e-6, "µs", 1e6))
_LONG = ((DAY, "days"), (HOUR, "hours"), (MINUTE, "mins"))
_THOUSANDS = ((1e12, " Tri"), (1e9, " Bil"), (1e6, " Mil"), (1e3, " K"))
_SUFFIX = "suffix:"


class ChartLine(Struct, frozen=True):
    """A series: values by Unix time, and how it looks."""

    name: str
    values: Mapping[float, float]
    colour: str
    dashed: bool = False
    stacked: bool = False


class Axes(Struct, frozen=True):
    """The axes: times from ``start`` to ``end``, and a unit; bounds are None where the values decide."""

    start: float
    end: float
    step: float
    unit: str
    decimals: int | None
    least: float | None
    most: float | None
    soft_least: float | None
    soft_most: float | None


class _Scale(Struct, frozen=True):
    width: float
    height: float
    axes: Axes
    low: float
    high: float

    def x(self, at: float) -> float:
        part = (at - self.axes.start) / max(1, self.axes.end - self.axes.start)
        return _LEFT + part * (self.width - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        part = (value - self.low) / ((self.high - self.low) or 1)
        return self.height - _BOTTOM - min(1.0, max(0.0, part)) * (self.height - _TOP - _BOTTOM)


def chart(lines: Sequence[ChartLine], axes: Axes, width: float, height: float) -> Markup:
    """Draw the lines; ``width`` and ``height`` are in pixels."""
    bases, tops = _stacked(lines)
    scale = _scaled(tops, axes, width, height)
    parts = [*_grid(scale), *(_drawn(line, bases[i], tops[i], scale) for i, line in enumerate(lines))]
    svg = Markup('<svg viewBox="0 0 {} {}" role="img">{}</svg>')
    return svg.format(f"{width:.0f}", f"{height:.0f}", Markup("").join(parts))


def _stacked(lines: Sequence[ChartLine]) -> tuple[list[Mapping[float, float]], list[Mapping[float, float]]]:
    """Return where each line begins and ends, which are apart where it is stacked on others."""
    bases: list[Mapping[float, float]] = []
    tops: list[Mapping[float, float]] = []
    reached: dict[float, float] = {}
    for line in lines:
        base = {at: reached.get(at, 0.0) for at in line.values} if line.stacked else {}
        top = {at: value + base.get(at, 0.0) for at, value in line.values.items() if isfinite(value)}
        if line.stacked:
            reached.update(top)
        bases.append(base)
        tops.append(top)
    return bases, tops


def _scaled(tops: Sequence[Mapping[float, float]], axes: Axes, width: float, height: float) -> _Scale:
    values = [value for top in tops for value in top.values()]
    low = axes.least if axes.least is not None else min([*values, *_given(axes.soft_least)], default=0.0)
    high = axes.most if axes.most is not None else max([*values, *_given(axes.soft_most)], default=1.0)
    if axes.most is None:
        high *= _ROOM_ABOVE if high > 0 else 1
    return _Scale(width, height, axes, low, high if high > low else low + 1)


def _given(bound: float | None) -> list[float]:
    return [] if bound is None else [bound]


def _grid(scale: _Scale) -> Iterator[Markup]:
    line = Markup(
        '<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/><text class="y" x="{}" y="{}">{}</text>'
    )
    for value in _ticks(scale.low, scale.high):
        y = scale.y(value)
        label = formatted_amount(value, scale.axes.unit, scale.axes.decimals)
        yield line.format(
            _LEFT, f"{scale.width - _RIGHT:.0f}", f"{y:.1f}", f"{y:.1f}", _LEFT - 6, f"{y + 4:.1f}", label
        )
    for part in range(_TIMES):
        at = scale.axes.start + (scale.axes.end - scale.axes.start) * part / (_TIMES - 1)
        anchor = "start" if part == 0 else "end" if part == _TIMES - 1 else "middle"
        text = Markup('<text text-anchor="{}" x="{}" y="{}">{}</text>')
        clock = time.strftime("%H:%M", time.localtime(at))
        yield text.format(anchor, f"{scale.x(at):.1f}", f"{scale.height - 4:.0f}", clock)


def _ticks(low: float, high: float) -> Iterator[float]:
    """Yield round values from ``low`` to ``high``, about as many as there are grid lines."""
    rough = (high - low) / _GRID_LINES
    size = 10.0 ** floor(log10(rough))
    step = next(nice * size for nice in _NICE if nice * size >= rough * 0.999)
    count = ceil(low / step - 1e-9)
    while count * step <= high + step * 1e-9:
        yield count * step
        count += 1


def _drawn(line: ChartLine, base: Mapping[float, float], top: Mapping[float, float], scale: _Scale) -> Markup:
    parts = []
    for run in _runs(sorted(top), scale.axes.step):
        upper = " ".join(f"{scale.x(at):.1f},{scale.y(top[at]):.1f}" for at in run)
        if line.stacked:
            lower = " ".join(f"{scale.x(at):.1f},{scale.y(base[at]):.1f}" for at in reversed(run))
            area = Markup('<polygon points="{} {}" fill="{}" fill-opacity="0.6"/>')
            parts.append(area.format(upper, lower, line.colour))
        dash = Markup(' stroke-dasharray="8 6"') if line.dashed else ""
        if len(run) == 1:
            upper = f"{upper} {upper}"
        stroke = Markup(
            '<polyline points="{}" fill="none" stroke="{}" stroke-width="2" stroke-linecap="round"{}/>'
        )
        parts.append(stroke.format(upper, line.colour, dash))
    return Markup("<g><title>{}</title>{}</g>").format(line.name, Markup("").join(parts))


def _runs(times: Sequence[float], step: float) -> Iterator[list[float]]:
    """Cut at gaps: where samples are missing there is no line."""
    run: list[float] = []
    for at in times:
        if run and at - run[-1] > step * 1.5:
            yield run
            run = []
        run.append(at)
    if run:
        yield run


def formatted_amount(value: float, unit: str, decimals: int | None = None) -> str:
    """Write a value for people; without ``decimals`` three digits count."""
    if not isfinite(value):
        return "-"
    if unit in _UNITS:
        return _UNITS[unit](value, decimals)
    return _digits(value, decimals) + (unit.removeprefix(_SUFFIX) if unit.startswith(_SUFFIX) else "")


def _share(value: float, decimals: int | None) -> str:
    return f"{_digits(value * 100, decimals)}%"


def _money(value: float, decimals: int | None) -> str:
    return f"{'-' if value < 0 else ''}${_short(abs(value), decimals)}"


def _moment(value: float, _decimals: int | None) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(value / 1000))


def _short(value: float, decimals: int | None) -> str:
    for size, name in _THOUSANDS:
        if abs(value) >= size:
            return f"{_digits(value / size, decimals)}{name}"
    return _digits(value, decimals)


def _seconds(value: float, decimals: int | None) -> str:
    for size, name in _LONG:
        if abs(value) >= 2 * size:
            return f"{_digits(value / size, decimals)} {name}"
    for least, name, factor in _SECONDS:
        if abs(value) >= least:
            return f"{_digits(value * factor, decimals)} {name}"
    return f"{_digits(value, decimals)} s"


def _digits(value: float, decimals: int | None) -> str:
    """Write a number with some digits after the point, or with three digits that count."""
    if decimals is None:
        size = floor(log10(abs(value))) if value else 0
        decimals = max(0, min(6, 2 - size))
        text = f"{value:.{decimals}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return f"{round(value, decimals) + 0.0:.{decimals}f}"  # -0.0 would show its sign


_UNITS = {
    "percentunit": _share,
    "currencyUSD": _money,
    "s": _seconds,
    "dateTimeAsIso": _moment,
    "short": _short,
}
