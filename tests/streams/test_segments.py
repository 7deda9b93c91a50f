"""Cost by a segment is the cost that the source counts itself, where it does; else tokens at their prices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.live.evaluate import evaluate
from generator.live.remote_write import TimeSeries, write
from generator.model.units import HOUR
from generator.prometheus.rule_set import compile_rules
from generator.prometheus.shared import shared_rules
from tests.models import model_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from generator.live.api import PrometheusApi

_START = 1_700_467_200
_EACH = 15
#: USD that the gateway counts for a request of each team; its prices would say something else.
_USD = {"one": 0.5, "two": 2.0}
_SPEC = """\
service: {name}
profile: litellm
owner: team
selector: {{job: {name}}}
labels: {{model: [gpt-4o]}}
segments: {{team: {{values: [one, two], label: team_alias, of: [{of}]}}}}
"""


def _exposed(job: str) -> Iterator[TimeSeries]:
    """Count a request of 1,000 tokens of each team with every scrape."""
    for team, usd in _USD.items():
        for name, amount, more in (
            ("litellm_proxy_total_requests_metric_total", 1.0, {"status_code": "200"}),
            ("litellm_input_tokens_metric_total", 1000.0, {}),
            ("litellm_spend_metric_total", usd, {}),
        ):
            labels = {"__name__": name, "job": job, "instance": "a", "team_alias": team, **more}
            labels |= {"requested_model": "gpt-4o"} if more else {"model": "gpt-4o"}
            times = range(_START, _START + HOUR, _EACH)
            values = [amount * place for place, _ in enumerate(times)]
            yield TimeSeries(labels, [time * 1000 for time in times], values)


@pytest.mark.parametrize(
    ("of", "usd"), [("run, token_usage, cost", _USD), ("run, cost", {}), ("run, token_usage", {})]
)
def test_cost_by_a_segment_is_that_of_the_source(
    of: str, usd: dict[str, float], prometheus: PrometheusApi, tmp_path: Path, unique: str
) -> None:
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "one.yaml").write_text(_SPEC.format(name=unique, of=of), encoding="utf-8")
    model = model_of(tmp_path)
    (service,) = model.services
    write(prometheus, _exposed(unique))
    own = compile_rules(service, model.site, shared_rules(model.library, model.site).records)
    evaluate(prometheus, own.recording, _START, _START + HOUR)
    asked = f'team:agent_cost_per_run:usd{{service="{unique}"}}'
    found = prometheus.query(asked, _START + HOUR - 60)
    assert {one.labels["team"]: round(one.value, 6) for one in found} == usd
