"""A source that says what calls cost, and counts no tokens: it has the signals of cost that everybody has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.live.evaluate import evaluate
from generator.live.remote_write import TimeSeries, write
from generator.model.units import DAY
from generator.prometheus.rule_set import compile_rules
from generator.prometheus.shared import shared_rules
from tests.models import model_of, written

if TYPE_CHECKING:
    from pathlib import Path

    from generator.live.api import PrometheusApi
    from generator.model.service import Model

_PROFILE = """\
profile: gateway
emitted: elsewhere
labels: {status: {values: {ok: [ok], error: [failed]}, closed: true}, model: {}}
streams:
  run: {of: gateway_requests_total, labels: {status: status}}
  cost: {of: gateway_cost_usd_total, labels: {model: model}}
"""
_OWN = """\
signals:
  spend: {title: Spend, description: USD of a day., cost: {of: cost}, window: 24h}
"""
_SERVICE = """\
service: {name}
profile: gateway
owner: t
selector: {{job: {name}}}
labels: {{model: [gpt-4o]}}
"""
_START, _STEP, _SPAN = 1_700_000_000 + 40 * DAY, 15, 1800


def _model(folder: Path, name: str = "gateway", profile: str = _PROFILE, more: str = "") -> Model:
    files = {"profiles/gateway.yaml": profile, "services/one.yaml": _SERVICE.format(name=name) + more}
    return model_of(written(folder, files))


def test_cost_and_its_budget_are_those_of_the_library(tmp_path: Path) -> None:
    (service,) = _model(tmp_path, more="budget: {per_day: $5}\n").services
    costs = {name for name, one in service.signals.items() if one.layer == "cost"}
    assert costs == {"cost_per_run", "cost_rate", "spend"}
    assert all(service.signals[name].shared for name in costs)
    assert service.signals["cost_per_run"].levels == ((), ("model",))
    alerts = {one.name for one in service.alerts}
    assert {"AgentCostBudgetExceeded", "AgentCostForecastExceeded", "AgentCostPerRunRising"} <= alerts
    # It is about tokens, which nothing counts.
    assert "AgentTokensUnpriced" not in alerts


def test_a_signal_that_a_profile_declared_itself_stays_its_own(tmp_path: Path) -> None:
    (service,) = _model(tmp_path, profile=_PROFILE + _OWN).services
    assert not service.signals["spend"].shared
    assert service.signals["cost_per_run"].shared


def test_cost_without_runs_of_its_own_unit_is_no_cost_of_tokens(tmp_path: Path) -> None:
    (service,) = _model(tmp_path, profile=_PROFILE.partition("  cost:")[0]).services
    assert not any(one.layer == "cost" for one in service.signals.values())


@pytest.mark.prometheus
def test_the_shared_rules_compute_it(prometheus: PrometheusApi, tmp_path: Path, unique: str) -> None:
    model = _model(tmp_path, unique, more="budget: {per_day: $5}\n")
    times = list(range(_START, _START + _SPAN + 1, _STEP))
    exposed = {
        "gateway_requests_total": ({"status": "ok"}, 0.1),
        "gateway_cost_usd_total": ({"model": "gpt-4o"}, 0.01),
    }
    write(
        prometheus,
        (
            TimeSeries(
                {"__name__": name, **labels, "job": unique, "instance": "a"},
                [time * 1000 for time in times],
                [rate * (time - _START) for time in times],
            )
            for name, (labels, rate) in exposed.items()
        ),
    )
    shared = shared_rules(model.library, model.site)
    own = compile_rules(model.services[0], model.site, shared.records)
    evaluate(prometheus, (*own.recording, *shared.groups), _START, _START + _SPAN)
    end = _START + _SPAN
    found = {
        record: prometheus.query(f'{record}{{service="{unique}"}}', end)[0].value
        for record in (
            "service:agent_cost_per_run:usd",
            "model:agent_cost_rate:usd",
            "service:agent_spend:usd",
        )
    }
    assert found == {
        "service:agent_cost_per_run:usd": pytest.approx(0.1, rel=0.01),
        "model:agent_cost_rate:usd": pytest.approx(36, rel=0.01),
        "service:agent_spend:usd": pytest.approx(0.01 * _SPAN, rel=0.05),
    }
    firing = f'ALERTS{{alertname="AgentCostBudgetExceeded",service="{unique}",alertstate="firing"}}'
    assert prometheus.query(firing, end)
