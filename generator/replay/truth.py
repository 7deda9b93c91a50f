"""The answer key of a simulated history, as ``simulate --truth`` writes it: what went wrong when."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from generator.replay.errors import ReplayError
from generator.replay.times import written

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

_RIGHT = "give the file that simulate --truth wrote for this service and span"


class TrueIncident(Struct, frozen=True):
    """What went wrong from ``start`` to ``end``; ``alerts`` exist to catch it, none where nothing should fire."""

    name: str
    start: float
    end: float
    alerts: tuple[str, ...]


class TrueRollout(Struct, frozen=True):
    """A release that began to replace another."""

    release: str
    at: float


class Truth(Struct, frozen=True):
    """What really happened to a service between ``start`` and ``end``, Unix seconds."""

    service: str
    start: float
    end: float
    incidents: tuple[TrueIncident, ...]
    rollouts: tuple[TrueRollout, ...]


def read_truth(path: Path) -> Truth:
    """Read a file of ``simulate --truth``.

    Raises:
        ReplayError: it cannot be read, or is something else.
    """
    try:
        return _truth(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        message = f"{path} cannot be read: {(error.strerror or str(error)).lower()}"
        raise ReplayError(message, _RIGHT) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        message = f"{path} is no truth file of simulate"
        raise ReplayError(message, _RIGHT) from error


def check_truth(truth: Truth, services: Collection[str], start: float, end: float) -> None:
    """See that ``truth`` is about what is replayed.

    Raises:
        ReplayError: it is of another service, or of another time.
    """
    if truth.service not in services:
        message = f"the truth file is of {truth.service}, and the replay of {', '.join(services)}"
        raise ReplayError(message, _RIGHT)
    if truth.end <= start or truth.start >= end:
        message = (
            f"the truth file is of another run: it tells of {written(truth.start)} to {written(truth.end)}, "
            f"and the replay is of {written(start)} to {written(end)}"
        )
        raise ReplayError(message, _RIGHT)


def _truth(document: Mapping[str, Any]) -> Truth:
    return Truth(
        str(document["service"]),
        float(document["start"]),
        float(document["end"]),
        tuple(_incident(one) for one in document["incidents"]),
        tuple(TrueRollout(str(one["release"]), float(one["at"])) for one in document["rollouts"]),
    )


def _incident(one: Mapping[str, Any]) -> TrueIncident:
    alerts = tuple(map(str, one["alerts"]))
    return TrueIncident(str(one["name"]), float(one["start"]), float(one["end"]), alerts)
