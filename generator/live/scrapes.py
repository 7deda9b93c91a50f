"""The interval at which a Prometheus really scrapes targets."""

from __future__ import annotations

from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from msgspec import Struct, field

from generator.live.errors import NotFoundError, TooLargeError
from generator.model.units import MINUTE, parse_duration
from generator.promql.expr import call, series

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.live.api import PrometheusApi

#: The time over which scrapes are looked at, in seconds.
_LATELY = 10 * MINUTE
#: The fewest gaps between scrapes that show a usual interval.
_FEWEST_GAPS = 3
#: The factor from which an interval counts as a different one.
_TOLERANCE = 1.25


class _Target(Struct):
    """A target with the labels of its series; older servers do not name its interval."""

    labels: dict[str, str]
    interval: str = field(default="", name="scrapeInterval")


class _Targets(Struct):
    """The targets that a server scrapes."""

    active: list[_Target] = field(name="activeTargets")


def scraped_every(api: PrometheusApi, selector: Mapping[str, str], at: float | None = None) -> float | None:
    """Compute the median seconds between two samples, or read the configured interval of new targets.

    Args:
        api: The server.
        selector: The labels of the targets.
        at: The end of the time to look at, in Unix seconds; now by default.

    Raises:
        LiveError: the server fails.
    """
    end = at if at is not None else _now(api)
    found = api.query_samples(series("up", selector).over(_LATELY).text, end)
    gaps = [later - earlier for one in found.series for earlier, later in pairwise(one.timestamps)]
    if len(gaps) >= _FEWEST_GAPS:
        return median(gaps)
    return _configured(api, selector) if at is None else None


def is_other(interval: float, said: float) -> bool:
    """Whether an interval differs from the one in a spec by more than chance."""
    return not said / _TOLERANCE <= interval <= said * _TOLERANCE


def _now(api: PrometheusApi) -> float:
    return next((one.value for one in api.query(call("time").text).samples), 0.0)


def _configured(api: PrometheusApi, selector: Mapping[str, str]) -> float | None:
    """Read the interval at which targets are to be scraped, if the server names it."""
    pool = {"scrapePool": selector["job"]} if "job" in selector else {}
    try:
        answer = api.look("/api/v1/targets", {"state": "active", **pool}, _Targets, "a list of targets")
    except (NotFoundError, TooLargeError):
        return None
    every = (parse_duration(one.interval) for one in answer.active if selector.items() <= one.labels.items())
    known = [seconds for seconds in every if seconds]
    return median(known) if known else None
