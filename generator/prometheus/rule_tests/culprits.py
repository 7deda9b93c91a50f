"""The culprit in a description, computed from the events of a test case: the expected result of its query."""

from __future__ import annotations

import re
from math import floor, inf
from typing import TYPE_CHECKING

from generator.alerts.culprit import BY_CHANCE, LEAST_REST, MOST, OF_ALERT, TIMES, Against, clues

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from generator.alerts.condition import Ground
    from generator.alerts.culprit import Clue, Events
    from generator.model.alerts import Alert

    #: The events of each series of a stream within its window: labels and number.
    Happened = Callable[[Events], Iterable[tuple[Mapping[str, str], float]]]


def mostly_in(alert: Alert, ground: Ground, labels: Mapping[str, str], happened: Happened) -> str:
    """Write the end of the description; empty where nothing stands out.

    Raises:
        NotImplementedError: it depends on the day before, or on amounts that no test case has.
    """
    found = [
        f"{clue.label.replace('_', ' ')} {value} ({floor(share * 100 + 0.5)}%)"
        for clue in clues(alert, ground)
        for value, share in _stands_out(clue, labels, happened)
    ]
    return f" Mostly in: {', '.join(found)}." if found else ""


def _stands_out(clue: Clue, labels: Mapping[str, str], happened: Happened) -> Iterable[tuple[str, float]]:
    bad = _sums(clue.bad, clue.label, labels, happened)
    total = sum(bad.values())
    named = {value: amount for value, amount in bad.items() if value not in clue.unnamed}
    if not total or not named:
        return ()
    value, most = max(named.items(), key=lambda one: one[1])
    share = most / total
    if share < MOST or share <= _expected(clue, value, total, labels, happened):
        return ()
    return () if clue.given is not None and not _given(clue, labels, happened) else ((value, share),)


def _expected(clue: Clue, value: str, total: float, labels: Mapping[str, str], happened: Happened) -> float:
    """Compute the share beyond which a value is bad more often than the rest."""
    if clue.against is Against.NOTHING:
        return 0.0
    every = _sums(clue.every or clue.bad, clue.label, labels, happened)
    if clue.against is Against.USUAL:
        if value != next(iter(every), value) or len(every) > 1:
            raise NotImplementedError(f"{clue.label}: no case says what is usual of several values")
        return inf
    part = every.get(value, 0.0) / sum(every.values())
    least = max(TIMES / (1 / part + TIMES - 1 - LEAST_REST), MOST)
    return least * (1 + BY_CHANCE / total)


def _given(clue: Clue, labels: Mapping[str, str], happened: Happened) -> bool:
    assert clue.given is not None  # noqa: S101 - the caller has looked
    reasons = _sums(clue.given, "stop_reason", labels, happened)
    ended = sum(amount for reason, amount in reasons.items() if reason in {"", clue.reason})
    return ended >= sum(reasons.values()) / 2


def _sums(events: Events, label: str, labels: Mapping[str, str], happened: Happened) -> dict[str, float]:
    found: dict[str, float] = {}
    for its, amount in happened(events):
        if all(
            _matches(its.get(name, ""), op, value, labels.get(name, ""))
            for name, op, value in events.matchers
        ):
            found[its.get(label, "")] = found.get(its.get(label, ""), 0.0) + amount
    return found


def _matches(has: str, op: str, value: str, of_alert: str) -> bool:
    wanted = of_alert if value == OF_ALERT else value
    match op:
        case "=":
            return has == wanted
        case "!=":
            return has != wanted
        case _:
            return re.fullmatch(wanted, has) is not None
