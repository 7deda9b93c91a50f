"""A label that ``target_info`` has: each instance gets exactly one value or none, and no event is lost for it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from generator.live.remote_write import TimeSeries, write
from generator.model import names
from generator.streams.raw import raw_pass
from tests.models import model_with

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from generator.live.api import PrometheusApi
    from generator.model.service import Model

pytestmark = pytest.mark.prometheus

START, SCRAPE, ROUND, SCRAPES = 1_700_000_000, 15, 60, 80
END = START + SCRAPE * (SCRAPES - 1)
#: All rounds of rules, and the one from which new samples are the only ones in its window.
ROUNDS = range(START + 2 * ROUND, END + 1, ROUND)
HALF = SCRAPES // 2
RUNS = "gen_ai_invoke_agent_duration_seconds"
ALL, FIRST, SECOND = range(SCRAPES), range(HALF), range(HALF, SCRAPES)

#: The release of an instance in some scrapes; and the pod behind a collector that Prometheus sees as one instance.
Info = tuple[str, str, range]
CASES: dict[str, tuple[list[Info], set[str]]] = {
    "one": ([("pod", "v1", ALL)], {"v1"}),
    "none": ([], {""}),
    "without the label": ([("pod", "", ALL)], {""}),
    # The old series ends without a staleness marker, so that both exist for five minutes.
    "restarted": ([("pod", "v1", FIRST), ("pod", "v2", SECOND)], {"v1", "v2"}),
    "ended": ([("pod", "v1", FIRST)], {"v1", ""}),
    # Nothing distinguishes the two; what changes at random from round to round would be worse than either.
    "two pods as one": ([("pod-a", "v1", ALL), ("pod-b", "v2", ALL)], {"v1"}),
    "two pods as one, in turn": ([("pod-a", "v1", FIRST), ("pod-b", "v2", ALL)], {"v1", "v2"}),
    "a canary": ([("pod-a", "v2", ALL), ("pod-b", "v1", SECOND)], {"v2"}),
}


@pytest.fixture
def model(tmp_path: Path, unique: str) -> Model:
    return model_with(tmp_path, "otel-genai", "labels: {model: [m], tool: [t]}", unique)


@pytest.mark.parametrize("case", CASES)
def test_every_event_is_counted_once_under_one_release(
    prometheus: PrometheusApi, model: Model, unique: str, case: str
) -> None:
    infos, releases = CASES[case]
    write(prometheus, _events(unique))
    write(prometheus, [_info(unique, *info) for info in infos])
    for stream in ("run", "run_latency"):
        rounds = [_read(prometheus, stream, model, at) for at in ROUNDS]
        # Two instances, of which one never has a target_info: an event a scrape each.
        assert [sum(one.values()) for one in rounds] == pytest.approx([2 / SCRAPE] * len(rounds))
        assert all(one[""] >= 1 / SCRAPE - 1e-9 for one in rounds)
        assert {name for one in rounds for name in one} == releases | {""}
        changes = sum(set(before) != set(after) for before, after in pairwise(rounds))
        assert changes == len(releases) - 1


def _events(job: str) -> list[TimeSeries]:
    times = [(START + SCRAPE * scrape) * 1000 for scrape in ALL]
    values = [float(scrape) for scrape in ALL]
    return [
        TimeSeries({"__name__": f"{RUNS}_{part}", "job": job, "instance": instance, **bound}, times, values)
        for instance in ("a", "b")
        for part, bound in (("count", {}), ("bucket", {"le": "0.1"}), ("bucket", {"le": "+Inf"}))
    ]


def _info(job: str, pod: str, release: str, scrapes: range) -> TimeSeries:
    version = {"service_version": release} if release else {}
    labels = {"__name__": names.TARGET_INFO, "job": job, "instance": "a", "exported_instance": pod, **version}
    return TimeSeries(labels, [(START + SCRAPE * scrape) * 1000 for scrape in scrapes], [1.0] * len(scrapes))


def _read(api: PrometheusApi, stream: str, model: Model, at: int) -> Mapping[str, float]:
    """Compute a stream's events a second by release; of a histogram, of its last bucket."""
    (service,) = model.services
    (rule,) = raw_pass(service.streams[stream], service, model.site)
    found: dict[str, float] = {}
    for sample in api.query(rule.expr, at):
        if sample.labels.get(names.LE, "+Inf") == "+Inf":
            release = sample.labels.get(names.RELEASE, "")
            found[release] = found.get(release, 0) + sample.value
    return found
