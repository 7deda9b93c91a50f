"""Specs that once compiled to rules that Prometheus refuses, or to nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.whole.compiled import compile_specs, rules, written_twice

if TYPE_CHECKING:
    from tests.whole.specs import Directory


def _profile(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any YAML
    base: dict[str, Any] = {
        "profile": "p",
        "labels": {"kind": {"values": ["a", "b"]}, "release": {"max_live": 2}},
        "metrics": {
            "runs_total": {"type": "counter", "help": "R.", "labels": ["kind", "release"]},
            "faults_total": {"type": "counter", "help": "F.", "labels": ["kind"], "sparse": True},
            "calls_total": {"type": "counter", "help": "C.", "labels": [], "sparse": True},
            "times": {"type": "histogram", "unit": "s", "help": "T.", "labels": ["kind"], "buckets": [1, 5]},
        },
        "signals": {
            "run_count": _signal("Runs", count={"of": "runs_total"}),
            "faults": _signal("Faults", count={"of": "faults_total"}),
            "slow": _signal("Slow", quantile={"of": "times", "q": 0.9}, by=["kind"]),
            "per_call": _signal(
                "Faults per call", ratio={"of": "faults_total", "per": "calls_total"}, by=["kind"]
            ),
        },
    }
    return {
        key: {**base.get(key, {}), **changes.get(key, {})} if key != "profile" else "p"
        for key in base | changes
    }


def _signal(title: str, **kind: Any) -> dict[str, Any]:  # noqa: ANN401 - any YAML
    return {"title": title, "description": "D.", **kind}


def _on(profile: dict[str, Any]) -> Directory:
    service = {"service": "s", "profile": "p", "owner": "team", "selector": {"job": "s"}}
    return {"profiles/p.yaml": profile, "services/s.yaml": service}


def _shipped(**changes: Any) -> Directory:  # noqa: ANN401 - any YAML
    base = {"service": "s", "profile": "agent", "owner": "team", "selector": {"job": "s"}}
    return {"services/s.yaml": {**base, "labels": {"model": ["m"], "tool": ["t"]}, **changes}}


def _alert(**keys: Any) -> dict[str, Any]:  # noqa: ANN401 - any YAML
    return {"summary": "It is.", **keys}


@pytest.mark.parametrize(
    "alert",
    [
        pytest.param(_alert(threshold={"signal": "faults"}, warning=3), id="bound of a count"),
        pytest.param(_alert(change={"signal": "faults", "over": "1h"}, warning="5%"), id="change of a count"),
        pytest.param(
            _alert(change={"signal": "per_call", "by": "kind", "over": "1h"}, warning="5%", min_bad_events=5),
            id="change of a breakdown that the divisor lacks",
        ),
        pytest.param(
            _alert(threshold={"signal": "per_call", "by": "kind", "unfinished": True}, warning=3),
            id="unfinished by a label that the divisor lacks",
        ),
        pytest.param(
            _alert(threshold={"signal": "slow", "by": "kind"}, warning="3s", min_bad_events=5),
            id="quantile by a label, with an objective",
        ),
    ],
)
def test_an_alert_reads_only_what_is_recorded(alert: dict[str, Any]) -> None:
    compilation = compile_specs(_on(_profile(objectives={"slow": {"max": "2s"}}, alerts={"Own": alert})))
    assert compilation.files, compilation.told


def test_the_loops_of_an_alert_without_a_floor_are_not_divided_by_zero() -> None:
    alert = _alert(threshold={"signal": "per_call", "unfinished": True}, warning=3)
    compilation = compile_specs(_on(_profile(alerts={"Own": alert})))
    (rule,) = (rule for rule in rules(compilation.files) if rule.get("alert") == "Own")
    assert "/ 0" not in rule["expr"]


def test_a_service_without_a_single_price_compiles_and_its_tokens_are_unpriced() -> None:
    compilation = compile_specs(_shipped())
    assert compilation.files, compilation.told
    alerts = [rule["alert"] for rule in rules(compilation.files) if "alert" in rule]
    assert "AgentTokensUnpriced" in alerts


def test_models_that_are_only_counted_have_the_prices_of_the_list() -> None:
    specs = _shipped(labels={"model": {"max_live": 5}, "tool": ["t"]})
    specs["prices.yaml"] = {"models": {"b": {"prompt": 2}, "a": {"prompt": 1}}}
    priced = {
        rule["labels"]["model"]: rule["expr"]
        for rule in rules(compile_specs(specs).files)
        if str(rule.get("record")).endswith(":agent_price:usd")
    }
    assert 'label_replace(vector(0.000001), "token_type", "prompt", "", "")' in priced["a"]
    assert 'label_replace(vector(0.000002), "token_type", "prompt", "", "")' in priced["b"]


def test_no_provider_need_count_types_inside_others() -> None:
    specs = _shipped()
    specs["prices.yaml"] = {"models": {"m": {"prompt": 2}}}
    compilation = compile_specs(specs)
    assert compilation.files, compilation.told


def test_no_rule_asks_an_older_prometheus_to_keep_an_alert_firing() -> None:
    specs = _shipped(alerts={"AgentToolErrorRateHigh": {"keep_firing_for": "45m"}})
    kept = compile_specs(specs).files
    changed = [rule["alert"] for rule in rules(kept) if rule.get("keep_firing_for") == "45m"]
    assert set(changed) == {"AgentToolErrorRateHigh"}
    older = compile_specs(specs | {"site.yaml": {"oldest_prometheus": "2.37"}}).files
    assert not [rule for rule in rules(older) if "keep_firing_for" in rule]


@pytest.mark.parametrize(
    "name", ["status", "prices", "counters", "releases", "objectives", "forecast", "error_budget"]
)
def test_a_histogram_may_be_called_as_a_group_of_ours(name: str) -> None:
    metric = {"type": "histogram", "help": "T.", "labels": [], "buckets": [1]}
    compilation = compile_specs(_on(_profile(metrics={name: metric}, objectives={"slow": {"max": "2s"}})))
    assert compilation.files, compilation.told


def test_signals_may_begin_with_the_same_forty_letters() -> None:
    long = [f"{'x' * 45}_{end}" for end in ("a", "b")]
    signals = {name: _signal("X", count={"of": "runs_total"}) for name in long}
    alerts = {f"A{name[-1]}": _alert(threshold={"signal": name}, warning=3) for name in long}
    compilation = compile_specs(_on(_profile(signals=signals, alerts=alerts)))
    assert compilation.files, compilation.told


def test_a_title_is_no_template() -> None:
    signals = {"odd": _signal("{{ end }} of {{{", count={"of": "runs_total"})}
    alerts = {"Own": _alert(threshold={"signal": "odd"}, warning=3)}
    compilation = compile_specs(_on(_profile(signals=signals, alerts=alerts)))
    (rule,) = (rule for rule in rules(compilation.files) if rule.get("alert") == "Own")
    assert rule["annotations"]["description"].startswith('{{ "{{" }} end }} of {{ "{{" }}{ of ')


@pytest.mark.parametrize("name", ["inf", "NaN", "without", "Anchored", "smoothed"])
def test_a_label_that_no_rule_can_group_by_is_refused(name: str) -> None:
    profile = _profile(labels={name: {"values": ["a"]}})
    profile["metrics"]["runs_total"]["labels"] = [name]
    assert compile_specs(_on(profile)).codes == ("cardinality/reserved-label",)


def test_a_signal_cannot_be_called_as_the_status_board() -> None:
    profile = _profile(signals={"signal": _signal("S", count={"of": "runs_total"})})
    assert compile_specs(_on(profile)).codes == ("signal/reserved-name",)


def test_shared_rules_read_no_signal_of_a_service_s_own_with_a_shared_name() -> None:
    """Both would write the windows of its error budget, its row of the board, and twice as many events."""
    good = _signal(
        "Success", share={"of": "runs_total", "where": {"kind": "a"}}, better="higher", trend={"over": "1h"}
    )
    profile = _profile(
        signals={"success_rate": good}, objectives={"success_rate": {"min": "99%", "window": "30d"}}
    )
    other = _shipped(service="other", selector={"job": "other"}, objectives=profile["objectives"])
    specs = _on(profile) | {"services/other.yaml": other["services/s.yaml"]}
    compilation = compile_specs(specs)
    assert compilation.files, compilation.told
    assert written_twice(compilation) == set()
    own = {
        rule.get("record")
        for rule in rules({"s.rules.yml": compilation.files["prometheus/rules/s.rules.yml"]})
    }
    assert "service:own_agent_success_rate:bad3h" in own
    fleet = compilation.files["grafana/dashboards/agent-overview.json"]
    assert "service:agent_success_rate:ratio" in fleet
    assert "own_agent" not in fleet


def test_a_metric_may_be_named_like_the_records_of_a_signal() -> None:
    """Both are compared between releases, and so have a record called newest."""
    metric = {"type": "counter", "help": "J.", "labels": ["kind", "release"]}
    share = {"of": "agent_slow_total", "where": {"kind": "a"}}
    signals = {"slow": _signal("Slow", share=share, by=["release"], trend={"over": "release"})}
    signals["run_count"] = _signal("Runs", count={"of": "runs_total"}, by=["release"])
    compilation = compile_specs(_on(_profile(metrics={"agent_slow_total": metric}, signals=signals)))
    assert compilation.files, compilation.told
    events, value = (
        [rule["expr"] for rule in rules(compilation.files) if rule.get("record") == f"release:{stem}:newest"]
        for stem in ("metric_agent_slow", "agent_slow")
    )
    assert len(events) == len(value) == 1
    assert "numerator" not in events[0]
    assert "numerator" in value[0]
