"""A counter that was increased by NaN stays NaN for ever: it must take nothing from other instances and other times."""

from __future__ import annotations

from math import isnan, nan
from typing import TYPE_CHECKING

import pytest

from generator.live.evaluate import evaluate
from generator.live.remote_write import TimeSeries, write
from generator.model.units import HOUR, MINUTE
from generator.prometheus.rule_set import compile_rules
from generator.prometheus.shared import shared_rules
from tests.models import model_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from generator.live.api import PrometheusApi

_START = 1_700_467_200
_EACH = 15
_SPEC = """\
service: {name}
profile: agent
owner: team
selector: {{job: {name}}}
labels: {{model: [gpt-4o], tool: [search]}}
metrics:
  queue_length: {{type: gauge, help: Waiting., labels: []}}
signals:
  queue: {{title: Queue, description: Waiting., level: {{of: queue_length}}}}
"""
_NAN: dict[str, Callable[[int], bool]] = {
    "never": lambda _: False,
    "from half past on": lambda place: place >= 30 * MINUTE // _EACH,
    "once, at half past": lambda place: place == 30 * MINUTE // _EACH,
}


@pytest.mark.parametrize("when", _NAN)
def test_a_nan_of_one_instance_takes_nothing_from_the_others(
    when: str, prometheus: PrometheusApi, tmp_path: Path, unique: str
) -> None:
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "one.yaml").write_text(_SPEC.format(name=unique), encoding="utf-8")
    model = model_of(tmp_path)
    (service,) = model.services
    places = range(HOUR // _EACH)
    for instance, spoilt in (("a", _NAN[when]), ("b", _NAN["never"])):
        for name, each in (("agent_run_total", 1.0), ("queue_length", 0.0)):
            labels = {"__name__": name, "job": unique, "instance": instance}
            labels |= {"status": "ok", "stop_reason": "completed", "release": "r"} if each else {}
            values = [nan if spoilt(place) else 5 + each * place for place in places]
            times = [(_START + place * _EACH) * 1000 for place in places]
            write(prometheus, [TimeSeries(labels, times, values)])
    own = compile_rules(service, model.site, shared_rules(model.library, model.site).records)
    evaluate(prometheus, own.recording, _START, _START + HOUR)
    end = _START + HOUR - MINUTE
    for record, of_one in (("stream:agent_run:rate", 1 / _EACH), ("metric:queue_length:value", 5.0)):
        asked = f'{record}{{service="{unique}"}}'
        (now,) = prometheus.query(asked, end)
        assert now.value == pytest.approx(of_one if when == "from half past on" else 2 * of_one)
        (every,) = prometheus.query_range(asked, _START + 5 * MINUTE, end, MINUTE).series
        assert len(every.values) == HOUR // MINUTE - 5
        assert not any(map(isnan, every.values))
