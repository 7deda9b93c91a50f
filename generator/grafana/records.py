"""The series that panels may read: those recorded for all services of a model, with any profiles.

A panel names signals. If no service records one, its query is dropped, and a panel without queries too: no dashboard
queries a series that does not exist.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import cycle

from msgspec import Struct

from generator.alerts.registry import panel_of
from generator.grafana.colours import GREY, PALETTE
from generator.model import names
from generator.model.alerts import Alert, BurnRate
from generator.model.panels import PanelPlace
from generator.model.service import Service, Site, worded
from generator.model.signals import Signal, divisor
from generator.model.units import duration
from generator.promql.expr import Expr, Series
from generator.promql.syntax import Reference, references
from generator.signals.releases import events_name

#: The value that services report in place of unlisted ones.
_OTHER = "other"
#: The largest number of a label's values, over all services, that have their own colours.
_COLOURED = 64
#: The host of an address that the schema accepts; a parser of addresses would refuse some of these.
_HOST = re.compile(r"https?://(?:[^/?#]*@)?(\[[^/?#]*\]|[^/?#:]*)")
_OF_PROMETHEUS = frozenset({names.ALERTS, names.ALERTS_FOR_STATE})
#: The word for a run of the chosen service, a variable of Grafana.
_WORD, _TITLE = f"${{{names.RUN_WORD}}}", f"${{{names.RUN_TITLE}}}"
#: The record of a signal that no service has: never in ``names``.
_NOWHERE = "service:agent_{}:unrecorded"


#: The parts of a signal whose names follow from its kind.
_PARTS = {"": names.value, "numerator": names.numerator, "denominator": names.denominator}


class ShownAlert(Struct, frozen=True):
    """An alert for the dashboards: its signal, the panel that it leads to, and its kind.

    ``burns`` means that it is about an error budget, ``valued`` that it watches values or events of its signal, and
    ``bounded`` that its bound is recorded for each service that has one.
    """

    alert: str
    signal: str
    panel: PanelPlace | None
    burns: bool
    valued: bool
    bounded: bool


class Records(Struct, frozen=True):
    """The recorded series that exist.

    Attributes:
        names: Their names.
        everywhere: The names that every service records.
        words: The services' words for a run, sorted.
        signals: Each signal by name, as the library declares it, else the first service that has it.
        rows: The signals on the board of any service.
        shared: Those on the board of every service.
        signals_everywhere: The signals that every service has.
        values: The listed values of each label, of all services, in the order of the specs.
        limits: The stop reasons that mean a limit.
        own: Whether a service declares its own signals that are on its board.
        links: The addresses of logs and traces, by the title of their link.
        watches: The alerts of all services, by name.
        interval: Seconds between two samples.
        retention: The seconds for which samples are kept.
        runbooks: The address of the published runbooks.
        environments: Whether a service runs in environments.
        segments: The labels by which services split their signals, sorted.
    """

    names: frozenset[str]
    everywhere: frozenset[str]
    words: tuple[str, ...]
    signals: Mapping[str, Signal]
    rows: frozenset[str]
    shared: frozenset[str]
    signals_everywhere: frozenset[str]
    values: Mapping[str, tuple[str, ...]]
    limits: tuple[str, ...]
    own: bool
    links: Mapping[str, str]
    watches: tuple[ShownAlert, ...]
    interval: int
    retention: int
    runbooks: str
    environments: bool = False
    segments: tuple[str, ...] = ()

    def runbook(self, alert: str) -> str:
        """Write the address of an alert's runbook; empty where the site has none that a browser can open."""
        return f"{self.runbooks}/{alert}.md" if self.runbooks.startswith("http") else ""

    def series(self, signal: str, *by: str, part: str = "") -> Series:
        """Select a signal's value by the labels ``by``, or another ``part`` of it, for all services."""

        def name(recorded: Signal) -> str:
            return _PARTS[part](recorded, by) if part in _PARTS else names.part(recorded, part, by)

        return self._recorded(signal, name)

    def release_events(self, signal: str, side: str) -> Series:
        """Select the number of events behind the newest or the previous release's value."""
        return self._recorded(signal, lambda one: events_name(divisor(one) or one.of, side))

    def windowed(self, signal: str, operation: str, window: int) -> Series:
        """Select a signal's series over a specific window, for all services."""
        return self._recorded(signal, lambda one: names.windowed(one, operation, window))

    def events(self, signal: str, *by: str) -> Series:
        """Select the events of a signal's stream within its window by the labels ``by``, and possibly more labels.

        The shared rules sum them once for all services; those of services with segments have more labels.
        """

        def name(recorded: Signal) -> str:
            _, events = names.increase(recorded.of, (), recorded.window).split(":", 1)
            levels = (name.split(":", 1)[0] for name in self.names if name.endswith(f":{events}"))
            having = [level for level in levels if all(f"_{label}_" in f"_{level}_" for label in by)]
            level = min(having, key=lambda one: (len(one), one), default="")
            return f"{level}:{events}" if level else ""

        return self._recorded(signal, name)

    def _recorded(self, signal: str, name: Callable[[Signal], str]) -> Series:
        """Select the record of a signal by its ``name``; none where no service has it, or its name is empty."""
        recorded = self.signals.get(signal)
        return Series((name(recorded) if recorded else "") or _NOWHERE.format(signal))

    def window(self, signal: str) -> str:
        """Write the window of a signal, such as ``15m``."""
        return duration(self.signals[signal].window) if signal in self.signals else ""

    def in_words(self, text: str, *, several: bool) -> str:
        """Write the services' word for a run; if there are several, Grafana inserts that of the chosen service."""
        if len(self.words) == 1:
            return worded(text, self.words[0])
        return worded(text, _WORD, _TITLE) if several else text

    def colours(self, label: str) -> Mapping[str, str]:
        """Assign each listed value of a label a colour, different for neighbours; unlisted ones are grey.

        Above a number that nobody can distinguish there are no colours: all services' values are in one dashboard.
        """
        known = sorted(value for value in self.values.get(label, ()) if value != _OTHER)
        if len(known) > _COLOURED:
            return {_OTHER: GREY}
        return {**dict(zip(known, cycle(PALETTE), strict=False)), _OTHER: GREY}

    def has(self, expr: Expr) -> bool:
        """Whether all series that ``expr`` reads are recorded."""
        return self._read_of(expr, self.names)

    def of_all(self, expr: Expr) -> bool:
        """Whether every service records all of them."""
        return self._read_of(expr, self.everywhere)

    @staticmethod
    def _read_of(expr: Expr, known: frozenset[str]) -> bool:
        read = (name for reference in references(expr.text) for name in _possible(reference))
        return all(name in known or name in _OF_PROMETHEUS for name in read)

    def either(self, *candidates: Series) -> Series | None:
        """Return one selector of those ``candidates`` that are recorded; None if none is."""
        recorded = sorted({one.name for one in candidates} & self.names)
        if len(recorded) > 1:
            return Series("", (("__name__", "=~", "|".join(recorded)),))
        return Series(recorded[0]) if recorded else None


def _possible(reference: Reference) -> tuple[str, ...]:
    """List the names that a selector matches, which may be several."""
    if reference.name:
        return (reference.name,)
    return tuple(
        name for label, _, found in reference.matchers if label == "__name__" for name in found.split("|")
    )


class Recording(Struct, frozen=True):
    """The records of one service, from which ``Records`` are built; ``shown`` are the signals on its board."""

    names: frozenset[str]
    run: str
    signals: Mapping[str, Signal]
    values: Mapping[str, tuple[str, ...]]
    limits: tuple[str, ...]
    links: Mapping[str, str]
    shown: frozenset[str]
    watches: tuple[ShownAlert, ...]
    environment: str = ""
    segments: tuple[str, ...] = ()


def recording(service: Service, known: Iterable[str]) -> Recording:
    """Collect the records of a service; ``known`` are the names of all, including the shared ones."""
    watched = {alert.signal for alert in service.alerts if alert.shown}
    return Recording(
        names=frozenset(known),
        run=service.run,
        signals=service.signals,
        values={label.name: tuple(label.values) for label in service.labels.values()},
        limits=tuple({limit: None for label in service.labels.values() for limit in label.limits}),
        links=service.links,
        environment=service.environment,
        segments=service.segments,
        shown=frozenset(
            name for name, signal in service.signals.items() if signal.trend is not None or name in watched
        ),
        watches=tuple(dict.fromkeys(map(_watch, service.alerts))),
    )


def _watch(alert: Alert) -> ShownAlert:
    return ShownAlert(
        alert.name,
        alert.signal,
        panel_of(alert),
        burns=isinstance(alert.kind, BurnRate),
        valued=alert.shown,
        bounded=alert.shared and any(one.severity for one in alert.numbers),
    )


def combined_records(services: Iterable[Recording], site: Site) -> Records:
    """Combine the records of services."""
    every = tuple(services)
    shown = [each.shown for each in every]
    signal_names = [frozenset(each.signals) for each in every]
    watches = dict.fromkeys(watch for each in every for watch in each.watches)
    return Records(
        names=frozenset[str]().union(*(each.names for each in every)),
        everywhere=_in_all([each.names for each in every]),
        words=tuple(sorted({each.run for each in every})),
        signals=_declared(every),
        rows=frozenset[str]().union(*shown),
        shared=_in_all(shown),
        signals_everywhere=_in_all(signal_names),
        values=_listed(every),
        limits=tuple(dict.fromkeys(limit for each in every for limit in each.limits)),
        own=any(each.signals[name].brings_title for each in every for name in each.shown),
        links=_titled({link for each in every for link in each.links.items()}),
        watches=tuple(sorted(watches, key=lambda one: one.alert)),
        interval=site.rule_interval,
        retention=site.retention,
        runbooks=site.runbook_url,
        environments=any(each.environment for each in every),
        segments=tuple(sorted({segment for each in every for segment in each.segments})),
    )


def _in_all(sets: Sequence[frozenset[str]]) -> frozenset[str]:
    return sets[0].intersection(*sets[1:]) if sets else frozenset()


def _declared(services: Iterable[Recording]) -> dict[str, Signal]:
    """Take each signal from the first service that has it; the library's own form wins over one of the same name."""
    signals: dict[str, Signal] = {}
    for each in services:
        for name, signal in each.signals.items():
            if name not in signals or signals[name].apart:
                signals[name] = signal
    return signals


def _listed(services: Iterable[Recording]) -> dict[str, tuple[str, ...]]:
    """Join the listed values of each label, in the order of the services."""
    values: dict[str, dict[str, None]] = {}
    for each in services:
        for label, found in each.values.items():
            values.setdefault(label, {}).update(dict.fromkeys(found))
    return {label: tuple(found) for label, found in values.items()}


def _titled(links: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """Title each address: ``Logs``, with its host if services have several, with all of it if hosts repeat."""
    ordered = sorted(links)
    several = Counter(kind for kind, _ in ordered)
    on_host = Counter((kind, _host(address)) for kind, address in ordered)

    def title(kind: str, address: str) -> str:
        if several[kind] == 1:
            return kind.capitalize()
        host = _host(address)
        return f"{kind.capitalize()} ({host if on_host[kind, host] == 1 else address.partition('://')[2]})"

    return {title(kind, address): address for kind, address in ordered}


def _host(address: str) -> str:
    match = _HOST.match(address)
    return match[1].lower() if match else address
