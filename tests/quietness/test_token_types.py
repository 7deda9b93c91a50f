"""A token type without a list and without a price counts in no signal, and one alert reports it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.live.evaluate import evaluate
from generator.live.remote_write import TimeSeries, write
from generator.prometheus.shared import shared_rules
from tests.models import SPECS, model_of
from tests.prometheus.chain import T0
from tests.prometheus.trials import needed, rules_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.live.api import PrometheusApi

pytestmark = pytest.mark.long

STEP, MINUTES = 60, 20
WATCHED = ("AgentTokensUnpriced", "AgentUndeclaredLabelValue")


def test_a_sum_of_all_types_is_not_added_to_them(prometheus: PrometheusApi) -> None:
    """Beside 800 prompt and 200 completion tokens a run, some source counts the 1,000 once more as total."""
    model = model_of(SPECS)
    groups = shared_rules(model.library, model.site).groups
    write(prometheus, _series("tokens-in-total", "total"))
    write(prometheus, _series("tokens-of-all-others", "other"))
    rules = [rule for name in WATCHED for rule in rules_of(groups, name)]
    end = T0 + MINUTES * STEP
    wanted = ["service:agent_token_usage_per_run:count", *(rule.expr for rule in rules)]
    evaluate(prometheus, needed(groups, wanted), T0, end, step=STEP)

    def per_run(service: str) -> float:
        query = f'service:agent_token_usage_per_run:count{{service="{service}"}}'
        (sample,) = prometheus.query(query, end)
        return sample.value

    assert per_run("tokens-in-total") == pytest.approx(1000)
    assert per_run("tokens-of-all-others") == pytest.approx(2000), "a listed type counts"
    told = {
        rule.alert
        for rule in rules
        for sample in prometheus.query(rule.expr, end)
        if sample.labels["service"] == "tokens-in-total"
    }
    assert told == {"AgentUndeclaredLabelValue"}


def _series(service: str, more: str) -> Iterator[TimeSeries]:
    yield _written("service:agent_info", 1, service=service, owner="team", profile="agent", run="run")
    yield _written("stream:agent_run:rate", 1, service=service, status="ok", stop_reason="completed")
    for name, tokens in (("prompt", 800), ("completion", 200), (more, 1000)):
        labels = {"model": "gpt-4o", "token_type": name, "release": "r1"}
        yield _written("stream:agent_token_usage:rate", tokens, service=service, **labels)


def _written(name: str, value: float, **labels: str) -> TimeSeries:
    times = [(T0 + at * STEP) * 1000 for at in range(MINUTES + 1)]
    return TimeSeries({"__name__": name, **labels}, times, [value] * len(times))
