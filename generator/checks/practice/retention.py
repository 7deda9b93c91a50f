"""``practice/retention``: rules that look back further than Prometheus keeps samples."""

from __future__ import annotations

import re
from functools import lru_cache
from math import ceil
from typing import TYPE_CHECKING

from generator.diagnostics import Diagnostic, error
from generator.model import names
from generator.model.rules import AlertingRule, RecordingRule
from generator.model.units import MINUTE, duration, parse_duration
from generator.promql.reach import reach

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from generator.checks.facts import Facts, ServiceFacts
    from generator.checks.world import KnownRule, SharedPart

CODE = "practice/retention"
_TIMES = re.compile(r"(?:\[|offset )([0-9a-z]+)")


def check(facts: Facts) -> tuple[Diagnostic, ...]:
    """Refuse a retention shorter than the windows of a service's rules: they would see only a part."""
    return tuple(finding for each in facts.services for finding in _of_service(each, facts.site.retention))


def _of_service(each: ServiceFacts, retention: int) -> Iterator[Diagnostic]:
    reaches = [(reach(rule.expr, {}, 0), rule) for rule in _suspects(each, retention)]
    # Of an alert and a record with the same input, people know the alert.
    longest, rule = max(reaches, key=lambda one: (one[0], _is_alert(one[1])), default=(0, None))
    if rule is None or longest <= retention:
        return
    name, place = _known_as(rule)
    # A window over records is written one second shorter than its meaning.
    needed = duration(ceil(longest / MINUTE) * MINUTE)
    yield error(
        CODE,
        f"{name} of {each.service.name} reads the last {needed}, and Prometheus keeps {duration(retention)}",
        each.service.where(place),
        f"keep more and say so in site.yaml: retention: {needed}, or have {name} look back less",
    )


def _known_as(rule: RecordingRule | AlertingRule) -> tuple[str, str]:
    """Return the known name of a rule and its path: on the status board all signals share a record."""
    if isinstance(rule, AlertingRule):
        return rule.alert, f"alerts.{rule.alert}"
    signal = rule.labels.get(names.SIGNAL)
    return (signal, f"signals.{signal}") if signal else (rule.record, "")


def _suspects(each: ServiceFacts, retention: int) -> Iterator[RecordingRule | AlertingRule]:
    """List the rules whose durations, summed without parsing, exceed the retention; parsing takes long."""
    yield from _longer(each.world.own, retention)
    yield from _shared_suspects(each.world.shared, retention)


@lru_cache(maxsize=1024)
def _shared_suspects(shared: SharedPart, retention: int) -> tuple[RecordingRule | AlertingRule, ...]:
    return tuple(_longer((known for known in shared.rules if not known.shape.nothing), retention))


def _longer(rules: Iterable[KnownRule], retention: int) -> Iterator[RecordingRule | AlertingRule]:
    for known in rules:
        if sum(map(_seconds, _TIMES.findall(known.rule.expr))) > retention:
            yield known.rule


@lru_cache(maxsize=1024)
def _seconds(text: str) -> float:
    """Read one of the few durations in rules."""
    return parse_duration(text) or 0


def _is_alert(rule: RecordingRule | AlertingRule) -> bool:
    return isinstance(rule, AlertingRule)
