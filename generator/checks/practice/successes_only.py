"""``practice/successes-only``: an objective for all runs, measured by the times of successful runs only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.diagnostics import Diagnostic, warning
from generator.model.signals import Quantile
from generator.resolve.patterns import overlap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.checks.facts import Facts
    from generator.model.service import Service
    from generator.model.streams import Stream

CODE = "practice/successes-only"
_STATUS, _OK = "status", "ok"


def check(facts: Facts) -> tuple[Diagnostic, ...]:
    """Warn of objectives on quantiles of times that leave the failures out.

    The default of a shipped profile is its author's decision, and in its description.
    """
    return tuple(finding for each in facts.services for finding in _of_service(each.service))


def _of_service(service: Service) -> Iterator[Diagnostic]:
    for name in service.objectives:
        signal, place = service.signals[name], service.where(f"objectives.{name}")
        if (
            isinstance(signal.kind, Quantile)
            and signal.of.unit == "s"
            and only_successes(signal.of, service)
            and not (place and place.is_shipped)
        ):
            yield warning(
                CODE,
                f"{name} of {service.name} is promised of all {service.run}s, and {signal.of.metric} times those alone "
                "that end well",
                place,
                "read the times of failures too, which users wait for as well; or leave the objective out",
            )


def only_successes(stream: Stream, service: Service) -> bool:
    """Whether all sources of a stream are limited to status values that mean success."""
    if all(dict(source.constants).get(_STATUS) == _OK for source in stream.sources):
        return True
    label = service.labels.get(_STATUS)
    exposed = {one for source in service.runs.sources for name, one in source.labels if name == _STATUS}
    if label is None or not exposed:
        return False
    bad = [pattern for value, patterns in label.patterns.items() if value != _OK for pattern in patterns]
    kept = [
        [pattern for name, patterns in source.where if name in exposed for pattern in patterns]
        for source in stream.sources
    ]
    return bool(bad) and all(
        some and not any(overlap(one, other) for one in some for other in bad) for some in kept
    )
