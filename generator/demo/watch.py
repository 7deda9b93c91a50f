"""The alerts of the demo as they happen: each line describes a change and its receiver."""

from __future__ import annotations

import time
from threading import Event, Thread
from typing import TYPE_CHECKING, Self

from msgspec import Struct

from generator.live.errors import LiveError
from generator.model import names
from generator.model.alerts import AlertSeverity
from generator.model.units import duration
from generator.prometheus.alertmanager import Routing, receiver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from generator.live.answers import GroupState
    from generator.live.api import PrometheusApi

    #: The labels of an alert, which identify it.
    Key = frozenset[tuple[str, str]]

_SECONDS_BETWEEN_LOOKS = 2.0
#: Labels that a line has in words, or that are the same for every alert of a demo.
_IN_WORDS = frozenset({"alertname", "severity", "owner", names.SERVICE, names.SIGNAL, "environment"})


class AlertSnapshot(Struct, frozen=True):
    """An alert at one look: ``seconds`` is the ``for`` of its rule."""

    labels: Mapping[str, str]
    firing: bool
    summary: str
    seconds: float

    @property
    def name(self) -> str:
        """The alert's name, with the labels of its part of the service."""
        about = (f"{label} {value}" for label, value in sorted(self.labels.items()) if label not in _IN_WORDS)
        part = ", ".join(about)
        return self.labels["alertname"] + (f" ({part})" if part else "")


def alert_snapshots(groups: Iterable[GroupState]) -> dict[Key, AlertSnapshot]:
    """Collect the alerts that are pending or firing."""
    return {
        frozenset(alert.labels.items()): AlertSnapshot(
            alert.labels, alert.state == "firing", alert.annotations.get("summary", ""), rule.duration
        )
        for group in groups
        for rule in group.rules
        for alert in rule.alerts
    }


def alert_changes(
    before: Mapping[Key, AlertSnapshot], now: Mapping[Key, AlertSnapshot], routing: Routing
) -> Iterator[str]:
    """Describe the differences between two looks, without the time."""
    for key, alert in now.items():
        earlier = before.get(key)
        if alert.firing and not (earlier and earlier.firing):
            yield f"FIRING   {alert.name}, {_reach(alert, now.values(), routing)}"
        elif not earlier:
            wait = f" It fires in {duration(int(alert.seconds))} if it stays so." if alert.seconds else ""
            yield f"pending  {alert.name}, {alert.labels['severity']}: {alert.summary}{wait}"
    for key, alert in before.items():
        if key not in now:
            yield f"ended    {alert.name}" if alert.firing else f"over     {alert.name}: it did not stay so"


def _reach(alert: AlertSnapshot, every: Iterable[AlertSnapshot], routing: Routing) -> str:
    severity, owner = alert.labels["severity"], alert.labels["owner"]
    if any(_silences(other, alert, routing) for other in every):
        return f"{severity}: held back, as the critical alert about the same says it"
    verb = "pages" if severity == AlertSeverity.CRITICAL else "opens a ticket for"
    return f"{severity}: {verb} {owner} (receiver {receiver(owner, severity)})"


def _silences(other: AlertSnapshot, alert: AlertSnapshot, routing: Routing) -> bool:
    """Whether the generated inhibition rule of Alertmanager inhibits ``alert`` because of ``other``."""
    equal = (names.SERVICE, names.SIGNAL, *routing.apart)
    return (
        other.firing
        and other.labels["severity"] == AlertSeverity.CRITICAL != alert.labels["severity"]
        and other.labels["alertname"] not in routing.aside
        and all(other.labels.get(label) == alert.labels.get(label) for label in equal)
    )


class Watching:
    """Prints the changes, from the beginning of a ``with`` block to its end."""

    def __init__(self, api: PrometheusApi, routing: Routing, say: Callable[[str], None]) -> None:
        """Begin with no alerts.

        Args:
            api: The Prometheus.
            routing: The facts for inhibition.
            say: Prints a line.
        """
        self._api, self._routing, self._say = api, routing, say
        self._seen: dict[Key, AlertSnapshot] = {}
        self._ended = Event()
        self._thread = Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(_SECONDS_BETWEEN_LOOKS):
            try:
                now = alert_snapshots(self._api.rules())
            except LiveError:  # it is busy, or ends with the demo
                continue
            clock = time.strftime("%H:%M:%S")
            for line in alert_changes(self._seen, now, self._routing):
                self._say(f"{clock}  {line}")
            self._seen = now
