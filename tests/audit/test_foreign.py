"""Audits of services with foreign instrumentation: unread labels are ignored, and costly ones are counted."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from generator.audit.checks import Audit, audit, series
from generator.audit.exposition import exposed_source, fetch_file, parse_exposition
from generator.audit.report import as_text
from generator.diagnostics import Severity
from tests.golden import compare
from tests.models import model_with
from tests.profiles.test_expositions import SERVICES

EXPOSITIONS = Path(__file__).parent.parent / "profiles" / "expositions"
GATEWAY = "labels: {model: [gpt-4o]}"


def _audited(folder: Path, profile: str, more: str, exposition: Path) -> Audit:
    model = model_with(folder, profile, more)
    (service,) = model.services
    return audit(exposed_source(parse_exposition(fetch_file(exposition)), service), service, model)


def _gateway(folder: Path, text: str) -> Audit:
    (folder / "exposed.prom").write_text(text, encoding="utf-8")
    return _audited(folder, "litellm", GATEWAY, folder / "exposed.prom")


def _messages(found: Audit) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {}
    for finding in found.findings:
        told.setdefault(finding.diagnostic.code, []).append(finding.diagnostic.message)
    return told


@pytest.mark.parametrize("profile", SERVICES)
def test_a_stored_exposition_is_true_to_its_profile(profile: str, tmp_path: Path) -> None:
    more, exposition = SERVICES[profile]
    found = _audited(tmp_path, profile, more, EXPOSITIONS / f"{exposition}.prom")
    errors = [one.diagnostic for one in found.findings if one.diagnostic.severity is Severity.ERROR]
    assert errors == []
    assert len(found.seen.metrics) > 0


RUNS = "gen_ai_invoke_agent_duration_seconds_count"


@pytest.mark.parametrize(
    ("info", "reported"),
    [
        ("", 1),
        ('target_info{service_name="a"} 1\n', 1),
        ('target_info{service_version="1.2"} 1\n', 0),
    ],
)
def test_a_release_that_target_info_does_not_have_is_reported(
    tmp_path: Path, info: str, reported: int
) -> None:
    (tmp_path / "exposed.prom").write_text(f"{RUNS} 1\n{info}", encoding="utf-8")
    labels = "labels: {model: [gpt-4o], tool: [t]}"
    found = _messages(_audited(tmp_path, "otel-genai", labels, tmp_path / "exposed.prom"))
    message = 'no target_info has the label "service_version", by which its profile tells the release'
    assert found.get("audit/missing-label", []).count(message) == reported


def test_an_instance_behind_a_collector_is_kept_apart(tmp_path: Path) -> None:
    found = _gateway(tmp_path, f'{REQUESTS}{{requested_model="gpt-4o",exported_instance="pod-a"}} 1\n')
    (taken,) = (one.diagnostic for one in found.findings if one.diagnostic.code == "audit/taken-label")
    assert "honor_labels: true" in (taken.help or "")
    assert "labeldrop" not in (taken.help or "")


REQUESTS = "litellm_proxy_total_requests_metric_total"


def test_what_is_summed_away_is_counted_and_its_setting_named(tmp_path: Path) -> None:
    series = "".join(
        f'{REQUESTS}{{requested_model="gpt-4o",status_code="200",end_user="u{number}"}} 1\n'
        for number in range(150)
    )
    found = _gateway(tmp_path, f"# TYPE {REQUESTS} counter\n{series}")
    (cost,) = (one.diagnostic for one in found.findings if one.diagnostic.code == "audit/dropped-label")
    assert cost.message == 'label "end_user" is summed away, and costs 149 of 150 series at the source'
    assert cost.severity is Severity.WARNING
    assert "prometheus_exclude_labels" in (cost.help or "")


def test_values_without_a_pattern_are_reported_once_by_their_exposed_names(tmp_path: Path) -> None:
    series = f'{REQUESTS}{{requested_model="o9",status_code="301"}} 1\n'
    told = _messages(_gateway(tmp_path, f"# TYPE {REQUESTS} counter\n{series}"))
    assert told["audit/undeclared-value"] == [
        f'label "status_code" has "301", which is no status that the spec knows (in {REQUESTS})',
        f'label "requested_model" has "o9", which is no model that the spec knows (in {REQUESTS})',
    ]


def test_a_label_that_the_source_lacks_is_reported_once(tmp_path: Path) -> None:
    told = _messages(_gateway(tmp_path, f'# TYPE {REQUESTS} counter\n{REQUESTS}{{status_code="200"}} 1\n'))
    assert len(told["audit/missing-label"]) == 1
    assert '"requested_model", by which its profile tells the model' in told["audit/missing-label"][0]


def test_the_label_that_is_there_instead_is_named_with_the_streams_that_read_it(tmp_path: Path) -> None:
    (tmp_path / "exposed.prom").write_text(
        'gen_ai_client_token_usage_count{gen_ai_token_type="input",gen_ai_model="m"} 1\n'
        'gen_ai_client_operation_duration_seconds_count{gen_ai_model="m"} 1\n',
        encoding="utf-8",
    )
    found = _audited(tmp_path, "otel-genai-client", "labels: {model: [m]}", tmp_path / "exposed.prom")
    (absent,) = (
        one.diagnostic
        for one in found.findings
        if one.diagnostic.code == "audit/missing-label" and "gen_ai_request_model" in one.diagnostic.message
    )
    assert '"gen_ai_request_model" or "gen_ai_response_model"' in absent.message
    reads = "{labels: {model: [gen_ai_request_model, gen_ai_response_model, gen_ai_model]}}"
    assert (absent.help or "").endswith(
        'or read "gen_ai_model" as well, if that is it: in the profile, or one that extends it, streams: '
        f"{{run: {reads}, run_latency: {reads}, llm_error: {reads}, token_usage: {reads}}}"
    )


def test_of_two_names_of_a_label_the_first_with_a_value_is_compared(tmp_path: Path) -> None:
    calls = "gen_ai_client_operation_duration_seconds_count"
    (tmp_path / "exposed.prom").write_text(
        f'{calls}{{gen_ai_request_model="m",gen_ai_response_model="m-2026"}} 1\n'
        f'{calls}{{gen_ai_response_model="n"}} 1\n',
        encoding="utf-8",
    )
    told = _messages(
        _audited(tmp_path, "otel-genai-client", "labels: {model: [m]}", tmp_path / "exposed.prom")
    )
    (stray,) = (one for one in told["audit/undeclared-value"] if "model" in one)
    assert stray == (
        'label "gen_ai_request_model" or "gen_ai_response_model" has "n", which is no model that the spec knows '
        f"(in {calls.removesuffix('_count')})"
    )


def test_a_label_that_only_the_series_of_errors_lack_is_a_remark(tmp_path: Path) -> None:
    calls = "gen_ai_client_operation_duration_seconds_count"
    (tmp_path / "exposed.prom").write_text(
        f'{calls}{{gen_ai_response_model="m"}} 9\n{calls}{{error_type="RateLimitError"}} 1\n',
        encoding="utf-8",
    )
    found = _audited(tmp_path, "otel-genai-client", "labels: {model: [m]}", tmp_path / "exposed.prom")
    (lacking,) = (
        one.diagnostic
        for one in found.findings
        if one.diagnostic.code == "audit/missing-label" and "model" in one.diagnostic.message
    )
    assert lacking.severity is Severity.INFO
    assert lacking.message.startswith(
        f"the series of {calls.removesuffix('_count')} that are read by error_type have no label"
    )


def test_without_events_of_a_profile_nothing_is_reported(tmp_path: Path) -> None:
    found = _gateway(tmp_path, "# TYPE litellm_spend_metric_total counter\nlitellm_spend_metric_total 1\n")
    (missing,) = (one.diagnostic for one in found.findings if one.diagnostic.severity is Severity.ERROR)
    assert missing.code == "audit/missing-metric"
    assert missing.message == f"{REQUESTS} is not exposed, and its events are the requests of litellm"


def test_of_names_that_differ_by_exporter_one_is_enough(tmp_path: Path) -> None:
    found = _audited(tmp_path, "langgraph", "description: Runs.", EXPOSITIONS / "langgraph.prom")
    assert "audit/missing-metric" not in _messages(found)


CLAUDE = "claude_code_session_count_total 1\n"


@pytest.mark.parametrize(
    ("cost", "told"),
    [
        ("cost_usage_usd_total", ["cost_usage_USD_total is not exposed, and {0} is, which is not read"]),
        ("cost_usage_total", []),  # one of the names that the profile knows
        ("cost_estimate_total", []),
    ],
)
def test_a_metric_under_another_spelling_is_named_and_nobody_waits_for_it(
    tmp_path: Path, cost: str, told: list[str]
) -> None:
    (tmp_path / "exposed.prom").write_text(f"{CLAUDE}claude_code_{cost} 1\n", encoding="utf-8")
    found = _messages(
        _audited(tmp_path, "claude-code", "labels: {model: [m], tool: [t]}", tmp_path / "exposed.prom")
    )
    named = [f"claude_code_{one.format(f'claude_code_{cost}')}" for one in told]
    assert found.get("audit/missing-metric", []) == named
    waits = any("cost_usage" in one for one in found.get("audit/not-used-yet", []))
    assert waits == (cost == "cost_estimate_total")


def test_a_metric_of_several_names_has_one_row_and_one_bound(tmp_path: Path) -> None:
    (tmp_path / "exposed.prom").write_text(f"{CLAUDE}claude_code_cost_usage_total 1\n", encoding="utf-8")
    found = _audited(tmp_path, "claude-code", "labels: {model: [m], tool: [t]}", tmp_path / "exposed.prom")
    (table, *_) = "".join(as_text([found], {})).split("\n\n")
    rows = [line.split()[0] for line in table.splitlines()[2:]]
    assert rows == [
        "claude_code_session_count_total",
        "claude_code_code_edit_tool_decision_total",
        "claude_code_token_usage_tokens_total",
        "claude_code_cost_usage_total",
    ]


def test_the_interval_of_scrapes_is_held_against_the_sites(tmp_path: Path) -> None:
    place = str(tmp_path)
    seen = _audited(tmp_path, "litellm", GATEWAY, EXPOSITIONS / "litellm.prom").seen
    (rare,) = series.check_interval(replace(seen, interval=60.0))
    assert rare.diagnostic.severity is Severity.ERROR
    assert rare.diagnostic.message == "mine is scraped every 1m, and site.yaml says scrape_interval: 15s"
    assert rare.fix is not None
    assert rare.fix.yaml == 'scrape_interval: "1m"\n'
    text = "".join(as_text((Audit(replace(seen, interval=60.0), (rare,)),), {}, colour=False))
    text = text.replace(place, "specs").replace(str(EXPOSITIONS), "expositions")
    compare(Path(__file__).parent / "scraped_rarely", {"expected.txt": text})
    (often,) = series.check_interval(replace(seen, interval=5.0))
    assert often.diagnostic.severity is Severity.WARNING
    assert list(series.check_interval(replace(seen, interval=15.4))) == []
    assert list(series.check_interval(replace(seen, interval=None))) == []
