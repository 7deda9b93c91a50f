"""The list of incidents by which a replay is judged, checked against the replay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.replay.errors import ReplayError
from generator.replay.times import written

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from generator.model.incidents import Incidents

_RIGHT = "give the incidents of this service and span"


def check_truth(truth: Incidents, services: Collection[str], start: float, end: float) -> None:
    """Check that ``truth`` is about the replay.

    Raises:
        ReplayError: it is of another service, or of another time.
    """
    if truth.service and truth.service not in services:
        message = f"the incidents are those of {truth.service}, and the replay is of {', '.join(services)}"
        raise ReplayError(message, _RIGHT)
    if truth.end <= start or truth.start >= end:
        message = (
            f"the incidents are of another time: the list is complete {_reach(truth)}, "
            f"and the replay is from {written(start)} to {written(end)}"
        )
        raise ReplayError(message, _RIGHT)


def _reach(truth: Incidents) -> str:
    return f"until {written(truth.end)}" if truth.end < float("inf") else f"from {written(truth.start)}"


def not_judged(truth: Incidents, services: Collection[str], start: float, end: float) -> Iterator[str]:
    """Describe the incidents of the list that the replay cannot judge."""
    outside = sum(not start <= one.start <= end for one in truth.incidents)
    if outside:
        yield f"{outside} of {len(truth.incidents)} incidents of the list did not start within the span."
    others = dict.fromkeys(
        one.service for one in truth.incidents if one.service and one.service not in services
    )
    if others:
        yield f"Incidents of services that are not replayed are left out: {', '.join(others)}."
