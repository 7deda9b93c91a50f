"""Profiles drafted from the names and values of metrics that no profile reads."""

from __future__ import annotations

import re
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from generator.__main__ import main
from generator.commands.init import site_text
from generator.discover import meaning
from generator.discover.recognise import candidates
from generator.live.remote_write import TimeSeries, write
from generator.live.server import find_prometheus
from tests.discover.recognising import draft_of, place_of
from tests.golden import compare
from tests.programs import needed

if TYPE_CHECKING:
    from collections.abc import Callable

    from generator.live.server import PrometheusServer
    from tests.commands.calls import CallResult, CommandCalls

DRAFTS = Path(__file__).parent / "drafts"
EXPOSITIONS = Path(__file__).parents[1] / "profiles/expositions"
#: Each a shape of its own: a label of outcomes, counters of successes and failures, summaries with an exception's
#: name, a gateway without a status, names with colons, and names of one word.
SHAPES = sorted(path.stem for path in DRAFTS.glob("*.prom"))
#: Tokens alone, of which nobody knows how many calls had them.
WITHOUT_RUNS = """\
# TYPE acme_tokens_total counter
acme_tokens_total{model="m",type="input"} 9
acme_tokens_total{model="m",type="output"} 9
"""


def test_drafts_are_as_expected(tmp_path: Path) -> None:
    known, found = candidates(tmp_path, site_text(None)), {}
    for shape in SHAPES:
        place = place_of((DRAFTS / f"{shape}.prom").read_text("utf-8"), "acme")
        found[f"{shape}.yaml"] = draft_of(place, known).text
    compare(DRAFTS, found, inputs=("*.prom",))


@pytest.mark.parametrize(
    "exposition",
    [*DRAFTS.glob("*.prom"), *(EXPOSITIONS / f"{name}.prom" for name in ("codex", "gemini", "litellm"))],
    ids=lambda one: one.stem,
)
def test_a_draft_compiles(exposition: Path, untried: Callable[..., CallResult], tmp_path: Path) -> None:
    specs = str(tmp_path / "specs")
    answer = untried(
        *("init", specs, "--from-exposition", str(exposition), "--draft-profile", "acme", "--service", "one")
    )
    assert answer.code == 0, answer.err
    assert "error" not in answer.err
    assert "acme: drafted for run" in answer.out
    assert "one: recognised as acme" in answer.out
    profile = yaml.safe_load((tmp_path / "specs/profiles/acme.yaml").read_text(encoding="utf-8"))
    assert set(profile["streams"]) >= {"run"}


def test_names_and_values_are_text_whatever_they_are(
    untried: Callable[..., CallResult], tmp_path: Path
) -> None:
    odd = 'a"b: [c]\\n#d {{e}} $f é .*'
    series = "\n".join(
        f'acme_runs_total{{outcome="{value}",error="{odd}",model="{odd}"}} 9'.replace('a"b', 'a\\"b')
        for value in ("success", "failed", odd)
    )
    many = "\n".join(f'acme_tool_errors_total{{tool="t",error="E{number}"}} 1' for number in range(500))
    exposition = tmp_path / "odd.prom"
    exposition.write_text(f"{series}\n{many}\n", encoding="utf-8")
    answer = untried(
        "init", str(tmp_path / "specs"), "--from-exposition", str(exposition), "--draft-profile", "acme"
    )
    assert answer.code == 0, answer.err
    text = (tmp_path / "specs/profiles/acme.yaml").read_text(encoding="utf-8")
    profile = yaml.safe_load(text)
    assert profile["labels"]["status"]["values"] == {"ok": ["success"], "error": ["failed"]}
    assert max(map(len, text.splitlines())) < 1000


def test_without_runs_nothing_is_written(call: CommandCalls, tmp_path: Path) -> None:
    exposition = tmp_path / "tokens.prom"
    exposition.write_text(WITHOUT_RUNS, encoding="utf-8")
    answer = call(
        "init", str(tmp_path / "specs"), "--from-exposition", str(exposition), "--draft-profile", "acme"
    )
    assert answer.code == 2
    assert "counts runs" in answer.err
    assert "help: " in answer.err
    assert not (tmp_path / "specs").exists()


def test_an_unknown_exposition_names_the_option(call: CommandCalls, tmp_path: Path) -> None:
    answer = call("init", str(tmp_path / "specs"), "--from-exposition", str(DRAFTS / "outcomes.prom"))
    assert answer.code == 2
    assert "--draft-profile" in answer.err


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--draft-profile", "agent"), 'there is a profile "agent"'),
        (("--draft-profile", "acme", "--profile", "litellm"), "name two profiles"),
        (("--draft-profile", "acme", "--copy-profile", "agent"), "not allowed with argument --draft-profile"),
        (("--draft-profile", "Acme Bots"), '"profile" may not be the text "Acme Bots"'),
        (("--draft-profile", "../acme"), '"profile" may not be the text "../acme"'),
    ],
)
def test_a_call_that_contradicts_itself_writes_nothing(
    more: tuple[str, ...], message: str, call: CommandCalls, tmp_path: Path
) -> None:
    exposition = str(DRAFTS / "outcomes.prom")
    answer = call("init", str(tmp_path / "specs"), "--from-exposition", exposition, *more)
    assert answer.code == 2
    assert message in answer.err
    assert list(tmp_path.iterdir()) == []


def test_a_job_of_a_collector_is_chosen(untried: Callable[..., CallResult], tmp_path: Path) -> None:
    exposition = tmp_path / "collector.prom"
    exposition.write_text(
        "".join(f'{job}_tasks_total{{job="{job}",outcome="success"}} 9\n' for job in ("acme", "others")),
        encoding="utf-8",
    )
    wanted = ("init", str(tmp_path / "specs"), "--from-exposition", str(exposition), "--draft-profile", "own")
    both = untried(*wanted)
    assert both.code == 2
    assert "choose one by --job: acme, others" in both.err
    one = untried(*wanted, "--job", "others")
    assert one.code == 0, one.err
    profile = yaml.safe_load((tmp_path / "specs/profiles/own.yaml").read_text(encoding="utf-8"))
    assert profile["streams"]["run"]["of"] == "others_tasks_total"


def test_there_must_be_metrics_to_draft_from(call: CommandCalls, tmp_path: Path) -> None:
    answer = call("init", str(tmp_path / "specs"), "--draft-profile", "acme")
    assert answer.code == 2
    assert "--from-prometheus" in answer.err


@pytest.mark.prometheus
def test_a_server_gives_one_job_and_its_history(
    untried: Callable[..., CallResult], tmp_path: Path, fresh_prometheus: PrometheusServer
) -> None:
    now = int(fresh_prometheus.api.query("time()")[0].value)
    times = [(now - 3600 + 15 * step) * 1000 for step in range(240)]
    for job in ("acme", "others"):
        for result, share in (("success", 9), ("failure", 1)):
            labels = {"__name__": "acme_agent_tasks_total", "job": job, "instance": "a", "outcome": result}
            values = [float(share * step) for step in range(240)]
            write(fresh_prometheus.api, [TimeSeries(labels, times, values)])
    specs, url = tmp_path / "specs", fresh_prometheus.api.url
    both = untried("init", str(specs), "--from-prometheus", url, "--draft-profile", "acme")
    assert both.code == 2
    assert "choose one by --job: acme, others" in both.err
    assert not specs.exists()
    one = untried("init", str(specs), "--from-prometheus", url, "--draft-profile", "acme", "--job", "acme")
    assert one.code == 0, one.err
    assert "acme: recognised as acme, 1 of its 1 metrics are there" in one.out
    profile = yaml.safe_load((specs / "profiles/acme.yaml").read_text(encoding="utf-8"))
    assert profile["streams"] == {"run": {"of": "acme_agent_tasks_total", "labels": {"status": "outcome"}}}
    again = untried("init", str(specs), "--from-prometheus", url, "--draft-profile", "acme", "--job", "acme")
    assert again.code == 2
    assert 'there is a profile "acme"' in again.err


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("acme_toolCalls_total", {"acme", "tool", "call", "total"}),
        ("LLMRequests", {"llm", "request"}),
        ("run_status_ms", {"run", "status", "ms"}),
        ("", set()),
    ],
)
def test_words_of_names(name: str, expected: set[str]) -> None:
    assert meaning.words(name) == expected


@pytest.mark.parametrize(
    ("label", "values", "expected"),
    [
        ("outcome", ["success", "FAILED", "partial"], {"success": "ok", "FAILED": "error"}),
        ("result", ["succeeded", "timed_out"], {"succeeded": "ok", "timed_out": "error"}),
        ("success", ["true", "false"], {"true": "ok", "false": "error"}),
        ("error", ["true", "false"], {"true": "error", "false": "ok"}),
        ("error_type", ["", "TimeoutError"], {"": "ok", "TimeoutError": "error"}),
        ("error", ["none", "IOException"], {"none": "ok", "IOException": "error"}),
        ("code", ["200", "503", "302"], {"200": "ok", "503": "error", "302": "ok"}),
        ("model", ["gpt-4o"], {}),
    ],
)
def test_values_that_mean_a_status(label: str, values: list[str], expected: dict[str, str]) -> None:
    assert meaning.outcomes(label, values) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("in", "prompt"),
        ("prompt_tokens", "prompt"),
        ("Output", "completion"),
        ("cache_read", "cached"),
        ("cacheCreation", "cache_write"),
        ("reasoning_output", "reasoning"),
        ("total_tokens", "total"),
        ("gpt-4o", ""),
        ("", ""),
    ],
)
def test_values_that_mean_a_token_type(value: str, expected: str) -> None:
    assert meaning.token_type(value) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("llm_input_tokens_total", "prompt"),
        ("llm_output_tokens_total", "completion"),
        ("llm_input_cached_tokens_total", "cached"),
        ("llm_cache_creation_input_tokens_total", "cache_write"),
        ("llm_output_reasoning_tokens_total", "reasoning"),
        ("llm_tokens_total", ""),
    ],
)
def test_names_that_mean_a_token_type(name: str, expected: str) -> None:
    assert meaning.token_type_of_name(name) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("RateLimitError", "rate_limit"),
        ("APITimeoutError", "timeout"),
        ("503", "overloaded"),
        ("Odd", "other"),
    ],
)
def test_values_that_mean_a_class_of_errors(value: str, expected: str) -> None:
    assert meaning.error_class(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("end_turn", "completed"), ("MAX_TURNS", "max_steps"), ("GOAL", "completed"), ("odd", "other")],
)
def test_values_that_mean_a_stop_reason(value: str, expected: str) -> None:
    assert meaning.stop_reason(value) == expected


#: A metric of runs with a release, one of their times without, a gauge, and what is no agent's.
_BOT = """\
# TYPE bot_sessions_total counter
bot_sessions_total{status="ok",release="r1"} 10
# TYPE bot_session_seconds histogram
bot_session_seconds_bucket{le="1"} 3
bot_session_seconds_bucket{le="+Inf"} 10
bot_session_seconds_sum 30
bot_session_seconds_count 10
# TYPE bot_tokens_total counter
bot_tokens_total{model="gpt-4o",type="prompt"} 100
# TYPE bot_queue_depth gauge
bot_queue_depth 4
# TYPE process_open_fds gauge
process_open_fds 4
"""


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, str]:
    """The service and the profile that are drafted for it, and what is said: a trial takes seconds."""
    needed(find_prometheus)
    folder = tmp_path_factory.mktemp("bot")
    exposition, specs = folder / "bot.prom", folder / "specs"
    exposition.write_text(_BOT, encoding="utf-8")
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
        code = main(("init", str(specs), "--from-exposition", str(exposition), "--draft-profile", "own"))
    assert code == 0, err.getvalue()
    service, profile = (
        (specs / place).read_text(encoding="utf-8")
        for place in ("services/my-agent.yaml", "profiles/own.yaml")
    )
    return service, profile, out.getvalue()


def test_the_panels_of_a_draft_have_data(bot: tuple[str, str, str]) -> None:
    _, _, said = bot
    found = re.search(r"^my-agent: (\d+) of (\d+) panels would have data", said, re.MULTILINE)
    assert found, said
    assert found[1] == found[2]
    assert int(found[1]) > 20


def test_a_draft_gives_no_metric_a_label_that_it_lacks(bot: tuple[str, str, str]) -> None:
    _, profile, said = bot
    assert "no series of bot_session_seconds has the label" not in said
    streams = yaml.safe_load(profile)["streams"]
    assert streams["run"]["labels"]["release"] == "release"
    assert streams["run_latency"]["drop"] == ["release"]


def test_a_gauge_without_a_place_is_named(bot: tuple[str, str, str]) -> None:
    _, profile, _ = bot
    assert "# not used: bot_queue_depth: it is a gauge\n" in profile
    assert "process_open_fds" not in profile


def test_a_service_says_which_of_its_lines_are_guesses(bot: tuple[str, str, str]) -> None:
    service, _, _ = bot
    (selector,) = (line for line in service.splitlines() if line.startswith("selector:"))
    assert selector.endswith("# a guess, as an exposition has no job: write the one of your scrape")
    assert "# objectives: none, since an exposition has no history" in service
    assert "\n# budget: {per_day: $100} " in service
    assert "budget" not in yaml.safe_load(service)


@pytest.mark.parametrize("label", ["", 'job="acme",'])
def test_a_job_that_is_known_is_no_guess(
    label: str, untried: Callable[..., CallResult], tmp_path: Path
) -> None:
    exposition = tmp_path / "bot.prom"
    exposition.write_text(f'acme_tasks_total{{{label}outcome="success"}} 9\n', "utf-8")
    named = () if label else ("--job", "acme")
    wanted = ("init", str(tmp_path / "specs"), "--from-exposition", str(exposition), "--draft-profile", "own")
    assert untried(*wanted, *named).code == 0
    (written,) = (tmp_path / "specs/services").iterdir()
    assert "selector: {job: acme}                        # which series are" in written.read_text("utf-8")


def test_the_way_out_where_nothing_counts_runs_can_be_gone_without_a_checkout(
    call: CommandCalls, tmp_path: Path
) -> None:
    exposition, specs = tmp_path / "metrics.prom", str(tmp_path / "specs")
    exposition.write_text("# TYPE disk_free_bytes gauge\ndisk_free_bytes 3\n", "utf-8")
    message = call.refused("init", specs, "--from-exposition", str(exposition), "--draft-profile", "acme")
    help_ = message.partition("  help: ")[2]
    assert "as in streams: {run: {of: my_runs_total}}" in help_
    command = help_.partition("agent-metrics ")[2].partition(" writes ")[0]
    assert call(*command.split(), specs).code == 0
