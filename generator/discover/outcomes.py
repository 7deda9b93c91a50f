"""The counters of ends: of one metric with a status, or of several that are apart or within each other."""

from __future__ import annotations

from math import isclose
from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.discover import meaning
from generator.discover.foreign import COUNTER, Exposed, Part, Place, best, surety
from generator.discover.label_finders import status_label

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_OK, _ERROR = ("status", "ok"), ("status", "error")
_ENDS = meaning.FAILED | meaning.SUCCEEDED | meaning.FINISHED
#: The part of failures by which two counts of the same events differ while some happen.
_AT_ONCE = 0.05
_NO_STEM = _ENDS | meaning.STARTED | meaning.TIMES | {"total", "count"}


def outcomes(metrics: Sequence[Exposed], everything: Sequence[Exposed], place: Place) -> tuple[Part, ...]:
    """Count ends: of one metric with a status, or of one for all or for successes and another one for failures."""
    # A turn may be a step of a run; one that is timed is more likely a run.
    certain = meaning.CERTAIN - meaning.STEPS | meaning.TIMES
    events = [one for one in metrics if not one.words & meaning.STEPS or one.words & certain]
    bad, good, ended = (
        _counter(events, some) for some in (meaning.FAILED, meaning.SUCCEEDED, meaning.FINISHED)
    )
    every = _whole(events, place)
    has_status = every is not None and status_label(every, place)
    if good and bad and not has_status:
        return count(good, _OK), count(bad, _ERROR)
    if ended and bad and (every is None or every.type != COUNTER):
        return _with_failures(ended, bad, everything, place)
    if every and (bad is None or has_status):
        return (count(every),)
    if every and bad and every.type == COUNTER:
        return _with_failures(every, bad, everything, place)
    return tuple(count(one) for one in (every or good or ended,) if one)


def count(metric: Exposed, *constants: tuple[str, str], minus: str = "") -> Part:
    """Count the events of a metric."""
    return Part(metric, "" if metric.type == COUNTER else "count", constants, minus)


def _counter(events: Iterable[Exposed], named: frozenset[str]) -> Exposed | None:
    return best(one for one in events if one.type == COUNTER and one.words & named)


def _whole(events: Sequence[Exposed], place: Place) -> Exposed | None:
    """Choose the metric of all ends, one with a status if there is one."""
    whole = [one for one in events if not one.words & _ENDS]
    surest = min(map(surety, whole), default=0)
    return best(one for one in whole if surety(one) == surest and status_label(one, place)) or best(whole)


def _with_failures(
    whole: Exposed, bad: Exposed, everything: Iterable[Exposed], place: Place
) -> tuple[Part, ...]:
    """Count all, or the finished, and failures: these are among them unless the values say otherwise."""
    within = _within(whole, bad, everything, place)
    if within is not None:
        return count(whole, _OK, minus=bad.name if within else ""), count(bad, _ERROR)
    if place.total(bad) > place.total(whole):
        doubt = f"{whole.name}: {bad.name} is larger, so failures are taken to be none of them"
        return replace(count(whole, _OK), doubts=(doubt,)), count(bad, _ERROR)
    doubt = (
        f"{whole.name}: {bad.name} is taken to be a part of it; if it counts successes alone, leave out minus"
    )
    return replace(count(whole, _OK, minus=bad.name), doubts=(doubt,)), count(bad, _ERROR)


def _within(whole: Exposed, bad: Exposed, everything: Iterable[Exposed], place: Place) -> bool | None:
    """Whether the total of other metrics of the same events shows failures among them; None without a proof."""
    failed, ended = place.total(bad), place.total(whole)
    if not failed or failed > ended:
        return None
    for total, is_started in _totals(whole, everything, place):
        if isclose(total, ended + failed, abs_tol=failed * _AT_ONCE):
            return False
        if isclose(total, ended, abs_tol=failed * _AT_ONCE) or (is_started and total < ended + failed):
            return True
    return None


def _totals(whole: Exposed, everything: Iterable[Exposed], place: Place) -> Iterator[tuple[float, bool]]:
    """Count the same events by other metrics: the times of all of them, and starts."""
    stem = whole.words - _NO_STEM
    others = [one for one in everything if one.words - _NO_STEM == stem and one.name != whole.name]
    timed = (one for one in others if one.type != COUNTER and not one.words & _ENDS)
    yield from ((place.total(one), False) for one in timed)
    started = (one for one in others if one.type == COUNTER and one.words & meaning.STARTED)
    yield from ((place.total(one), True) for one in started)
