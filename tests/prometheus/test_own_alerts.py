"""Own alerts of a service: each kind on each kind of signal behaves as in its cases."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING

import pytest
import yaml

from generator.live.server import prometheus_server
from generator.prometheus.rule_set import rule_set
from generator.prometheus.rule_tests.files import own_trials
from tests.models import model_of, model_with
from tests.prometheus.chain import T0, Chain
from tests.prometheus.crafted import Stretch, craft
from tests.prometheus.increments import MINUTE
from tests.prometheus.trials import needed, rules_of, try_out_in_turn

if TYPE_CHECKING:
    from generator.live.server import PrometheusServer
    from generator.model.rules import AlertingRule, RuleGroup
    from generator.model.service import Model, Service
    from generator.prometheus.rule_tests.files import Trial

#: Gauges of support-agent, and the signal of each.
_GAUGES: dict[str, dict[str, object]] = {
    "support_queue_depth": {"labels": []},
    "support_score": {"labels": ["release"], "across": "avg"},
    "support_oldest_wait_ms": {"labels": [], "unit": "ms", "across": "max"},
}
_LEVELS: dict[str, dict[str, object]] = {
    "queue_depth": {"level": {"of": "support_queue_depth", "take": "max"}},
    "score": {"level": {"of": "support_score"}, "by": ["release"], "better": "higher"},
    "oldest_wait": {"level": {"of": "support_oldest_wait_ms", "take": "avg"}, "window": "10m"},
}
_SPECS = Path(__file__).parents[2] / "specs"
ALERTS: dict[str, dict[str, object]] = {
    "RunsFew": {"threshold": {"signal": "run_count"}, "warning": 50},
    "ReleaseFell": {
        "fall": {"signal": "run_count", "by": "release"},
        "warning": "80%",
        "critical": "99%",
        "min_events": 10,
    },
    "RunsFell": {"change": {"signal": "run_count", "over": "1h"}, "warning": "40%"},
    "SuccessLowByRelease": {"threshold": {"signal": "success_rate", "by": "release"}, "critical": "99.9%"},
    "SuccessNone": {"threshold": {"signal": "success_rate"}, "warning": "40%", "min_bad_events": 20},
    "LimitOften": {
        "threshold": {"signal": "stop_reason_distribution", "by": "stop_reason"},
        "warning": "30%",
        "min_bad_events": 7,
    },
    "ToolSlow": {
        "threshold": {"signal": "tool_latency_p95", "by": "tool"},
        "warning": "1s",
        "min_bad_events": 8,
    },
    # From just below its bound the step would end in the next bucket, with fewer observations beyond.
    "RunsSlower": {
        "change": {"signal": "latency_p95", "over": "1h", "beyond": "4s"},
        "warning": "50%",
        "min_events": 10,
    },
    "ToolSlower": {
        "change": {"signal": "tool_latency_p95", "by": "tool", "over": "30m", "beyond": "250ms"},
        "warning": "50%",
        "min_events": 40,
    },
    "StepsMore": {"change": {"signal": "step_count", "over": "1h"}, "warning": "50%", "min_events": 30},
    "ErrorsOfModel": {
        "threshold": {"signal": "llm_errors_per_run", "by": "model"},
        "critical": 0.5,
        "min_events": 15,
        "min_bad_events": 4,
    },
    "ErrorsOfModelRising": {
        "change": {"signal": "llm_errors_per_run", "by": "model", "over": "1h"},
        "warning": "60%",
        "min_events": 15,
    },
    "TokensOfModel": {"threshold": {"signal": "token_usage_per_run", "by": "model"}, "warning": 20000},
    "CostMore": {"change": {"signal": "cost_per_run", "over": "1h"}, "warning": "35%", "min_events": 30},
    "DearHour": {"threshold": {"signal": "cost_rate"}, "warning": "$25"},
    "CallsMore": {"regression": {"signal": "tool_calls_per_run"}, "warning": "40%", "min_events": 50},
    # Higher is better: too few is bad.
    "CallsFewer": {"regression": {"signal": "calls_of_run"}, "warning": "20%", "min_events": 50},
    "ToolsWorse": {"regression": {"signal": "tool_error_rate"}, "critical": "3pp", "min_events": 50},
    "ToolSlowerThanBefore": {
        "regression": {"signal": "tool_latency_p95"},
        "warning": "25%",
        "min_events": 50,
        "min_bad_events": 20,
    },
    "Handovers": {"threshold": {"signal": "handover_rate"}, "warning": "20%", "min_bad_events": 5},
    "HandoversRising": {"change": {"signal": "handover_rate", "over": "2h"}, "warning": "10pp", "for": "10m"},
    "QueueLong": {"threshold": {"signal": "queue_depth"}, "warning": "50"},
    "QueueGrows": {"change": {"signal": "queue_depth", "over": "1h"}, "warning": "60%", "for": "10m"},
    "ScoreLow": {"threshold": {"signal": "score", "by": "release"}, "critical": 0.8},
    # Higher is better: the bad observations are those below.
    "BasketsSmall": {"threshold": {"signal": "basket_p90"}, "warning": "$20", "min_bad_events": 5},
    "WaitLong": {"threshold": {"signal": "oldest_wait"}, "warning": "30s"},
    # No alert of all services is about these, so that only this service records their shares.
    "TailBeyond": {
        "overflow": {"signal": "latency_p99", "also_over": "3h"},
        "warning": "3%",
        "min_bad_events": 5,
    },
    "ToolsBeyond": {"overflow": {"signal": "tool_latency_p95"}, "critical": "10%"},
    "Idle": {"idle": {"signal": "run_count", "over": "10m"}},
    "IdlePages": {"idle": {"signal": "run_count", "over": "10m"}, "severity": "critical"},
    "UnpricedPages": {"unpriced": {"signal": "cost_per_run"}, "severity": "critical"},
    "GoneIsATicket": {"absence": {}, "severity": "warning"},
    "UndeclaredPages": {"undeclared": {}, "severity": "critical", "min_bad_events": 3},
    "SeriesPage": {"series_budget": {}, "severity": "critical"},
}
#: Objectives without a written alert, and the alerts that follow from them.
_OBJECTIVES: dict[str, dict[str, str]] = {
    "paused_rate": {"max": "20%"},
    "paused_count": {"min": "30"},
    "latency_p99": {"max": "4s"},
    "outcomes": {"max": "40%"},
}
_MISSED = ("AgentPausedRateMissed", "AgentPausedCountMissed", "AgentLatencyP99Missed", "AgentOutcomesMissed")


def with_own_alerts(directory: Path) -> Model:
    """Add own alerts to a service of the project, of each kind on each kind of signal."""
    copytree(_SPECS, directory)
    path = directory / "services" / "support-agent.yaml"
    spec = yaml.load(path.read_text(), yaml.CSafeLoader)
    usual: dict[str, object] = {
        "for": "3m",
        "keep_firing_for": "6m",
        "summary": "Something.",
        "means": "Something happened.",
    }
    spec["metrics"] = {
        **spec.get("metrics", {}),
        **{name: {"type": "gauge", "help": "A gauge.", **body} for name, body in _GAUGES.items()},
    }
    spec["metrics"]["support_basket_usd"] = {
        "type": "histogram",
        "unit": "usd",
        "help": "Baskets.",
        "labels": ["release"],
        "buckets": [1, 10, 100, 1000],
    }
    quantile = {"of": "support_basket_usd", "q": 0.9}
    baskets = {"title": "Baskets", "description": "Their value.", "quantile": quantile, "better": "higher"}
    spec["signals"] |= {"basket_p90": baskets}
    calls = {"of": "tool_call", "per": "run"}
    spec["signals"] |= {
        "calls_of_run": {"title": "Calls", "description": "A run's.", "ratio": calls, "better": "higher"}
    }
    spec["signals"] |= {name: {"title": name, "description": name, **body} for name, body in _LEVELS.items()}
    spec["alerts"] |= {name: {**usual, **body} for name, body in ALERTS.items()}
    waiting = {"title": "Paused", "description": "Runs that wait.", "better": "neither"}
    share = {"of": "run", "where": {"stop_reason": "paused"}}
    spec["signals"] |= {
        "paused_rate": {**waiting, "share": share},
        "paused_count": {**waiting, "count": {"of": "run"}},
        "outcomes": {**waiting, "distribution": {"of": "run", "label": "status"}},
    }
    spec["objectives"] |= _OBJECTIVES
    path.write_text(yaml.safe_dump(spec))
    return model_of(directory)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """The specs with alerts of support-agent's own."""
    return with_own_alerts(tmp_path_factory.mktemp("own") / "specs")


@pytest.fixture(scope="module")
def trials(own: Model) -> tuple[Trial, ...]:
    """All cases of the alerts of support-agent."""
    return tuple(own_trials(_service(own), own.site))


@pytest.fixture(scope="module")
def groups(own: Model) -> tuple[RuleGroup, ...]:
    """All rules about support-agent."""
    return rule_set([_service(own)], own.library, own.site).groups


def _service(own: Model) -> Service:
    return next(one for one in own.services if one.name == "support-agent")


@pytest.mark.parametrize("name", [*ALERTS, *_MISSED])
def test_an_alert_of_ones_own_does_what_it_must(
    name: str,
    trials: tuple[Trial, ...],
    groups: tuple[RuleGroup, ...],
    prometheus: object,  # noqa: ARG001 - marks what needs a real server
) -> None:
    about = [trial for trial in trials if trial.case.alert.name == name]
    assert any(one.fires for trial in about for one in trial.case.timeline.expectations)
    rules = rules_of(groups, name)
    each = [(trial, [rule for rule in rules if _is_about(rule, trial)]) for trial in about]
    with prometheus_server() as server:
        for tried in try_out_in_turn(server.api, each, groups, "support-agent"):
            assert tried.contradictions() == []


def _is_about(rule: AlertingRule, trial: Trial) -> bool:
    """Whether a rule has a case's severity and subject."""
    severity = rule.labels["severity"] == str(trial.case.tier.severity)
    return severity and all(rule.labels.get(name, value) == value for name, value in trial.case.labels)


def test_errors_rise_from_none(fresh_prometheus: PrometheusServer, tmp_path: Path) -> None:
    """The healthy state of errors is that there are none; by one they do not rise."""
    more = "labels: {model: [gpt-4o], tool: [search_docs]}\nalerts:\n  ErrorsRise:\n"
    alert = "{change: {signal: llm_errors_per_run, by: model, over: 1h}, warning: 100%, min_events: 20}"
    model = model_with(tmp_path, "agent", f"{more}    {alert}")
    chain = Chain(fresh_prometheus.api, model.services[0], model.library, model.site)
    errors = ("gpt-4o", "overloaded")
    chain.write(craft(chain.service, [Stretch(90, llm_errors={errors: each}) for each in (0, 0.3, 0.3)]))
    (rule,) = rules_of(chain.groups, "ErrorsRise")
    chain.evaluate(T0, T0 + 200 * MINUTE, needed(chain.groups, [rule.expr]))
    found = [bool(chain.api.query(rule.expr, T0 + minute * MINUTE)) for minute in (85, 91, 110, 145, 170)]
    assert found == [False, False, True, True, False]
