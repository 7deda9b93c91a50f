"""Foreign tokens without a model: they are ``other``, which has no price, so that an alert fires."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.live.remote_write import TimeSeries, write
from generator.streams.raw import raw_pass
from tests.models import model_with

if TYPE_CHECKING:
    from pathlib import Path

    from generator.live.api import PrometheusApi

pytestmark = pytest.mark.prometheus

START, SCRAPE, SCRAPES = 1_700_000_000, 15, 20
END = START + SCRAPE * (SCRAPES - 1)
#: By profile: the series of prompt tokens, and its label for the model.
PROFILES = {
    "otel-genai-client": ("gen_ai_client_token_usage_sum", "gen_ai_request_model"),
    "litellm": ("litellm_input_tokens_metric_total", "model"),
}


@pytest.mark.parametrize("profile", PROFILES)
def test_tokens_without_a_model_are_other(
    prometheus: PrometheusApi, tmp_path: Path, unique: str, profile: str
) -> None:
    resolved = model_with(tmp_path, profile, "labels: {model: [gpt-4o]}", unique)
    (service,) = resolved.services
    name, label = PROFILES[profile]
    times = [(START + SCRAPE * scrape) * 1000 for scrape in range(SCRAPES)]
    # The tokens of a second; the last model is called so by its source.
    for model, tokens in (("gpt-4o", 1), ("", 2), ("other", 4)):
        labels = {"__name__": name, "job": unique, "instance": "a", "gen_ai_token_type": "input"}
        labels |= {label: model} if model else {}
        values = [float(SCRAPE * tokens * scrape) for scrape in range(SCRAPES)]
        write(prometheus, [TimeSeries(labels, times, values)])
    (rule,) = raw_pass(service.streams["token_usage"], service, resolved.site)
    found = {sample.labels.get("model"): sample.value for sample in prometheus.query(rule.expr, END)}
    assert found == pytest.approx({"gpt-4o": 1, "other": 6})
