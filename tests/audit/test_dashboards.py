"""``audit --dashboards``: it names all phantoms of a foreign dashboard, and nothing else."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from generator.audit.phantoms import filled
from generator.cli import main
from generator.live.remote_write import TimeSeries, write

if TYPE_CHECKING:
    from generator.live.server import PrometheusServer

EXPOSITION = Path(__file__).parents[1] / "profiles" / "expositions" / "litellm.prom"
ROOT = Path(__file__).parents[2]

#: Queries as in public dashboards, with the planted phantom of each: (metric, label), or None.
PANELS: dict[str, tuple[str, tuple[str, str] | None]] = {
    "all is there": (
        'sum by (requested_model) (rate(litellm_proxy_total_requests_metric_total{status_code=~"$c"}[$__interval]))',
        None,
    ),
    "a metric": (
        "sum(rate(litellm_request_latency_seconds_sum[5m]))",
        ("litellm_request_latency_seconds_sum", ""),
    ),
    "a matcher": (
        'litellm_spend_metric_total{user_team="a"}',
        ("litellm_spend_metric_total", "user_team"),
    ),
    "an absent label is asked for": ('litellm_spend_metric_total{user_team=""}', None),
    "a group": (
        "histogram_quantile(0.9, sum by (le, squad) (rate(litellm_request_total_latency_metric_bucket[${__range}])))",
        ("litellm_request_total_latency_metric_bucket", "squad"),
    ),
    "buckets": ("sum by (le) (increase(litellm_request_total_latency_metric_bucket[$__range]))", None),
    "a label that is made": (
        'sum by (short) (label_replace(litellm_spend_metric_total, "short", "$1", "model", "(.*)"))',
        None,
    ),
    "values that become a label": (
        'sum by (amount) (count_values without (model) ("amount", litellm_spend_metric_total))',
        None,
    ),
    "the source of a label": (
        'label_replace(litellm_spend_metric_total, "short", "$1", "modell", "(.*)")',
        ("litellm_spend_metric_total", "modell"),
    ),
    "a join": (
        "litellm_spend_metric_total / on (pod) group_left () litellm_total_tokens_metric_total",
        ("litellm_spend_metric_total", "pod"),
    ),
    "another side is Prometheus's": ("sum by (job) (litellm_spend_metric_total) / on (job) up", None),
    "a label of several may be empty": (
        'label_join(litellm_spend_metric_total, "who", "/", "model", "nobody")',
        None,
    ),
    "a variable for a name": ("rate(${metric}_total[$interval]) / $__range_s", None),
    "a variable for a label": ("sum by ($group) (litellm_spend_metric_total)", None),
    "numbers": ("topk(5, litellm_spend_metric_total) > bool 3 or vector(0)", None),
}


def _dashboard(panels: dict[str, str]) -> dict[str, Any]:
    return {
        "title": "LLM",
        "templating": {
            "list": [
                {
                    "name": "code",
                    "type": "query",
                    "query": "label_values(litellm_requests_metric_total, team_x)",
                },
                {
                    "name": "ok",
                    "type": "query",
                    "query": {"query": "label_values(litellm_spend_metric_total, model)"},
                },
                {"name": "datasource", "type": "datasource", "query": "prometheus"},
            ]
        },
        "panels": [
            {
                "type": "row",
                "title": "row",
                "panels": [_panel(title, expr) for title, expr in panels.items()],
            },
            {"title": "logs", "targets": [{"datasource": {"type": "loki"}, "expr": '{app="x"} |= `y`'}]},
        ],
    }


def _panel(title: str, expr: str) -> dict[str, Any]:
    return {"title": title, "targets": [{"expr": expr, "refId": "A"}]}


def _audited(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = main(["audit", "--format", "json", "--dashboards", *arguments])
    return code, json.loads(capsys.readouterr().out)


def _named(report: dict[str, Any]) -> dict[str, set[tuple[str, str]]]:
    found: dict[str, set[tuple[str, str]]] = {}
    for file in report["files"]:
        for one in file["phantoms"]:
            found.setdefault(one["place"], set()).add((one["metric"], one["label"]))
    return found


def _planted() -> dict[str, set[tuple[str, str]]]:
    found = {title: {planted} for title, (_, planted) in PANELS.items() if planted}
    found["a join"] |= {("litellm_total_tokens_metric_total", "pod")}
    return found | {"variable code": {("litellm_requests_metric_total", "team_x")}}


@pytest.fixture
def dashboard(tmp_path: Path) -> Path:
    path = tmp_path / "llm.json"
    path.write_text(json.dumps(_dashboard({title: expr for title, (expr, _) in PANELS.items()})), "utf-8")
    return path


def test_planted_phantoms_are_named_and_none_else(
    dashboard: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, report = _audited(capsys, str(dashboard), "--exposition", str(EXPOSITION))
    assert code == 1
    assert _named(report) == _planted()


@pytest.mark.prometheus
def test_so_they_are_on_a_real_server(
    dashboard: Path, capsys: pytest.CaptureFixture[str], fresh_prometheus: PrometheusServer
) -> None:
    from prometheus_client.parser import text_string_to_metric_families  # noqa: PLC0415

    now = int(time.time())
    target = {"job": "gateway", "instance": "a"}
    samples = [
        sample
        for family in text_string_to_metric_families(EXPOSITION.read_text("utf-8"))
        for sample in family.samples
    ]
    lines = [({**one.labels, "__name__": one.name}, one.value) for one in samples]
    series = [
        TimeSeries({**labels, **target}, [now * 1000], [value])
        for labels, value in [*lines, ({"__name__": "up"}, 1.0)]
    ]
    write(fresh_prometheus.api, series)
    code, report = _audited(capsys, str(dashboard), "--prometheus", fresh_prometheus.api.url)
    assert code == 1
    assert _named(report) == _planted()


def test_a_rule_may_read_what_another_file_records(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    records, alerts = tmp_path / "records.yaml", tmp_path / "alerts.yml"
    rule = {"record": "job:spend:sum", "expr": "sum(litellm_spend_metric_total)"}
    records.write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": [rule]}]}), "utf-8")
    wrong = {"alert": "High", "expr": "job:spend:sum > 5 and litellm_deployment_stat == 2"}
    wrapped = {"kind": "PrometheusRule", "spec": {"groups": [{"name": "g", "rules": [wrong]}]}}
    alerts.write_text(yaml.safe_dump(wrapped), "utf-8")
    code, report = _audited(capsys, str(records), str(alerts), "--exposition", str(EXPOSITION))
    assert code == 1
    assert _named(report) == {"High": {("litellm_deployment_stat", "")}}
    assert main(["audit", "--dashboards", str(alerts), str(records), "--exposition", str(EXPOSITION)]) == 1
    assert 'did you mean "litellm_deployment_state"?' in capsys.readouterr().out


def test_without_a_server_profiles_say_what_is_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "llm.json"
    known = "sum by (requested_model) (rate(litellm_proxy_total_requests_metric_total[5m]))"
    path.write_text(json.dumps(_dashboard({"known": known, "unknown": "acme_llm_calls_total"})), "utf-8")
    code, report = _audited(capsys, str(path))
    assert code == 1
    assert _named(report)["unknown"] == {("acme_llm_calls_total", "")}
    assert "known" not in _named(report)


def test_the_products_own_dashboards_and_rules_name_nothing_unknown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    files = [
        *(ROOT / "output/grafana/dashboards").glob("*.json"),
        *(ROOT / "output/prometheus/alerts").glob("*.yml"),
    ]
    code, report = _audited(capsys, *map(str, files))
    assert (code, _named(report)) == (0, {})


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("{", "a.json", "is neither JSON nor YAML"),
        ("{}", "a.json", "has no query of Prometheus"),
        ("a: [", "a.yaml", "is neither JSON nor YAML"),
    ],
)
def test_files_that_are_no_dashboards_are_refused(
    text: str, name: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    assert main(["audit", "--dashboards", str(tmp_path / name)]) == 2
    assert said in capsys.readouterr().err
    assert main(["audit", "--dashboards", str(tmp_path / "none.json")]) == 2
    assert "none.json" in capsys.readouterr().err


def test_a_query_that_is_no_promql_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(_dashboard({"broken": "sum(rate(x[5m])"})), "utf-8")
    assert main(["audit", "--dashboards", str(path), "--exposition", str(EXPOSITION)]) == 1
    told = capsys.readouterr().out
    assert told.startswith(f"{path}: ")
    assert " queries, 1 unknown name, 1 query not read\n" in told
    assert "broken: not read, since it is no PromQL: sum(rate(x[5m])" in told
    assert told.endswith("\nin total: 1 unknown name, 1 query not read\n")


@pytest.mark.parametrize(
    "expr",
    [
        "(" * 30_000 + "up" + ")" * 30_000,
        " or ".join(f"m{one}" for one in range(30_000)),
        "abs(" * 400 + "up" + ")" * 400,
        "-" * 30_000 + "up",
        "2 ^ " * 30_000 + "up",
        "up" + "[5m:1m]" * 300 + "(" * 30_000,
        "(" * 30_000,
    ],
    ids=lambda expr: expr[:12],
)
def test_a_query_that_is_nested_without_end_is_not_read(
    expr: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(_dashboard({"deep": expr})), "utf-8")
    assert main(["audit", "--dashboards", str(path), "--exposition", str(EXPOSITION)]) == 1
    assert f"deep: not read, since it is nested too deeply: {expr[:80]}..." in capsys.readouterr().out


@pytest.mark.parametrize(
    "expr",
    [
        "abs(" * 240 + "up" + ")" * 240,
        " or ".join(["up"] * 240),
        '{__name__=~"up|' + "[(-]" * 999 + '"}',
        " + ".join(["abs(sum(rate(up[5m])))"] * 240),
    ],
    ids=lambda expr: expr[:12],
)
def test_a_query_that_is_merely_large_is_read(
    expr: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(_dashboard({"large": expr})), "utf-8")
    main(["audit", "--dashboards", str(path), "--exposition", str(EXPOSITION)])
    assert "large:" not in capsys.readouterr().out


def test_a_record_that_is_not_there_is_no_exposed_metric(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"panels": [{"targets": [{"expr": "service:acme:ratio + acme"}]}]}), "utf-8")
    assert main(["audit", "--dashboards", str(path), "--exposition", str(EXPOSITION)]) == 1
    told = capsys.readouterr().out
    assert "metric service:acme:ratio, nothing there has recorded it: load the rule file that does" in told
    assert "metric acme, nothing exposes it\n" in told


@pytest.mark.prometheus
def test_alerts_may_be_read_of_a_server_where_none_has_fired(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], fresh_prometheus: PrometheusServer
) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"panels": [{"targets": [{"expr": 'ALERTS{severity="critical"}'}]}]}), "utf-8")
    assert _audited(capsys, str(path), "--prometheus", fresh_prometheus.api.url)[0] == 0


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("rate(x[$__rate_interval])", "rate(x[5m])"),
        ("rate(x[${window:text}:$step] offset $ago)", "rate(x[5m:5m] offset 5m)"),
        ('x{a=~"$a|[[b]]"}', 'x{a=~"$a|[[b]]"}'),
        ("x * ${__interval_ms} / $__range_s", "x * 1 / 1"),
        ("[[name]]_total", "grafana_variable_total"),
        ('label_replace(x, "d", "$1", "s", "(.*)")', 'label_replace(x, "d", "$1", "s", "(.*)")'),
    ],
)
def test_variables_are_filled_in_as_their_place_wants(written: str, meant: str) -> None:
    assert filled(written) == meant


def test_a_file_with_one_query_has_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"panels": [{"targets": [{"expr": "sum(rate(x[5m])"}]}]}), "utf-8")
    assert main(["audit", "--dashboards", str(path), "--exposition", str(EXPOSITION)]) == 1
    assert capsys.readouterr().out.startswith(f"{path}: 1 query, 0 unknown names, 1 query not read\n")
