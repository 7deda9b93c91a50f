"""OpenMetrics text equals the series, for a foreign parser."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import groupby
from math import isnan
from typing import TYPE_CHECKING

from msgspec.structs import replace
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from generator.model.units import HOUR, MINUTE
from generator.simulate.history import simulate
from generator.simulate.openmetrics import openmetrics_lines
from generator.simulate.scenario import Arrivals, Scenario
from tests.simulate.test_history import T0

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prometheus_client import Metric as Family

    from generator.model.service import Model, Service

SCENARIO = Scenario(2, T0, T0 + 20 * MINUTE, 2, 'v"1\\\n', Arrivals(600), mean_life=HOUR, missed_scrapes=0.02)


def _lines(model: Model, service: Service) -> list[str]:
    return list(openmetrics_lines(simulate(service, model.site, SCENARIO).series, service))


def test_a_parser_reads_every_sample_back(model: Model, support: Service) -> None:
    expected = {
        (frozenset(one.labels.items()), time): value
        for one in simulate(support, model.site, SCENARIO).series
        for time, value in zip(one.timestamps, one.values, strict=True)
        if not isnan(value)
    }
    found = {
        (
            frozenset({"__name__": sample.name, **sample.labels}.items()),
            round(float(sample.timestamp or 0) * 1000),
        ): sample.value
        for scrape in _scrapes(_lines(model, support))
        for family in _parsed(scrape)
        for sample in family.samples
    }
    assert found == expected
    assert len(found) > 10_000


def test_families_carry_their_types_and_help(model: Model, support: Service) -> None:
    families = {family.name: family for family in _parsed(_first(model, support))}
    for metric in (metric for metric in support.metrics.values() if not metric.sparse):
        family = families[metric.name.removesuffix("_total")]
        assert (family.type, family.documentation) == (metric.type, metric.help)


def test_a_help_text_may_hold_anything(model: Model, support: Service) -> None:
    odd = 'Runs, "quoted"\nand \\ over lines.'
    runs = replace(support.metrics["agent_run_total"], help=odd)
    service = replace(support, metrics={**support.metrics, runs.name: runs})
    families = {family.name: family for family in _parsed(_first(model, service))}
    assert families["agent_run"].documentation == odd


def test_points_stand_together_and_go_forward_in_time(model: Model, support: Service) -> None:
    written = _lines(model, support)
    assert written.pop() == "# EOF"
    points = [(_point(line), float(line.rsplit(" ", 1)[1])) for line in written if not line.startswith("#")]
    stretches = [(point, list(group)) for point, group in groupby(points, key=lambda one: one[0])]
    assert len({point for point, _ in stretches}) == len(stretches)
    for _, group in stretches:
        times = [time for _, time in group]
        assert times == sorted(times)
    heads = [line.split()[2] for line in written if line.startswith("# TYPE")]
    assert len(set(heads)) == len(heads) == len(support.metrics)


def _point(line: str) -> str:
    """Strip the differences between the series of a histogram."""
    return re.sub(r'_(bucket|count|sum)\{|(?<=,)le="[^"]*",', "", line.rsplit(" ", 2)[0])


def _first(model: Model, service: Service) -> list[str]:
    return next(_scrapes(_lines(model, service)))


def _parsed(written: Iterable[str]) -> list[Family]:
    text = "".join(f"{line}\n" for line in written)
    return list(text_string_to_metric_families(text))  # type: ignore[no-untyped-call]


def _scrapes(written: Iterable[str]) -> Iterator[list[str]]:
    """Cut a file into expositions of one instant each.

    The parser drops samples of a histogram that has several times: of each later one it keeps the first line only.
    """
    by_time: defaultdict[str, list[str]] = defaultdict(list)
    head: list[str] = []
    for is_head, group in groupby(written, key=lambda line: line.startswith("#")):
        if is_head:
            head = list(group)
            continue
        for time, of_time in groupby(group, key=lambda line: line.rsplit(" ", 1)[1]):
            by_time[time] += [*head, *of_time]
    for found in by_time.values():
        # A family's head occurs once, above its first sample.
        yield [*dict.fromkeys(found), "# EOF"]
