"""``init`` from every stored exposition, and from a real Prometheus that scrapes them."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from generator.audit.exposition import fetch_file, parse_exposition
from generator.audit.translated import absent
from generator.commands.init import site_text
from generator.discover.places import InExposition
from generator.discover.proof import GROWING, Remembered, _grown, panels
from generator.discover.recognise import Match, candidates, recognise
from generator.live.remote_write import write
from generator.live.server import ServerConfig
from generator.prometheus.rule_set import RuleSet, rule_set
from generator.spec.sources import SHIPPED
from generator.streams.raw import as_classic
from tests.profiles.test_expositions import SERVICES
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from generator.live.server import PrometheusServer
    from tests.commands.calls import CallResult, CommandCalls

pytestmark = [pytest.mark.long, pytest.mark.prometheus]

EXPOSITIONS = Path(__file__).parents[1] / "profiles" / "expositions"
#: For each exposition, the profile that was made for it.
PROFILES = {exposition: profile for profile, (_, exposition) in SERVICES.items()}
_PANELS = re.compile(r"(?P<service>\S+): (?P<full>\d+) of (?P<measured>\d+) panels")
#: A line that a slow machine shows.
_PROGRESS = re.compile(r"[a-z ]+: \d+ of \d+$")
#: A dashboard with fewer panels than this would be useless.
_FEWEST = 20


def _service(specs: Path, name: str) -> dict[str, object]:
    found = yaml.safe_load((specs / "services" / f"{name}.yaml").read_text("utf-8"))
    assert isinstance(found, dict)
    return found


def _all_with_data(said: str, found: re.Match[str]) -> bool:
    """Whether the other panels of a service are all explained."""
    after, _, _ = said[found.end() :].partition(" panels ")
    explained = sum(map(int, re.findall(r"^  (\d+) ha(?:s|ve) none: ", after, re.MULTILINE)))
    return int(found["full"]) + explained == int(found["measured"])


def _recognised_in(exposition: str, answer: CallResult, specs: Path, name: str) -> None:
    """Assert that a service was written for the profile that was made for an exposition, and nothing is told of it."""
    told = [line for line in answer.err.splitlines() if not _PROGRESS.match(line)]
    assert (exposition, answer.code, told) == (exposition, 0, [])  # nothing that check would warn of
    service = _service(specs, name)
    assert (service["profile"], service["selector"]) == (PROFILES[exposition], {"job": name})


def test_a_call_tells_how_many_panels_have_data(call: CommandCalls, tmp_path: Path) -> None:
    file, specs = EXPOSITIONS / "litellm.prom", tmp_path / "specs"
    answer = call("init", str(specs), "--from-exposition", str(file), "--service", "one")
    _recognised_in("litellm", answer, specs, "one")
    found = _PANELS.search(answer.out)
    assert found
    assert _all_with_data(answer.out, found), answer.out
    assert int(found["full"]) > _FEWEST
    assert "An exposition has no history" in answer.out


def test_every_exposition_becomes_a_service_whose_every_panel_has_data(
    untried: Callable[..., CallResult], tmp_path: Path, fresh_prometheus: PrometheusServer
) -> None:
    """One server has the series of all expositions, each as a job: a trial of each alone would take a minute."""
    known, end = candidates(tmp_path, site_text(None)), int(time.time())
    history = Remembered(fresh_prometheus.api, end - GROWING, end)
    services, absent_labels = [], []
    for exposition in PROFILES:
        file, specs = EXPOSITIONS / f"{exposition}.prom", tmp_path / exposition
        answer = untried("init", str(specs), "--from-exposition", str(file), "--service", exposition)
        _recognised_in(exposition, answer, specs, exposition)
        place = InExposition(parse_exposition(fetch_file(file)), exposition)
        text = (specs / "services" / f"{exposition}.yaml").read_text("utf-8")
        services.append(as_classic(known.service(text)))
        write(history.api, _grown(place, services[-1], end, known.site.scrape_interval))
        (match,) = recognise(place, known)
        absent_labels.append(_absent(match))
    rules = rule_set(services, known.library, known.site)
    history.evaluate(rules, lambda *_: None)
    for service, own, labels in zip(services, rules.own, absent_labels, strict=True):
        tried = panels(service, RuleSet(rules.shared, (own,)), known.site, history, labels)
        empty = [f"{one.title} ({one.dashboard})" for one in tried if not one.has_data and not one.why]
        assert (service.name, empty) == (service.name, [])
        assert sum(one.has_data for one in tried) > _FEWEST


def _absent(match: Match) -> dict[str, str]:
    """Map the labels that no series has to the names that they would have there."""
    metrics = match.seen.metrics.values()
    every = (one for metric in metrics for one in absent(metric.translations, partly=False))
    return {one.label: " or ".join(one.exposed) for one in every}


def test_a_server_that_scrapes_them_all_becomes_a_service_of_each(
    call: CommandCalls, tmp_path: Path, fresh_prometheus: PrometheusServer, answering: Callable[..., str]
) -> None:
    expositions = {name: (EXPOSITIONS / f"{name}.prom").read_bytes() for name in PROFILES}
    _scrape(fresh_prometheus, expositions, answering, "3s")
    answer = call("init", str(tmp_path / "specs"), "--from-prometheus", fresh_prometheus.api.url)
    assert answer.code == 0, answer.err
    assert "warning" not in answer.err
    assert "error" not in answer.err
    for job, profile in PROFILES.items():
        service = _service(tmp_path / "specs", job)
        assert (service["profile"], service["selector"]) == (profile, {"job": job})
    # Their counters stand still: only panels that need no event have data, and all of those have.
    found = {one["service"]: one for one in _PANELS.finditer(answer.out)}
    assert found.keys() == PROFILES.keys(), answer.out
    assert [name for name, one in found.items() if not _all_with_data(answer.out, one)] == []
    assert "scrape_interval: 3s" in (tmp_path / "specs" / "site.yaml").read_text("utf-8")
    again = call("init", str(tmp_path / "specs"), "--from-prometheus", fresh_prometheus.api.url)
    assert again.code == 2
    assert "has specs already" in again.err


def _scrape(
    server: PrometheusServer,
    expositions: dict[str, bytes],
    answering: Callable[..., str],
    every: str = "1s",
) -> None:
    """Make a server scrape expositions, each as a job, until it has several scrapes of all of them."""
    headers = {"Content-Type": "text/plain; version=0.0.4"}
    configs = [
        {
            "job_name": job,
            "static_configs": [{"targets": [answering(200, body, None, headers).removeprefix("http://")]}],
        }
        for job, body in expositions.items()
    ]
    server.load(ServerConfig(scrape_configs=tuple(configs), scrape_interval=every))
    wanted = f"count(count_over_time(up[1m]) > 3 and up == 1) == {len(expositions)}"
    until(lambda: server.api.query(wanted))


def test_two_services_behind_one_job_become_two(
    untried: Callable[..., CallResult],
    tmp_path: Path,
    fresh_prometheus: PrometheusServer,
    answering: Callable[..., str],
) -> None:
    one = "\n".join(
        f'lg_api_run_success_counter_total{{exported_job="{name}"}} 20' for name in ("Chat Bot", "coder")
    )
    _scrape(fresh_prometheus, {"gateway": f"{one}\n".encode()}, answering)
    answer = untried("init", str(tmp_path / "specs"), "--from-prometheus", fresh_prometheus.api.url)
    assert answer.code == 0, answer.err
    selectors = [_service(tmp_path / "specs", name)["selector"] for name in ("chat-bot", "coder")]
    assert selectors == [{"job": "gateway", "exported_job": name} for name in ("Chat Bot", "coder")]


def test_two_services_in_one_exposition_become_two(
    untried: Callable[..., CallResult], tmp_path: Path
) -> None:
    exposition = tmp_path / "collector.prom"
    lines = (
        f'lg_api_run_success_counter_total{{service_name="{name}"}} {count}\n'
        for name, count in (("chat", 20), ("coder", 30))
    )
    exposition.write_text("".join(lines), encoding="utf-8")
    answer = untried(
        "init", str(tmp_path / "specs"), "--from-exposition", str(exposition), "--job", "collector"
    )
    assert answer.code == 0, answer.err
    selectors = [_service(tmp_path / "specs", name)["selector"] for name in ("chat", "coder")]
    assert selectors == [{"job": "collector", "service_name": name} for name in ("chat", "coder")]


def test_a_name_for_several_services_is_refused(
    untried: Callable[..., CallResult],
    tmp_path: Path,
    fresh_prometheus: PrometheusServer,
    answering: Callable[..., str],
) -> None:
    body = b"lg_api_run_success_counter_total 20\n"
    _scrape(fresh_prometheus, {"a": body, "b": body}, answering)
    specs, url = str(tmp_path / "specs"), fresh_prometheus.api.url
    answer = untried("init", specs, "--from-prometheus", url, "--service", "mine")
    assert answer.code == 2
    assert "--service names one service, and 2 are recognised" in answer.err
    assert 'job="a"; job="b"' in answer.err
    assert not (tmp_path / "specs").exists()
    chosen = untried("init", specs, "--from-prometheus", url, "--service", "mine", "--job", "b")
    assert chosen.code == 0, chosen.err
    assert _service(tmp_path / "specs", "mine")["selector"] == {"job": "b"}


def test_nothing_recognised_names_what_sounds_like_agents(
    call: CommandCalls, tmp_path: Path, fresh_prometheus: PrometheusServer, answering: Callable[..., str]
) -> None:
    body = b"acme_agent_tasks_total 3\nacme_llm_wait_count 1\nacme_llm_wait_sum 1\nhttp_requests_total 7\n"
    _scrape(fresh_prometheus, {"acme": body}, answering)
    for source in (
        ("--from-prometheus", fresh_prometheus.api.url),
        ("--from-exposition", str(tmp_path / "acme.prom")),
    ):
        (tmp_path / "acme.prom").write_bytes(body)
        answer = call("init", str(tmp_path / "specs"), *source)
        assert (answer.code, answer.out) == (2, "")
        assert "is recognised: no runs that a profile counts (agent, " in answer.err
        assert "it has acme_agent_tasks_total, acme_llm_wait: add --draft-profile" in answer.err
        assert not (tmp_path / "specs").exists()


def test_a_profile_of_ones_own_is_recognised(untried: Callable[..., CallResult], tmp_path: Path) -> None:
    """The proposal of the test above, followed."""
    specs = tmp_path / "specs"
    (specs / "profiles").mkdir(parents=True)
    text = (SHIPPED / "profiles" / "langgraph.yaml").read_text("utf-8")
    own = text.replace("profile: langgraph", "profile: acme").replace("lg_api_run", "acme_task")
    (specs / "profiles" / "acme.yaml").write_text(own, encoding="utf-8")
    file = tmp_path / "acme.prom"
    file.write_text("acme_task_success_counter_total 20\n", encoding="utf-8")
    answer = untried("init", str(specs), "--from-exposition", str(file))
    assert answer.code == 0, answer.err
    assert _service(specs, "my-agent")["profile"] == "acme"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from-prometheus", "http://127.0.0.1:9"), "127.0.0.1:9"),
        (("--from-prometheus", "http://u:secret@127.0.0.1:9"), "AGENT_METRICS_PROMETHEUS_"),
        (("--from-exposition", "no-such.prom"), "no-such.prom"),
        (("--from-exposition", "x.prom", "--last", "3d"), "an exposition has no history"),
        (("--last", "3d"), "there is no server to read one from"),
        (("--from-prometheus", "http://127.0.0.1:9", "--profile", "litelm"), 'did you mean "litellm"?'),
        (("--from-prometheus", "http://127.0.0.1:9", "--last", "soon"), '"soon" is no duration'),
    ],
)
def test_calls_at_fault_write_nothing(
    arguments: tuple[str, ...], said: str, call: CommandCalls, tmp_path: Path
) -> None:
    message = call.refused("init", str(tmp_path / "specs"), *arguments)
    assert said in message
    assert "secret" not in message
    assert not (tmp_path / "specs").exists()


def test_other_buckets_than_the_profiles_are_written_as_seen(
    untried: Callable[..., CallResult], tmp_path: Path
) -> None:
    lines = ['agent_run_total{status="ok",stop_reason="completed",release="v1"} 40']
    buckets = (("500", 10), ("10000", 20), ("1800000", 40), ("+Inf", 40))
    lines += [f'agent_run_latency_ms_bucket{{release="v1",le="{le}"}} {count}' for le, count in buckets]
    lines += [f'agent_run_latency_ms_{part}{{release="v1"}} 40' for part in ("count", "sum")]
    exposition = tmp_path / "metrics.prom"
    kinds = ["# TYPE agent_run_total counter", "# TYPE agent_run_latency_ms histogram"]
    exposition.write_text("\n".join([*kinds, *lines, ""]), "utf-8")
    specs = tmp_path / "specs"
    answer = untried("init", str(specs), "--from-exposition", str(exposition), "--service", "coder")
    assert answer.code == 0, answer.err
    text = (specs / "services" / "coder.yaml").read_text("utf-8")
    assert "agent_run_latency_ms: {buckets: [500ms, 10s, 30m]}" in text
    assert "agent_steps_per_run" not in text
