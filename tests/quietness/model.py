"""Alerts on counts of minutes, computed without Prometheus: a second definition.

It uses only the numbers of the specs, no other part of the compiler. ``test_model.py`` compares it with the generated
rules on a real Prometheus.
"""

from __future__ import annotations

from itertools import accumulate, pairwise
from math import exp, sqrt
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from random import Random

HOUR, DAY, WEEK = 60, 1440, 10080  # in minutes, as all times here
WINDOW, LATEST = 15, 3
SIGMAS, PAGE_SIGMAS, QUANTILE_SIGMAS, EASED_SIGMAS = 3, 4, 2, 2
_FEW = 30


class Minutes(Struct, frozen=True):
    """The number of events in each minute, and of the bad ones among them."""

    every: Sequence[int]
    bad: Sequence[int]

    @classmethod
    def drawn(cls, rng: Random, minutes: int, a_minute: float, share: float) -> Minutes:
        """Draw events at a rate, each bad by chance."""
        bad = [_poisson(rng, a_minute * share) for _ in range(minutes)]
        return cls([one + _poisson(rng, a_minute * (1 - share)) for one in bad], bad)

    def __len__(self) -> int:
        return len(self.every)

    def __add__(self, other: Minutes) -> Minutes:
        return Minutes([*self.every, *other.every], [*self.bad, *other.bad])


class Bounded(Struct, frozen=True):
    """A threshold on a share: the allowed bad part, and the fewest events above it.

    ``mildest`` is the part by which chance is judged; ``also_over`` the longer window, 0 for none; ``sigmas`` the
    standard deviations that are still chance; ``tries`` the number of times that a failed one is made; ``latest`` the
    last minutes in which bad ones must go on, 0 where that does not matter.
    """

    allowed: float
    mildest: float
    fewest: int
    also_over: int
    sigmas: int = SIGMAS
    tries: int = 1
    latest: int = 0


class Pace(Struct, frozen=True):
    """A share of bad events that two windows must be beyond; ``allowed`` is the one that the objective allows.

    With ``several``, more than one event of the short window must be bad, or most of them.
    """

    share: float
    long: int
    short: int
    allowed: float
    several: bool


class Held(Struct, frozen=True):
    """The time that a condition must last, and the time by which its alert outlasts it."""

    wait: int
    keep: int


def beyond(minutes: Minutes, alert: Bounded) -> Iterator[bool]:
    """For each minute, whether a share is beyond its bound, in its window or in the longer one."""
    near = _in(minutes, WINDOW)
    if not alert.also_over:
        yield from (_surely(*one, alert) for one in near)
        return
    over = list(_is_over(minutes, near, alert))
    longer, lately, recently = (_in(minutes, alert.also_over // part) for part in (1, 2, 4))
    for now, gone, far, half, quarter in zip(near, over, longer, lately, recently, strict=True):
        shown = _surely(*now, alert) or _goes_on(now, quarter, half, alert)
        yield (shown and not gone) or (
            _surely(*far, alert)
            and half[1] - alert.allowed * half[0] >= 1 / 2
            and not (now[0] >= alert.fewest and now[1] <= alert.allowed * now[0])
            and not _has_eased(quarter, far)
        )


def _goes_on(now: tuple[int, int], quarter: tuple[int, int], half: tuple[int, int], alert: Bounded) -> bool:
    """Whether a part of the longer window shows that a share is beyond its bound, and the next shorter is as bad."""
    if now[0] < alert.fewest or now[1] <= alert.allowed * now[0]:
        return False
    surer = replace(alert, sigmas=max(alert.sigmas, SIGMAS))
    of_quarter = _surely(*quarter, surer) and not _has_eased(now, quarter)
    return of_quarter or (_surely(*half, surer) and not _has_eased(quarter, half))


def _is_over(minutes: Minutes, near: Sequence[tuple[int, int]], alert: Bounded) -> Iterator[bool]:
    """Tell for each minute whether few bad events are left, and the window before was inside the bound."""
    last = _in(minutes, alert.latest or WINDOW)
    for at, (now, few) in enumerate(zip(near, last, strict=True)):
        every, bad = near[at - WINDOW] if at >= WINDOW else (0, 0)
        yield bool(alert.latest and now[0] and _has_eased(few, now) and not bad > alert.allowed * every)


def _has_eased(now: tuple[int, int], far: tuple[int, int]) -> bool:
    """Whether a window holds clearly fewer bad events than a longer one predicts."""
    expected = now[0] * far[1] / far[0]
    return now[1] + EASED_SIGMAS * sqrt(expected) < expected


def burning(minutes: Minutes, paces: Sequence[Pace], fewest: int) -> Iterator[bool]:
    """For each minute, whether a budget burns at one of the paces."""
    found = [_burns(minutes, pace, fewest) for pace in paces]
    yield from (any(one) for one in zip(*found, strict=True))


def missing(minutes: Minutes, an_hour: float, windows: Sequence[int]) -> Iterator[bool]:
    """For each minute, whether promised runs are missing."""
    chosen = [
        window
        for shorter, window in pairwise((0, *windows))
        if an_hour * window >= 10 * HOUR and an_hour * shorter < 80 * HOUR
    ]
    sums = [_in(minutes, window) for window in chosen]
    for at, counts in enumerate(zip(*sums, strict=True)):
        found = zip(chosen, counts, strict=True)
        yield _any_lacks([(window, count, an_hour * window / HOUR) for window, (count, _) in found], at + 1)


def firing(condition: Iterator[bool], held: Held) -> list[bool]:
    """Wait, and keep firing."""
    found: list[bool] = []
    since: int | None = None
    last: int | None = None
    for at, is_true in enumerate(condition):
        fires = bool(found) and found[-1]
        if is_true:
            since, last = at if since is None else since, None
            fires = fires or at - since >= held.wait
        else:
            last = at if last is None else last
            if not fires or at - last >= held.keep:
                since, fires = None, False
        found.append(fires)
    return found


def notifications(fires: Sequence[bool]) -> int:
    """Count the times that an alert begins to fire."""
    return sum(now and not before for before, now in pairwise((False, *fires)))


def _surely(every: int, bad: int, alert: Bounded) -> bool:
    likely = alert.mildest * every
    scatter = alert.sigmas * sqrt(alert.tries * likely * (1 - alert.mildest))
    return bad - alert.allowed * every >= alert.fewest - 0.5 and bad - likely >= scatter


def _lacks(count: int, promised: float) -> bool:
    return count < promised / 2 and promised - count >= SIGMAS * sqrt(promised)


def _any_lacks(windows: Sequence[tuple[int, int, float]], minutes: int) -> bool:
    """Whether a window lacks runs of those promised, before a longer one of which enough came back."""
    for window, count, promised in windows:
        if minutes >= window * 5 // 6 and _lacks(count, promised):
            return True
        if count >= promised / 2 + sqrt(promised / 2):
            return False
    return False


def _burns(minutes: Minutes, pace: Pace, fewest: int) -> Iterator[bool]:
    far, near = _in(minutes, pace.long), _in(minutes, pace.short)
    last: float | None = None
    seen = 0
    for at, ((every, bad), (lately, lately_bad)) in enumerate(zip(far, near, strict=True)):
        if lately:
            last, seen = lately_bad / lately, at
        elif at - seen >= min(pace.long, 6 * HOUR):
            last = None
        burns = every > 0 and bad / every > pace.share and last is not None and last > pace.share
        surely = bad - pace.allowed * every >= SIGMAS * sqrt(pace.allowed * every)
        single = pace.several and lately_bad == 1 and lately > 2 * lately_bad
        yield burns and surely and not single and bad >= fewest and at + 1 >= pace.long // 2


def _in(minutes: Minutes, window: int) -> list[tuple[int, int]]:
    """Count all and bad events of the window that ends with each minute."""
    return list(zip(_sums(minutes.every, window), _sums(minutes.bad, window), strict=True))


def _sums(counts: Sequence[int], window: int) -> list[int]:
    total = [0, *accumulate(counts)]
    return [total[at] - total[max(0, at - window)] for at in range(1, len(total))]


def _poisson(rng: Random, mean: float) -> int:
    if mean > _FEW:
        return max(0, round(rng.gauss(mean, sqrt(mean))))
    least, found, product = exp(-mean), 0, rng.random()
    while product > least:
        found, product = found + 1, product * rng.random()
    return found
