"""The unit tests that a small service gets: its rules do what the cases expect, whatever its author promises."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from msgspec import Struct

from generator.live.server import prometheus_server
from generator.prometheus.files import rule_files, shared_files
from generator.prometheus.rule_set import rule_set
from generator.prometheus.rule_tests.files import own_trials, service_tests, trials_of, variant_trials
from tests.models import model_of, written
from tests.prometheus.trials import rules_of, try_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from generator.model.service import Model
    from generator.prometheus.rule_tests.files import Trial

_SERVICE: Mapping[str, object] = {
    "service": "a",
    "profile": "agent",
    "owner": "t",
    "selector": {"job": "a"},
    "labels": {"model": ["gpt-4o"], "tool": ["search"]},
}
_HANDOVERS = {
    "title": "Handovers",
    "description": "Share of runs that wait for a person.",
    "share": {"of": "run", "where": {"stop_reason": "paused"}},
    "trend": {"over": "1h"},
}
_TIERS = {"tier": {"values": ["free", "pro"], "of": ["run", "run_latency", "token_usage"]}}


class _Small(Struct, frozen=True):
    """A service and its site, as they differ from the smallest ones, and the alerts whose cases are run."""

    alerts: tuple[str, ...]
    service: Mapping[str, object] = {}
    site: Mapping[str, object] = {}


def _success(window: str) -> _Small:
    """Promise 97% of all runs over a window; the windows of burn rates are in proportion."""
    return _Small(
        ("AgentErrorBudgetBurn",), {"objectives": {"success_rate": {"min": "97%", "window": window}}}
    )


SPECS = {
    "an objective of three nines": _Small(
        (),
        {
            "objectives": {"success_rate": {"min": "99.9%", "by": {"tier": {"pro": "99.99%"}}}},
            "segments": _TIERS,
        },
    ),
    "a pace that a profile's budget never reaches": _Small(
        ("AgentErrorBudgetBurn",), {"profile": "gemini-cli"}
    ),
    "a window of two minutes": _Small(
        ("AgentFirstAnswerMissed",),
        {
            "signals": {
                "first_answer": {
                    "title": "First answer",
                    "description": "How long a caller waits.",
                    "quantile": {"of": "run_latency", "q": 0.5},
                    "window": "2m",
                }
            },
            "objectives": {"first_answer": {"max": "2s"}},
        },
    ),
    "a budget of a day": _success("1d"),
    "a budget of a week": _success("7d"),
    "a budget of two weeks": _success("14d"),
    "a budget of an own share": _Small(
        ("AgentHandoverRateBurn", "AgentHandoverRateMissed"),
        {
            "objectives": {"handover_rate": {"max": "2%", "window": "30d"}},
            "signals": {"handover_rate": _HANDOVERS},
        },
    ),
    "rules every 30 seconds": _Small(("AgentStepsPerRunRegression",), site={"rule_interval": "30s"}),
    "rules every 15 seconds": _Small(("AgentStepsPerRunRegression",), site={"rule_interval": "15s"}),
    "an hour without the promised runs": _Small(
        ("Idle",),
        {
            "traffic": {"min_runs_per_hour": 120},
            "alerts": {
                "Idle": {
                    "idle": {"signal": "run_count", "over": "1h"},
                    "summary": "Few runs.",
                    "means": "Nobody asks.",
                }
            },
        },
    ),
    "half an hour without the promised runs, at once": _Small(
        ("Idle",),
        {
            "traffic": {"min_runs_per_hour": 50},
            "alerts": {
                "Idle": {
                    "idle": {"signal": "run_count", "over": "30m"},
                    "for": "0s",
                    "summary": "Few runs.",
                }
            },
        },
    ),
    # A part of one longer window is the whole of another.
    "other longer windows than the library's": _Small(
        ("AgentSuccessRateLow", "AgentToolErrorRateHigh"),
        {
            "alerts": {
                "AgentSuccessRateLow": {"threshold": {"signal": "success_rate", "also_over": "90m"}},
                "AgentToolErrorRateHigh": {
                    "threshold": {"signal": "tool_error_rate", "by": "tool", "also_over": "12h"}
                },
            }
        },
    ),
    # An hour's spend is too small in a service's first minutes, and a later one no rise.
    "alerts of its own": _Small(
        ("Spending", "Slower", "Strays", "Worse"),
        {
            "alerts": {
                "Worse": {
                    "change": {"signal": "success_rate", "over": "10m"},
                    "warning": "10pp",
                    "summary": "More runs fail.",
                },
                "Spending": {
                    "change": {"signal": "cost_rate", "over": "30m"},
                    "critical": "20%",
                    "summary": "It spends more.",
                },
                "Slower": {
                    "regression": {"signal": "step_count_p50"},
                    "warning": "5%",
                    "min_bad_events": 5,
                    "summary": "It takes more steps.",
                },
                "Strays": {"undeclared": {}, "for": "1h", "summary": "It has other values."},
            }
        },
    ),
    "an objective just above the smallest value that buckets show": _Small(
        ("AgentLatencyP50Missed",),
        {
            "metrics": {"agent_run_latency_ms": {"buckets": ["1s", "2s", "1m"]}},
            "objectives": {"latency_p50": {"max": "505ms"}, "latency_p95": {"max": "20s"}},
        },
    ),
    "a share that is hardly ever bad": _Small(
        ("Hardly",),
        {
            "alerts": {
                "Hardly": {
                    "threshold": {"signal": "tool_error_rate"},
                    "warning": "0.0005%",
                    "summary": "Some tools fail.",
                }
            }
        },
    ),
    "a bound of a segment": _Small(
        ("AgentCostPerRunMissed",),
        {
            "segments": _TIERS,
            "objectives": {"cost_per_run": {"max": "$0.05", "by": {"tier": {"pro": "$0.07"}}}},
        },
    ),
}


def _model(small: _Small, directory: Path) -> Model:
    files = {"services/a.yaml": yaml.safe_dump({**_SERVICE, **small.service})}
    if small.site:
        files["site.yaml"] = yaml.safe_dump(dict(small.site))
    return model_of(written(directory, files))


@pytest.fixture(params=list(SPECS))
def small(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[_Small, Model]:
    """A small service, as written and as meant."""
    spec = SPECS[request.param]
    return spec, _model(spec, tmp_path / "specs")


def test_a_small_service_gets_cases_that_its_rules_pass(
    small: tuple[_Small, Model],
    prometheus: object,  # noqa: ARG001 - marks what needs a real server
) -> None:
    spec, model = small
    groups = rule_set(model.services, model.library, model.site).groups
    for name in spec.alerts:
        batches = list(_batches(name, model))
        assert batches
        for trials, service in batches:
            with prometheus_server() as server:
                tried = try_out(server.api, trials, groups, rules_of(groups, name), service)
                assert tried.contradictions() == []


def test_no_case_sees_all_of_a_step_where_windows_overlap(tmp_path: Path) -> None:
    """A count over 15 minutes shows a rise from 15 minutes after it until the value before begins to rise."""
    alert = {"for": "5m", "warning": "30%", "summary": "More runs."}
    for over, is_tried in (("10m", False), ("19m", False), ("20m", True)):
        more = alert | {"change": {"signal": "run_count", "over": over}}
        model = _model(_Small((), {"alerts": {"More": more}}), tmp_path / over)
        assert bool(list(_batches("More", model))) is is_tried


def _batches(name: str, model: Model) -> Iterator[tuple[list[Trial], str]]:
    """Find the quick cases of an alert that run at once: all of a shared one in its form, and each of an own one."""
    service, site = model.services[0], model.site
    library = model.library.used_by({service.profile})
    shared = [
        trial
        for alert in library.alerts
        if alert.name == name and name not in {variant.alert for variant in service.deviations.variants}
        for trial in trials_of(alert, library, site)
    ]
    varied = [
        trial
        for variant in service.deviations.variants
        for alert in variant.alerts
        if alert.name == name
        for trial in variant_trials(alert, variant.name, library, site)
    ]
    if quick := [trial for trial in (*shared, *varied) if trial.step == 1]:
        yield quick, ""
    for trial in own_trials(service, site):
        if trial.case.alert.name == name and trial.shows:
            yield [trial], service.name


def test_no_rule_of_a_services_unit_test_records_its_input(small: tuple[_Small, Model]) -> None:
    """But for streams, which rules record of exposed series: promtool refuses two samples of one instant."""
    _, model = small
    service, site = model.services[0], model.site
    rules = rule_set([service], model.library, site)
    written = rule_files(service, rules.own[0], site)
    files = {
        one.path: yaml.load(one.text, yaml.CSafeLoader)
        for one in (*written, *shared_files(rules.shared, site))
    }
    for test in service_tests(service, rules.own[0], rules.shared, site):
        contents = yaml.load(test.text, yaml.CSafeLoader)
        loaded = [files[f"prometheus/{name.removeprefix('../')}"] for name in contents["rule_files"]]
        assert not _inputs(contents) & _records(loaded), test.path


def test_a_constant_is_tested_with_the_number_of_its_rule(small: tuple[_Small, Model]) -> None:
    """A share is written in percent, and 0.999 is the same share as 0.9990000000000001 for people only."""
    _, model = small
    service, site = model.services[0], model.site
    rules = rule_set([service], model.library, site)
    (recording, *_), (test, *_) = (
        rule_files(service, rules.own[0], site),
        service_tests(service, rules.own[0], rules.shared, site),
    )
    written = _constants(yaml.load(recording.text, yaml.CSafeLoader))
    (cases,) = yaml.load(test.text, yaml.CSafeLoader)["tests"]
    tested = {
        (name, sample["value"])
        for one in cases["promql_expr_test"]
        for sample in one["exp_samples"]
        if (name := sample["labels"].partition("{")[0]) in {constant for constant, _ in written}
    }
    assert tested
    assert tested <= written


def _constants(recording: Mapping[str, Any]) -> set[tuple[str, float]]:
    return {
        (rule["record"], float(number[1]))
        for group in recording["groups"]
        for rule in group["rules"]
        if (number := re.fullmatch(r"vector\(([0-9.e+-]+)\)", rule["expr"].strip()))
    }


def _inputs(test: Mapping[str, Any]) -> set[str]:
    series = (one["series"].partition("{")[0] for each in test["tests"] for one in each["input_series"])
    return {name for name in series if not name.startswith("stream:")}


def _records(files: Iterable[Mapping[str, Any]]) -> set[str]:
    return {
        rule["record"]
        for file in files
        for group in file["groups"]
        for rule in group["rules"]
        if "record" in rule
    }
