"""Shipped profiles against real expositions: every signal has the number counted by hand from the traffic behind them.

Counters are made to grow evenly, so that a window of 15 minutes holds exactly what the exposition says.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from generator.live.evaluate import evaluate
from generator.live.remote_write import TimeSeries, write
from generator.prometheus.compiled import compile_rules
from generator.prometheus.shared import shared_rules
from generator.resolve.model import resolve
from generator.spec.load import load

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.live.api import PrometheusApi
    from generator.model.service import Model

pytestmark = pytest.mark.long

_EXPOSITIONS = Path(__file__).parent / "expositions"
_START = 1_700_000_000
_STEP, _WINDOW, _SPAN = 15, 900, 1800

SERVICES = {
    "litellm": "labels: {model: [gpt-4o, gpt-4o-mini, claude-sonnet-4-5]}",
}
#: By profile, of each record the value of each series, by its other labels.
EXPECTED: dict[str, dict[str, Mapping[str, float]]] = {
    "litellm": {
        # 13 requests: 6 ok; refused by a dead deployment, 429, 500, 400, an unknown model, a wrong key.
        "service:agent_run:increase15m": {"": 13},
        "service:agent_success_rate:ratio": {"": 6 / 13},
    },
}


@pytest.mark.parametrize("profile", SERVICES)
def test_signals_are_what_was_counted_by_hand(
    profile: str, prometheus: PrometheusApi, tmp_path: Path, unique: str
) -> None:
    model = _model(profile, tmp_path, unique)
    (service,) = model.services
    write(prometheus, _grown(_EXPOSITIONS / f"{profile}.prom", {"job": unique, "instance": "a"}))
    shared = shared_rules(model.library, model.site)
    own = compile_rules(service, model.site, shared.records)
    evaluate(prometheus, (*own.recording, *shared.groups), _START, _START + _SPAN)
    wrong = {}
    for record, expected in EXPECTED[profile].items():
        found = _values(prometheus, record, service.name)
        if found != pytest.approx(expected, rel=1e-3):
            wrong[record] = found
    assert wrong == {}


def _model(profile: str, folder: Path, name: str) -> Model:
    (folder / "services").mkdir()
    text = (
        f"service: {name}\nprofile: {profile}\nowner: team\nselector: {{job: {name}}}\n{SERVICES[profile]}\n"
    )
    (folder / "services" / "one.yaml").write_text(text, encoding="utf-8")
    loaded = load(folder)
    assert loaded.specs is not None, loaded.diagnostics
    resolved = resolve(loaded.specs)
    assert resolved.value is not None, resolved.diagnostics
    return resolved.value


def _grown(path: Path, target: Mapping[str, str]) -> Iterator[TimeSeries]:
    """Let every sample grow from nothing, so that any 15 minutes add what it says; gauges stay."""
    times = list(range(_START, _START + _SPAN + _STEP, _STEP))
    for family in text_string_to_metric_families(path.read_text(encoding="utf-8")):
        for sample in family.samples:
            labels = {"__name__": sample.name, **{k: v for k, v in sample.labels.items() if v}, **target}
            grows = family.type != "gauge" and sample.name != "target_info"
            values = [sample.value * (t - _START) / _WINDOW if grows else sample.value for t in times]
            yield TimeSeries(labels, [t * 1000 for t in times], values)


def _values(api: PrometheusApi, record: str, service: str) -> dict[str, float]:
    found = api.query_range(f'{record}{{service="{service}"}}', _START + _SPAN, _START + _SPAN, 60)
    values = {}
    for series in found.series:
        rest = {k: v for k, v in series.labels.items() if k not in {"__name__", "service"}}
        values[",".join(rest[k] for k in sorted(rest))] = series.values[-1]
    return values
