"""What a panel may read: the recorded series of all services of a model, whatever their profiles.

A panel names signals. Where no service records one, its query is left out, and a panel without queries too: no
dashboard asks for what nothing emits.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from itertools import cycle
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.grafana.colours import GREY, PALETTE
from generator.model import names
from generator.model.alerts import Forecast
from generator.model.signals import Distribution, Signal, divisor
from generator.model.units import duration
from generator.prometheus.recording.burn import burning
from generator.prometheus.recording.releases import compared
from generator.prometheus.recording.signals import overflows
from generator.prometheus.recording.streams import windows
from generator.promql.expr import Series
from generator.promql.syntax import references

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from generator.model.service import Service, Site
    from generator.promql.expr import Expr
    from generator.promql.syntax import Reference

#: What services report in place of a value that no list names.
_OTHER = "other"
#: Most values of a label, over all services, that have colours of their own.
_COLOURED = 64
#: The host of an address that the schema lets pass; a parser of addresses would refuse some of these.
_HOST = re.compile(r"https?://(?:[^/?#]*@)?(\[[^/?#]*\]|[^/?#:]*)")
#: Where a signal that no service has would be recorded: never in ``names``.
_NOWHERE = "service:agent_{}:unrecorded"


class Records(Struct, frozen=True):
    """The recorded series that exist.

    Attributes:
        names: Their names.
        signals: Each signal by name, as the first service that has it declares it.
        shared: The signals on the board of every service.
        values: The listed values of each label, of all services, in the order of the specs.
        limits: The stop reasons that mean that a limit ended a run.
        own: Whether a service declares signals itself that are on its board.
        links: Where logs and traces are found, by what a link there says.
        interval: Seconds between two samples.
    """

    names: frozenset[str]
    signals: Mapping[str, Signal]
    shared: frozenset[str]
    values: Mapping[str, tuple[str, ...]]
    limits: tuple[str, ...]
    own: bool
    links: Mapping[str, str]
    interval: int

    def series(self, signal: str, *by: str, part: str = "") -> Series:
        """Select a signal's value by the labels ``by``, or another ``part`` of it, of all services."""
        if signal not in self.signals:
            return Series(_NOWHERE.format(signal))
        found = self.signals[signal]
        return Series(names.part(found, part or str(found.unit), by))

    def windowed(self, signal: str, operation: str, window: int) -> Series:
        """Select a signal's series over a window of its own, of all services."""
        if signal not in self.signals:
            return Series(_NOWHERE.format(signal))
        return Series(names.windowed(self.signals[signal], operation, window))

    def window(self, signal: str) -> str:
        """Write over how long a signal looks back, such as ``15m``."""
        return duration(self.signals[signal].window) if signal in self.signals else ""

    def colours(self, label: str) -> Mapping[str, str]:
        """Give each listed value of a label a colour, neighbours different ones; what is unlisted is grey.

        Above a number that nobody tells apart it is nothing: all services' values are in one dashboard.
        """
        found = sorted(value for value in self.values.get(label, ()) if value != _OTHER)
        if len(found) > _COLOURED:
            return {_OTHER: GREY}
        return {**dict(zip(found, cycle(PALETTE), strict=False)), _OTHER: GREY}

    def has(self, expr: Expr) -> bool:
        """Whether everything that ``expr`` reads is recorded."""
        return all(name in self.names for reference in references(expr.text) for name in _possible(reference))

    def either(self, *candidates: Series) -> Series | None:
        """Select all of ``candidates`` that are recorded, as one selector; None when none is."""
        found = sorted({one.name for one in candidates} & self.names)
        if len(found) > 1:
            return Series("", (("__name__", "=~", "|".join(found)),))
        return Series(found[0]) if found else None


def _possible(reference: Reference) -> tuple[str, ...]:
    """List the names that a selector takes, which may be several."""
    if reference.name:
        return (reference.name,)
    return tuple(
        name for label, _, found in reference.matchers if label == "__name__" for name in found.split("|")
    )


class Recording(Struct, frozen=True):
    """What one service records, of which all of them make ``Records``."""

    names: frozenset[str]
    signals: Mapping[str, Signal]
    values: Mapping[str, tuple[str, ...]]
    limits: tuple[str, ...]
    links: Mapping[str, str]

    @property
    def shown(self) -> frozenset[str]:
        """The signals on its board."""
        return frozenset(name for name, signal in self.signals.items() if signal.trend is not None)


def recording(service: Service) -> Recording:
    """Collect what a service records."""
    return Recording(
        names=frozenset(recorded_names(service)),
        signals=service.signals,
        values={label.name: tuple(label.values) for label in service.labels.values()},
        limits=tuple({limit: None for label in service.labels.values() for limit in label.limits}),
        links=service.links,
    )


def records_of(services: Iterable[Recording], site: Site) -> Records:
    """Put together what services record."""
    names: set[str] = set()
    signals: dict[str, Signal] = {}
    shared: frozenset[str] | None = None
    values: dict[str, dict[str, None]] = {}
    limits: dict[str, None] = {}
    links: set[tuple[str, str]] = set()
    for each in services:
        names |= each.names
        for name, signal in each.signals.items():
            signals.setdefault(name, signal)
        shared = each.shown if shared is None else shared & each.shown
        for label, found in each.values.items():
            values.setdefault(label, {}).update(dict.fromkeys(found))
        limits.update(dict.fromkeys(each.limits))
        links |= each.links.items()
    return Records(
        names=frozenset(names),
        signals=signals,
        shared=shared or frozenset(),
        values={label: tuple(found) for label, found in values.items()},
        limits=tuple(limits),
        own=any(signal.own and signal.trend is not None for signal in signals.values()),
        links=_titled(links),
        interval=site.rule_interval,
    )


def _titled(links: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """Title each address: ``Logs``, with its host where services have several, with all of it where they share that."""
    found = sorted(links)
    several = Counter(kind for kind, _ in found)
    on_host = Counter((kind, _host(address)) for kind, address in found)

    def title(kind: str, address: str) -> str:
        if several[kind] == 1:
            return kind.capitalize()
        host = _host(address)
        return f"{kind.capitalize()} ({host if on_host[kind, host] == 1 else address.partition('://')[2]})"

    return {title(kind, address): address for kind, address in found}


def _host(address: str) -> str:
    found = _HOST.match(address)
    return found[1].lower() if found else address


def recorded_names(service: Service) -> Iterator[str]:
    """Name the recorded series of a service that dashboards may read."""
    yield from (names.BOARD_CURRENT, names.BOARD_TREND, names.BOARD_STATUS)
    for signal in service.signals.values():
        for labels in signal.levels:
            yield names.value(signal, labels)
            yield from _parts(signal, labels)
        if overflows(signal, service):
            yield names.part(signal, "overflow")
    for objective in service.objectives.values():
        yield names.part(service.signals[objective.signal], "objective")
    yield from _releases(service)
    yield from _budgets(service)
    yield from _tokens(service)


def _parts(signal: Signal, labels: tuple[str, ...]) -> Iterator[str]:
    """Name what stands beside a value: on how many events it stands."""
    if isinstance(signal.kind, Distribution):
        rest = tuple(label for label in labels if label != signal.kind.label)
        yield names.denominator(signal, rest)
        if labels:
            yield names.numerator(signal, labels)
    if divisor(signal) and labels in {(), (names.RELEASE,)}:
        yield from (names.numerator(signal, labels), names.denominator(signal, labels))


def _releases(service: Service) -> Iterator[str]:
    found = compared(service)
    if found:
        yield from (names.FIRST_SEEN, names.NEWEST, names.PREVIOUS)
    for signal, _ in found:
        for part in ("newest", "newest_denominator", "previous", "previous_denominator", "release_change"):
            yield names.part(signal, part, (names.RELEASE,))


def _budgets(service: Service) -> Iterator[str]:
    for name, spans in burning(service).items():
        for window in spans:
            yield names.windowed(service.signals[name], "error_ratio", window)
    for alert in service.alerts:
        if isinstance(alert.kind, Forecast):
            yield names.part(service.signals[alert.signal], "forecast")


def _tokens(service: Service) -> Iterator[str]:
    """Name the tokens that are priced, and the prices."""
    if service.prices:
        yield names.price(service.tokens.model, service.tokens.token_type)
    for stream, spans in windows(service).items():
        for window in spans:
            yield names.increase(stream.labels, stream.stem, window)
