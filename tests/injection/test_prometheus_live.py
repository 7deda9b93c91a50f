"""A real Prometheus selects exactly the values that the spec names, and shows texts without running them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from generator.live.evaluate import evaluate
from generator.live.remote_write import TimeSeries, write
from generator.live.server import ServerConfig, find_prometheus, prometheus_server
from generator.model import names
from generator.prometheus.rule_set import rule_set
from tests.injection.hostile import TEXTS, sentence
from tests.injection.specs import LINK, SERVICE, alert, few, own, part, selector
from tests.programs import needed
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.live.answers import ActiveAlert, RuleState
    from generator.live.api import PrometheusApi
    from generator.live.server import PrometheusServer
    from tests.injection.conftest import CompiledFiles

MINUTE, SCRAPE = 60, 15
_SPAN = 20 * MINUTE
_RELEASE = "r1"
#: A value that no spec lists.
STRANGE = "strange {{ $value }} </p>"


@pytest.fixture(scope="module")
def server() -> Iterator[PrometheusServer]:
    """A server of this module's own."""
    needed(find_prometheus)
    with prometheus_server() as started:
        yield started


@pytest.fixture(scope="module")
def now(server: PrometheusServer, hostile: CompiledFiles) -> int:
    """The time after runs with every reason, each as often as its index; rules have recorded them."""
    end = int(time.time()) // MINUTE * MINUTE
    write(server.api, list(_runs(end)))
    model = hostile.model
    evaluate(server.api, rule_set(model.services, model.library, model.site).groups, end - _SPAN, end)
    return end


def _runs(end: int) -> Iterator[TimeSeries]:
    """Count the runs of each reason; other selectors' are many more, one label at a time."""
    times = list(range(end - 2 * _SPAN, end + 10 * MINUTE, SCRAPE))
    mine = selector(TEXTS)
    for place, text in enumerate((*TEXTS, STRANGE), start=1):
        yield _counted(mine | {"stop_reason": text}, times, place)
    for index in range(len(few(TEXTS))):
        yield _counted(mine, times, 1, part(index))
    for label in mine:
        for text in TEXTS:
            if text != mine[label]:
                yield _counted(mine | {label: text, "stop_reason": TEXTS[0]}, times, 10_000)


def _counted(
    labels: Mapping[str, str], times: list[int], each: int, metric: str = "agent_run_total"
) -> TimeSeries:
    more = {"__name__": metric, "instance": "a:1", "release": _RELEASE, "status": "ok"}
    samples = [float(each * count) for count in range(1000, 1000 + len(times))]
    return TimeSeries({**more, **labels}, [at * 1000 for at in times], samples)


def test_each_recorded_share_is_that_of_its_value(
    hostile: CompiledFiles, server: PrometheusServer, now: int
) -> None:
    every = sum(range(1, len(TEXTS) + 2))
    for index in range(len(TEXTS)):
        record = names.value(hostile.service.signals[own(index)])
        (found,) = server.api.query(record, now)
        assert found.value == pytest.approx((index + 1) / every, rel=1e-6), TEXTS[index]


def test_a_distribution_has_the_values_as_they_are(
    hostile: CompiledFiles, server: PrometheusServer, now: int
) -> None:
    record = names.value(hostile.service.signals["stop_reason_distribution"], ("stop_reason",))
    found = {sample.labels["stop_reason"] for sample in server.api.query(record, now)}
    assert found == {*TEXTS, STRANGE}


def test_a_part_of_a_stream_has_the_value_that_is_set(
    hostile: CompiledFiles, server: PrometheusServer, now: int
) -> None:
    record = names.rate(hostile.service.streams["llm_call"])
    found = {sample.labels["model"] for sample in server.api.query(record, now)}
    assert found == set(few(TEXTS))


@pytest.fixture(scope="module")
def active(
    server: PrometheusServer, hostile: CompiledFiles, now: int
) -> Mapping[str, tuple[ActiveAlert, ...]]:
    """The alerts that the generated rules have active, by name."""
    assert now
    texts = [
        hostile.read(f"prometheus/alerts/{name}.alerts.yml")
        for name in (SERVICE, names.shared_name(names.FAMILIES[0]))
    ]
    files = [hostile.output.parent / f"{index}.alerts.yml" for index in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        document: dict[str, Any] = yaml.safe_load(text)
        intervals = {str(group["interval"]) for group in document["groups"]}
        assert len(intervals) == 1
        file.write_text(text.replace(f"  interval: {intervals.pop()}\n", "  interval: 1s\n"), "utf-8")
    rules = sorted((hostile.output / "prometheus/rules").glob("*.rules.yml"))
    server.load(ServerConfig(rule_files=(*files, *rules)))
    return _active(server.api, {file.name for file in files})


def _active(api: PrometheusApi, files: set[str]) -> Mapping[str, tuple[ActiveAlert, ...]]:
    def states() -> list[RuleState]:
        return [rule for group in api.rules() if Path(group.file).name in files for rule in group.rules]

    until(lambda: (found := states()) and all(rule.health != "unknown" for rule in found))
    assert [rule.last_error for rule in states() if rule.health != "ok"] == []
    found: dict[str, tuple[ActiveAlert, ...]] = {}
    for rule in states():
        found[rule.name] = (*found.get(rule.name, ()), *rule.alerts)
    return {name: alerts for name, alerts in found.items() if alerts}


def test_annotations_are_the_texts(
    hostile: CompiledFiles, active: Mapping[str, tuple[ActiveAlert, ...]]
) -> None:
    for index, text in enumerate(TEXTS):
        (found,) = active[alert(index)]
        title = hostile.service.signals[own(index)].title
        assert found.annotations["summary"] == sentence(text)
        assert found.annotations["description"].startswith(f"{title} of {SERVICE} was ")
        assert found.annotations["traces_url"] == LINK
        assert found.annotations["logs_url"] == f"{LINK}&s={SERVICE}"


def test_a_value_of_a_series_is_no_template_either(active: Mapping[str, tuple[ActiveAlert, ...]]) -> None:
    told = {one.labels["stop_reason"]: one for one in active["AgentUndeclaredLabelValue"]}
    assert set(told) == {STRANGE}
    assert f"stop_reason={STRANGE}, which" in told[STRANGE].annotations["description"]


def test_no_alert_lost_a_template(active: Mapping[str, tuple[ActiveAlert, ...]]) -> None:
    texts = [text for found in active.values() for one in found for text in one.annotations.values()]
    assert [text for text in texts if "error expanding" in text or "<no value>" in text] == []
