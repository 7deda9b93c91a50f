"""The assignment of series to metrics, by their names."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model.metrics import HISTOGRAM_SUFFIXES, Metric, MetricType

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from generator.model.service import Service

CREATED = "_created"
_TOTAL = "_total"
_PARTS = (*HISTOGRAM_SUFFIXES, CREATED)
#: The endings of names that an exporter chooses: the unit, and that of counters.
_ENDINGS = re.compile("(_milliseconds|_seconds|_ms|_tokens?|_usd)?(_total)?$", re.IGNORECASE)
_NO_WORD = re.compile("[^a-zA-Z0-9]+")
#: Beginnings of metrics of client libraries, Go and Prometheus itself, which every process has besides its spec.
_EVERYBODYS = ("process_", "python_", "go_", "scrape_", "promhttp_", "target_info", "otel_scope_info")
_UP = "up"


class Stranger(Struct, frozen=True):
    """A metric that no spec declares: its name for a spec, and its series by name."""

    name: str
    members: Mapping[str, int]

    @property
    def series(self) -> int:
        """The number of its series."""
        return sum(self.members.values())

    @property
    def shape(self) -> str:
        """The type that its series suggest, where none is exposed."""
        if f"{self.name}_bucket" in self.members:
            return MetricType.HISTOGRAM
        return MetricType.COUNTER if self.name.endswith(_TOTAL) else ""

    @property
    def counted(self) -> str:
        """The name of the series that exists once for each combination of labels."""
        for name in (self.name, f"{self.name}_count", f"{self.name}_bucket"):
            if name in self.members:
                return name
        return next(iter(self.members))


def normalised(name: str) -> str:
    """Return the part of a name that every exporter spells alike: without its unit, and with underscores."""
    return _ENDINGS.sub("", _NO_WORD.sub("_", name))


def series_names(metric: Metric) -> tuple[str, ...]:
    """Name the series that a client library exposes for a metric."""
    if metric.is_histogram:
        return tuple(metric.name + part for part in _PARTS)
    if metric.is_gauge:
        return (metric.name,)
    return metric.name, metric.name.removesuffix(_TOTAL) + CREATED, metric.name + CREATED


def prefixes(service: Service) -> tuple[str, ...]:
    """Find the prefixes of a service's metrics: the common words of those with the same first word."""
    by_word: dict[str, list[str]] = {}
    for name in service.metrics:
        by_word.setdefault(name.partition("_")[0], []).append(name)
    return tuple(sorted(_prefix(names) for names in by_word.values()))


def _prefix(names: list[str]) -> str:
    """End after a word, unless this is a whole name."""
    common = _common(names)
    return common if common in names else f"{common}_"


def _common(names: list[str]) -> str:
    if len(names) == 1:
        return names[0].partition("_")[0]
    words = zip(*(name.split("_") for name in names), strict=False)
    same = [column[0] for column in takewhile(lambda column: len(set(column)) == 1, words)]
    return "_".join(same)


def respelled(names: Mapping[str, int], service: Service, there: Collection[str]) -> dict[str, str]:
    """Find the metrics that are not ``there``, each with a metric of the same name but for its spelling that is."""
    others = {normalised(one.name): one.name for one in strangers(names, service)}
    return {
        name: others[normalised(name)]
        for name, metric in service.metrics.items()
        if name not in there and not metric.alternative and normalised(name) in others
    }


def strangers(names: Mapping[str, int], service: Service) -> tuple[Stranger, ...]:
    """Group the series that belong to no declared metric into metrics."""
    declared = {name for metric in service.metrics.values() for name in (metric.name, *series_names(metric))}
    return families_of({name: count for name, count in names.items() if name not in declared})


def families_of(names: Mapping[str, int], *, colons: bool = False) -> tuple[Stranger, ...]:
    """Group series into metrics, sorted, without those that every process exposes.

    Names with colons are those of recording rules, unless an instance exposes them itself (``colons``).
    """
    left = {name: count for name, count in names.items() if not _everybodys(name, colons=colons)}
    found: dict[str, dict[str, int]] = {}
    for name, count in sorted(left.items()):
        found.setdefault(_family(name, left), {})[name] = count
    return tuple(Stranger(name, members) for name, members in sorted(found.items()))


def _everybodys(name: str, *, colons: bool) -> bool:
    return (":" in name and not colons) or name == _UP or name.startswith(_EVERYBODYS)


def _family(name: str, names: Collection[str]) -> str:
    """Find the metric that a series belongs to: ``x`` for ``x_bucket``, ``x_total`` for ``x_created``."""
    for base in _bases(name):
        if f"{base}_bucket" in names or (f"{base}_sum" in names and f"{base}_count" in names):
            return base
        if name.endswith(CREATED):
            return next((one for one in (f"{base}{_TOTAL}", base) if one in names), name)
    return name


def _bases(name: str) -> Iterator[str]:
    yield from (name.removesuffix(part) for part in _PARTS if name.endswith(part))
    yield name
