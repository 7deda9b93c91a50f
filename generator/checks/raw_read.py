"""``internal/raw-read``: raw series are read once an interval, whole. A finding is a defect of the compiler.

Raw series cost by their instances, so that a service of a thousand must not be read twice for one panel or alert. A raw
metric is read by one recording rule, by ``rate`` over a window that tiles time with the rule interval, a gauge at its
end; everything else reads the record of that rule.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from generator.checks import defects
from generator.model import names
from generator.model.names import SCRAPED_SAMPLES
from generator.model.rules import RecordingRule
from generator.model.units import duration
from generator.promql.syntax import Reading, readings
from generator.streams.raw import exposed_series, target_labels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.checks.facts import ServiceFacts
    from generator.checks.world import KnownRule, World
    from generator.diagnostics import Diagnostic
    from generator.model.service import Service, Site
    from generator.model.streams import Stream

_CODE = "internal/raw-read"

#: Series that no service exposes: there are as many as alerts are true.
_OF_ALERTS = {names.ALERTS, names.ALERTS_FOR_STATE}
#: Series read at an instant: one for each target, with Prometheus's count of the others.
_COUNTED = {names.SCRAPED: SCRAPED_SAMPLES}


def check(facts: ServiceFacts) -> Iterator[Diagnostic]:
    """Check how every rule of a service reads raw series."""
    service, passes = facts.service, Counter[str]()
    for known in facts.world.own:
        if not (raw := _raw(known, facts.world)):
            continue
        if isinstance(known.rule, RecordingRule):
            passes.update(reading.of.name for reading in raw)
            problems = _of_recording(known, known.rule, raw, service, facts.site)
        else:
            problems = (f"reads {reading.of.name}, which only a raw pass may" for reading in raw)
        yield from (defects.of_rule(_CODE, known, service, problem) for problem in dict.fromkeys(problems))
    yield from (defects.of_service(_CODE, service, problem) for problem in _counted(passes, service))


def _raw(known: KnownRule, world: World) -> tuple[Reading, ...]:
    """List the reads of series that no rule records; only rules with such reads are walked again."""
    reads = known.inferred.reads if known.inferred else ()
    if all(read.name in world.recorded for read in reads):
        return ()
    unrecorded = {*world.raw, *world.builtin} - _OF_ALERTS
    return tuple(reading for reading in readings(known.rule.expr) if reading.of.name in unrecorded)


def _of_recording(
    known: KnownRule, rule: RecordingRule, raw: tuple[Reading, ...], service: Service, site: Site
) -> Iterator[str]:
    window, interval = site.raw_window, known.interval
    streams = service.streams.values()
    stream = next((one for one in streams if rule.record in {names.rate(one), names.native_rate(one)}), None)
    beside = known.inferred is not None and len(known.inferred.reads) > 1 and not _has_parts(stream)
    told_apart = {*service.selector, *_partial_labels(stream, service)}
    for reading in raw:
        name = reading.of.name
        now = _COUNTED.get(rule.record) == name or (name != names.TARGET_INFO and stream and stream.is_gauge)
        function = "count_over_time" if name == names.TARGET_INFO else "rate"
        if (reading.function, reading.window) != (("", 0) if now else (function, window)):
            wanted = "at an instant" if now else f"by {function} over {duration(window)}"
            yield f"reads {name} {_how(reading)}, and not {wanted}"
        if interval != site.rule_interval:
            yield f"reads {name} every {duration(interval)}, which a window of {duration(window)} does not tile"
        if beside:
            yield f"reads {name} beside other series, which only a raw pass may"
        for label in reading.of.labels:
            if label not in told_apart:
                yield f"reads only a part of {name}, by {label}"


def _has_parts(stream: Stream | None) -> bool:
    """Whether a stream is composed of several metrics, or takes a label from another."""
    if stream is None:
        return False
    return sum(len(source.metrics) for source in stream.sources) > 1 or any(
        exposed != name
        for source in stream.sources
        for name, exposed in source.labels
        if name == names.RELEASE
    )


def _partial_labels(stream: Stream | None, service: Service) -> Iterator[str]:
    """List the labels by which a stream may read only a part of a metric."""
    for source in stream.sources if stream else ():
        yield from (label for label, _ in source.where)
        if target_labels(source, service):
            yield names.LE
        yield from (
            exposed
            for name, exposed in source.labels
            if name in service.labels and service.labels[name].ignore
        )


def _counted(passes: Counter[str], service: Service) -> Iterator[str]:
    """Compare the number of reads of each metric with the number of streams that it feeds.

    Where a label is joined, a second read lists the instances, of a histogram by a single bucket.
    """
    wanted = Counter(
        exposed_series(name, source, stream)
        for stream in service.streams.values()
        for source in stream.sources
        for name in source.metrics
        for _ in range(2 if target_labels(source, service) else 1)
    )
    yield from (f"no rule reads {name}" for name in wanted if not passes[name])
    yield from (
        f"{name} is read {count} times an interval, not {_times(max(1, wanted[name]))}"
        for name, count in passes.items()
        if count > max(1, wanted[name]) and name != names.TARGET_INFO
    )


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _how(reading: Reading) -> str:
    if not reading.window:
        return "at an instant"
    return f"by {reading.function or 'nothing'} over {duration(round(reading.window))}"
