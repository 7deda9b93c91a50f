"""The queries that most panels are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.grafana.panels import Query
from generator.grafana.variables import chosen, mine
from generator.model import names

if TYPE_CHECKING:
    from generator.grafana.records import Records


def whole(records: Records, signal: str, legend: str = "", *, part: str = "") -> Query:
    """Read a signal, or a part of it, of the whole service."""
    return Query(mine(records.series(signal, part=part)).now(), legend)


def objective(records: Records, signal: str, legend: str = "objective") -> Query:
    """Read what the service promises of a signal."""
    return Query(mine(records.series(signal, part="objective")).now(), legend, promise=True)


def by(records: Records, signal: str, label: str) -> Query:
    """Read a signal by a label that the dashboard lets nobody choose."""
    return Query(mine(records.series(signal, label)).now(), f"{{{{{label}}}}}")


def by_chosen(records: Records, signal: str, label: str) -> Query:
    """Read a signal by a label, the chosen values only."""
    return Query(chosen(records.series(signal, label), label).now(), f"{{{{{label}}}}}")


def by_release(records: Records, signal: str) -> Query:
    """Read a signal of the chosen releases."""
    return by_chosen(records, signal, names.RELEASE)
