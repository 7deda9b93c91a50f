"""``cardinality``, ``explain``, ``schema``, ``init``, and the common behaviour of all commands."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from generator import __version__
from generator.diagnostics.pages import code_page, codes, pages
from generator.diagnostics.wording import printable
from generator.spec.load import load
from tests.commands.calls import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.commands.calls import CommandCalls

KINDS = ("service", "profile", "signals", "site", "prices", "incidents", "common")
COMMANDS = ("generate", "check", "cardinality", "explain", "schema", "init")
OF_SPECS = (
    ("generate", "{specs}", "-o", "{output}"),
    ("generate", "{specs}", "-o", "{output}", "--check"),
    *(("check", "{specs}", "--format", format_) for format_ in ("text", "json", "sarif", "github")),
    ("cardinality", "{specs}"),
    ("audit", "{specs}", "--exposition", "none"),
    ("simulate", "{specs}", "--last", "1h", "--openmetrics", "{output}"),
    ("replay", "{specs}", "--last", "1h", "--prometheus", "http://localhost:1"),
    ("demo", "{specs}"),
)


def test_the_version_is_told(call: CommandCalls) -> None:
    assert call("--version") == (0, f"agent-metrics {__version__}\n", "")


@pytest.mark.parametrize("command", [(), *((command,) for command in COMMANDS)])
def test_help_says_what_a_command_does(call: CommandCalls, command: tuple[str, ...]) -> None:
    answer = call(*command, "--help")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith(f"usage: agent-metrics {' '.join(command)}".rstrip())
    assert len(answer.out) > 200


def test_no_command_and_an_unknown_one_are_the_calls_fault(call: CommandCalls) -> None:
    assert call().code == 2
    answer = call("generat")
    assert answer.code == 2
    assert "invalid choice: 'generat'" in answer.err
    assert answer.err.endswith('\n  help: did you mean "generate"?\n')
    assert answer.out == ""


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("check --frmat json", "--format"),
        ("check --format jsn", "json"),
        ("generate --wach", "--watch"),
        ("schema servic", "service"),
        ("init --copy price", "prices"),
    ],
)
def test_the_word_that_a_call_means_is_named(words: str, meant: str, call: CommandCalls) -> None:
    assert call.refused(*words.split()).endswith(f'\n  help: did you mean "{meant}"?\n')


def on(command: tuple[str, ...], specs: Path) -> tuple[str, ...]:
    """Fill in the paths of specs and output."""
    return tuple(word.format(specs=specs, output=specs.parent / "out") for word in command)


@pytest.mark.parametrize("command", OF_SPECS)
def test_specs_that_are_not_there_are_the_calls_fault(
    call: CommandCalls, tmp_path: Path, command: tuple[str, ...]
) -> None:
    answer = call(*on(command, tmp_path / "none"))
    assert answer.code == 2
    assert "there is no such directory" in answer.out + answer.err
    assert "name the directory that holds services/" in answer.out + answer.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", OF_SPECS)
def test_a_file_for_specs_is_the_calls_fault(
    call: CommandCalls, tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / "a.yaml").write_text("service: a\n", "utf-8")
    answer = call(*on(command, tmp_path / "a.yaml"))
    assert answer.code == 2
    assert "this is not a directory" in answer.out + answer.err
    assert [path.name for path in tmp_path.iterdir()] == ["a.yaml"]


@pytest.mark.parametrize("inside", ["", "services", "profiles"])
@pytest.mark.parametrize("command", OF_SPECS)
def test_a_directory_without_a_service_is_the_calls_fault(
    call: CommandCalls, tmp_path: Path, command: tuple[str, ...], inside: str
) -> None:
    (tmp_path / "specs" / inside).mkdir(parents=True)
    answer = call(*on(command, tmp_path / "specs"))
    assert answer.code == 2
    assert "no service is declared" in answer.out + answer.err
    assert "name the directory that holds services/" in answer.out + answer.err
    assert [path.name for path in tmp_path.iterdir()] == ["specs"]


def test_cardinality_is_told_as_text_and_as_json(place: Path, call: CommandCalls) -> None:
    assert place.is_dir()
    text = call("cardinality")
    report = json.loads(call("cardinality", "--format", "json").out)
    assert (text.code, text.err) == (0, "")
    assert "demo-agent" in text.out
    assert "agent_run_total" in text.out
    assert "demo-agent" in json.dumps(report)
    assert "agent_run_total" in json.dumps(report)


@pytest.mark.parametrize("format_", ["text", "markdown", "json"])
def test_cardinality_of_a_directory_without_a_valid_service_has_only_errors(
    format_: str, call: CommandCalls, tmp_path: Path
) -> None:
    (tmp_path / "services").mkdir()
    (tmp_path / "services/a.yaml").write_text("service: [\n", "utf-8")
    answer = call("cardinality", str(tmp_path), "--format", format_)
    assert (answer.code, answer.out) == (1, "")
    assert "error[yaml/" in answer.err


def test_the_report_of_cardinality_is_the_command(place: Path, call: CommandCalls) -> None:
    call("generate")
    page = (place / "output/reports/cardinality.md").read_text("utf-8")
    assert call("cardinality", "--format", "markdown").out == page
    assert call("cardinality", "--format", "json").out == (
        place / "output/reports/cardinality.json"
    ).read_text("utf-8")


def test_cardinality_is_told_also_where_it_is_too_large(place: Path, call: CommandCalls) -> None:
    (place / "specs/site.yaml").write_text("series_budget: {metric: 3}\n", "utf-8")
    answer = call("cardinality")
    assert answer.code == 1
    assert "agent_run_total" in answer.out
    assert "error[cardinality/series-budget]" in answer.err


@pytest.mark.parametrize("code", codes())
def test_every_code_is_explained(call: CommandCalls, code: str) -> None:
    answer = call("explain", code)
    assert (answer.code, answer.err) == (0, "")
    explained = code_page(code)
    assert explained is not None
    assert answer.out == explained.text


def test_all_codes_are_listed_with_their_titles(call: CommandCalls) -> None:
    answer = call("explain")
    assert answer.code == 0
    assert dict(line.split(maxsplit=1) for line in answer.out.splitlines()) == {
        each.code: each.title for each in pages()
    }


def test_an_unknown_code_is_the_calls_fault_and_the_nearest_is_named(call: CommandCalls) -> None:
    answer = call("explain", "cardinality/forbiden-label")
    assert answer == (
        2,
        "",
        'error: unknown name "cardinality/forbiden-label"\n  help: did you mean "cardinality/forbidden-label"?\n',
    )
    assert call("explain", "x").code == 2


def test_a_part_of_a_name_lists_the_names_that_have_it(call: CommandCalls) -> None:
    assert "names with it: latency_p50, latency_p95, latency_p99, " in call("explain", "latency").err
    assert "price/missing" in call("explain", "Price").err


def test_an_argument_too_many_shows_the_usage_of_its_command(call: CommandCalls) -> None:
    answer = call("check", "specs", "more")
    assert answer.code == 2
    assert answer.err.startswith("usage: agent-metrics check ")
    assert answer.err.endswith("agent-metrics check: error: unrecognized arguments: more\n")


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("AgentNoRuns", ["# AgentNoRuns: Fewer runs finish than are promised.", "```yaml"]),
        ("success_rate", ["# success_rate: Success rate", "success_rate:"]),
        (
            "objectives",
            ["# objectives", "A key of services/<service>.yaml.", "    default:  the profile's defaults"],
        ),
        ("budget.per_day", ["    required: yes", "    example:  $200"]),
        ("environments.prod.owner", ["# environments.<name>.owner"]),
        (
            "change",
            ["Its keys:", "    over       required; The time back to the value that it is compared with."],
        ),
        ("litellm", ["# litellm: a profile", "profile: litellm"]),
        ("support-agent", ["# support-agent: a service", "service: support-agent"]),
    ],
)
def test_alerts_signals_and_keys_are_explained(name: str, lines: list[str], call: CommandCalls) -> None:
    answer = call("explain", name)
    assert (answer.code, answer.err) == (0, "")
    assert [line for line in lines if line not in answer.out.splitlines()] == []


def test_an_explanation_ends_where_the_next_entry_begins(call: CommandCalls) -> None:
    assert "AgentMetricAbsent" not in call("explain", "AgentNoRuns").out


def test_own_alerts_and_changes_are_explained_also_of_a_spec_that_is_being_edited(
    place: Path, call: CommandCalls
) -> None:
    path = place / "specs/services/support-agent.yaml"
    path.write_text("service: [\n", "utf-8")
    assert call("explain", "MyAlert").code == 2
    path.write_text("alerts:\n  MyAlert: {summary: It is mine.}\n  AgentNoRuns: {for: 9m}\n", "utf-8")
    assert "# MyAlert: It is mine.\n" in call("explain", "MyAlert").out
    both = call("explain", "AgentNoRuns").out
    assert both.index("idle:") < both.index("AgentNoRuns: {for: 9m}")


def test_an_alert_that_the_compiler_makes_of_an_objective_is_explained(
    place: Path, call: CommandCalls
) -> None:
    (place / "specs/services/support-agent.yaml").write_text(
        "service: support-agent\nprofile: agent\nowner: a\nselector: {job: a}\n"
        "labels: {model: [gpt-4o], tool: [search]}\nobjectives: {step_count: {max: 12}}\n",
        "utf-8",
    )
    name = "AgentStepCountMissed"
    answer = call("explain", name)
    assert answer.code == 0
    assert answer.out.startswith(f"# {name}: Signal step_count misses its objective.\n")
    assert f"To change it: alerts: {{{name}: ...}}" in answer.out


def test_what_is_like_no_name_is_told_where_names_are(call: CommandCalls) -> None:
    assert "explain without a name lists all codes" in call("explain", "qqqqqqqqq").err


def test_the_empty_name_is_unknown(call: CommandCalls) -> None:
    assert call.refused("explain", "").startswith('error: unknown name ""\n  help: ')


def test_specs_that_are_not_there_are_not_explained_without_a_word(
    call: CommandCalls, tmp_path: Path
) -> None:
    answer = call("explain", "AgentNoRuns", "--specs", str(tmp_path / "none"))
    help_ = "name the directory that holds services/, or leave --specs out"
    assert answer == (2, "", f"error: there is no directory {tmp_path}/none\n  help: {help_}\n")


def test_a_stream_and_a_file_are_explained(call: CommandCalls) -> None:
    assert call("explain", "token_usage").out.startswith("# token_usage")
    assert "Under `streams` of specs/signals.yaml:" in call("explain", "token_usage").out
    told = call("explain", "prices")
    assert told.out.startswith(
        "# prices.yaml\n\nUSD for a million tokens, by model and token type.\n\nIts keys:\n"
    )
    assert "    models     required; USD for a million tokens of each type, by model.\n" in told.out
    assert call("explain", "site").out.startswith("# site.yaml\n")


@pytest.mark.parametrize(
    ("record", "of"),
    [
        ("service:agent_success_rate:ratio", "success_rate"),
        ("tool:agent_tool_call:increase15m", "tool_call"),
        ("stream:agent_run_latency:rate", "run_latency"),
    ],
)
def test_a_record_is_explained_by_what_it_is_of(record: str, of: str, call: CommandCalls) -> None:
    """Runbooks and panels name records."""
    assert call("explain", record).out == call("explain", of).out
    assert call("explain", "service:agent_nothing:ratio").code == 2


def test_a_key_of_several_files_is_explained_with_each_of_them(call: CommandCalls) -> None:
    assert call("explain", "threshold").out.startswith(
        """# threshold

The signal is beyond the bound.

A key of:

- services/<service>.yaml, under alerts.<name>
- profiles/<profile>.yaml, under alerts.<name>
- signals.yaml, under alerts.<name>

    type: """
    )


def test_the_nearest_alert_or_key_is_named(call: CommandCalls) -> None:
    assert call("explain", "AgentNoRun").err.endswith('did you mean "AgentNoRuns"?\n')
    assert call("explain", "objective").err.endswith('did you mean "objectives"?\n')


def test_a_code_that_a_terminal_would_obey_is_shown_harmless(call: CommandCalls) -> None:
    assert "\x1b" not in call("explain", "\x1b[31mred").err


@pytest.mark.parametrize("kind", KINDS)
def test_each_schema_is_one(call: CommandCalls, kind: str) -> None:
    answer = call("schema", kind)
    assert (answer.code, answer.err) == (0, "")
    schema = json.loads(answer.out)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"{kind}.schema.json"


def test_all_schemas_are_written(call: CommandCalls, tmp_path: Path) -> None:
    answer = call("schema", "-o", str(tmp_path / "new/schemas"))
    assert answer == (0, f"{tmp_path / 'new/schemas'}: {len(KINDS)} schemas\n", "")
    for kind in KINDS:
        assert (tmp_path / f"new/schemas/{kind}.schema.json").read_text("utf-8") == call("schema", kind).out


def test_schema_needs_to_know_which(call: CommandCalls, tmp_path: Path) -> None:
    assert call("schema").code == 2
    assert call("schema", "none").code == 2
    (tmp_path / "file").write_text("", "utf-8")
    answer = call("schema", "-o", str(tmp_path / "file"))
    assert answer.code == 2
    assert answer.err.startswith("error: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("service", "-o", "{place}"), "-o writes all schemas"),
        (("service", "--markdown"), "--markdown prints the reference of all keys"),
        (("--markdown", "-o", "{place}"), "--markdown prints the reference of all keys"),
    ],
)
def test_schema_ignores_no_argument(
    arguments: tuple[str, ...], message: str, call: CommandCalls, tmp_path: Path
) -> None:
    place = tmp_path / "schemas"
    said = call.refused("schema", *(word.format(place=place) for word in arguments))
    assert said.startswith(f"error: {message}")
    *_, proposed = said.strip().rpartition(": schema ")
    assert call("schema", *shlex.split(proposed)).code == 0
    assert not place.exists()


@pytest.mark.parametrize(
    "unused",
    [
        ("--service", "xx"),
        ("--owner", "yy"),
        ("--job", "zz"),
        ("--profile", "agent"),
        ("--from-exposition", "x"),
        ("--repository",),
        ("--timeout", "5s"),
    ],
)
def test_a_copy_of_a_profile_drops_nothing_that_was_said(
    unused: tuple[str, ...], call: CommandCalls, tmp_path: Path
) -> None:
    assert call.refused("init", str(tmp_path / "specs"), "--copy-profile", "agent", *unused) == (
        f"error: --copy-profile writes no service, so {unused[0]} would say nothing\n"
        "  help: leave it out, and write the service by a call of its own\n"
    )
    assert not (tmp_path / "specs").exists()


@pytest.mark.parametrize("option", [("--last", "7d"), ("--timeout", "5s"), ("--draft-profile", "mine")])
def test_what_is_said_about_a_server_needs_one(
    option: tuple[str, str], call: CommandCalls, tmp_path: Path
) -> None:
    message = call.refused("init", str(tmp_path / "specs"), *option)
    assert message.startswith(f"error: {option[0]} ")
    assert "add --from-prometheus URL" in message
    assert not (tmp_path / "specs").exists()


def test_what_init_writes_passes_and_is_complete(
    call: CommandCalls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("init").code == 0
    checked = call("check")
    assert checked.code == 0
    assert "error" not in checked.out
    assert "warning" not in checked.out
    assert checked.out.endswith("my-agent  Progress: 9/9\n")
    assert call("generate").code == 0


def test_init_writes_the_schemas_that_its_specs_name(call: CommandCalls, tmp_path: Path) -> None:
    call("init", str(tmp_path))
    specs = [path for path in tmp_path.rglob("*.yaml") if ".schemas" not in path.parts]
    assert sorted(path.name for path in specs) == ["my-agent.yaml", "prices.yaml", "site.yaml"]
    for path in specs:
        first = path.read_text("utf-8").splitlines()[0]
        assert (path.parent / first.removeprefix("# yaml-language-server: $schema=")).resolve().is_file()


def test_the_address_of_runbooks_waits_in_what_init_writes(call: CommandCalls, tmp_path: Path) -> None:
    specs, output = tmp_path / "specs", tmp_path / "output"
    call("init", str(specs))
    site = specs / "site.yaml"
    site.write_text(site.read_text("utf-8").replace("# runbook_url: ", "runbook_url: "), "utf-8")
    assert call("generate", str(specs), "-o", str(output)).code == 0
    alerts = (output / "prometheus/alerts/agent-run.alerts.yml").read_text("utf-8")
    assert "runbook_url: https://wiki.example.com/runbooks/AgentSuccessRateLow.md" in alerts


@pytest.mark.parametrize(
    ("specs", "output"),
    [
        ("specs", "output"),
        ("my-specs", "my-output"),
        ("agents", "agents-output"),
        ("a b/specs", "a b/output"),
        (".", "../place-output"),
    ],
)
def test_the_next_step_of_init_compiles_beside_its_specs_and_nowhere_else(
    call: CommandCalls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, specs: str, output: str
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    monkeypatch.chdir(place)
    (place / "output").mkdir()
    told = call("init", specs).out.splitlines()[-1]
    _, found, next_step = told.partition("agent-metrics ")
    assert found
    assert call(*shlex.split(next_step)).code == 0
    assert (place / output / "manifest.json").is_file()
    assert any((place / "output").iterdir()) == (output == "output")


def test_init_takes_names(call: CommandCalls, tmp_path: Path) -> None:
    assert call("init", str(tmp_path), "--service", "demo", "--owner", "team/x", "--job", "a b").code == 0
    text = (tmp_path / "services/demo.yaml").read_text("utf-8")
    assert "service: demo\n" in text
    assert 'selector: {job: "a b"}' in text
    assert call("check", str(tmp_path)).code == 0


@pytest.mark.parametrize(
    "name", ["Demo", "-", "a b", "a: b", "../x", "", "{x}", "a\n", "x" * 41, "true", "con"]
)
def test_init_refuses_a_name_that_no_service_has(call: CommandCalls, tmp_path: Path, name: str) -> None:
    answer = call("init", str(tmp_path / "specs"), f"--service={name}")
    assert answer.code == 2 or (tmp_path / f"specs/services/{name}.yaml").is_file()
    if answer.code == 2:
        assert answer.err.startswith("error: ")
        assert not (tmp_path / "specs").exists()
    else:
        assert call("check", str(tmp_path / "specs")).code == 0


#: What a job of Prometheus may be called, and YAML would read as something else.
JOBS = (
    "*x",
    "a: b",
    "a, b",
    "5",
    "2026-01-01",
    "null",
    "a'b",
    '"q"',
    "{x}",
    "x #1",
    "a\\b",
    " x",
    "a\nb",
    "1e5",
)


@pytest.mark.parametrize(
    ("job", "profile"),
    [*((job, "agent") for job in JOBS), ("agents, eu", "langgraph"), (" 7\n", "langgraph")],
)
def test_whatever_job_init_is_given_is_the_one_that_is_selected(
    job: str, profile: str, call: CommandCalls, tmp_path: Path
) -> None:
    assert call("init", str(tmp_path), f"--job={job}", "--profile", profile).code == 0
    specs = load(tmp_path).specs
    assert specs is not None
    selected = [{one.key.value: one.value.value for one in spec.selector} for spec in specs.services]
    assert selected == [{"job": job}]


@pytest.mark.parametrize("job", ["\x01", "x" * 300])
def test_a_job_that_nothing_has_is_refused_before_anything_is_written(
    job: str, call: CommandCalls, tmp_path: Path
) -> None:
    assert call.refused("init", str(tmp_path / "specs"), f"--job={job}").startswith("error: ")
    assert not (tmp_path / "specs").exists()


@pytest.mark.parametrize("owner", ["5", "true", "2026", "1e5"])
def test_an_owner_that_yaml_reads_otherwise_is_quoted(owner: str, call: CommandCalls, tmp_path: Path) -> None:
    assert call("init", str(tmp_path), "--owner", owner).code == 0
    assert call("check", str(tmp_path)).code == 0


@pytest.mark.parametrize("owner", ["team, eu", "x #1", "a\nb", " x", "{x}", "*x"])
def test_an_owner_that_no_service_may_have_is_refused_by_its_own_name(
    owner: str, call: CommandCalls, tmp_path: Path
) -> None:
    message = call.refused("init", str(tmp_path / "specs"), "--owner", owner)
    assert message.startswith(f'error: "owner" may not be the text "{printable(owner)}": ')
    assert not (tmp_path / "specs").exists()


@pytest.mark.parametrize("name", ["agent-run", "agent-status"])
def test_a_service_with_the_name_of_shared_files_is_refused_and_the_named_one_passes(
    name: str, call: CommandCalls, tmp_path: Path
) -> None:
    message = call.refused("init", str(tmp_path / "specs"), "--service", name)
    assert not (tmp_path / "specs").exists()
    other = message.partition("such as ")[2].strip()
    assert call("init", str(tmp_path / "specs"), "--service", other).code == 0
    assert call("check", str(tmp_path / "specs")).code == 0


def test_a_service_that_is_there_is_kept_and_the_way_to_another_is_named(
    call: CommandCalls, tmp_path: Path
) -> None:
    assert call("init", str(tmp_path)).code == 0
    answer = call("init", str(tmp_path))
    place = tmp_path / "services/my-agent.yaml"
    assert answer.code == 2
    assert answer.err == (
        f"error: {place} exists\n  help: choose another name, by --service NAME, or edit the file\n"
    )


def test_init_takes_no_file_for_a_directory(
    call: CommandCalls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call.refused("init", "specs/services/new.yaml") == (
        "error: specs/services/new.yaml is a file, and init writes a directory of specs\n"
        "  help: run: agent-metrics init specs --service new\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_an_invented_budget_pages_nobody(call: CommandCalls, tmp_path: Path) -> None:
    assert call("init", str(tmp_path), "--profile", "litellm").code == 0
    text = (tmp_path / "services/my-agent.yaml").read_text("utf-8")
    assert "\n# budget: {per_day: $100} " in text
    assert "AgentCostBudgetExceeded of my-agent is off" in "".join(map(str, call("check", str(tmp_path))))


def test_a_service_that_check_would_refuse_beside_the_others_is_not_written(
    call: CommandCalls, tmp_path: Path
) -> None:
    assert call("init", str(tmp_path), "--service", "one").code == 0
    message = call.refused("init", str(tmp_path), "--service", "two", "--job", "one")
    assert message.startswith('error: the selectors of "one" and "two" can pick the same series\n  help: ')
    assert not (tmp_path / "services/two.yaml").exists()


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        (
            ("init", "{specs}", "--from-exposition", "{file}"),
            "give a file with what an instance exposes, or its ",
        ),
        (
            ("audit", "{specs}", "--exposition", "{file}", "--dashboards", "{file}"),
            "give the JSON of a dashboard",
        ),
        (
            ("audit", "{specs}", "--service", "demo-agent", "--exposition", "{file}"),
            "give a file with what an ",
        ),
        (("prices", "import", "{file}", "{specs}"), "pass model_prices_and_context_window.json of LiteLLM"),
    ],
)
def test_a_file_that_is_not_there_or_is_none_is_named_with_the_kind_that_is_wanted(
    place: Path, call: CommandCalls, command: tuple[str, ...], wanted: str
) -> None:
    (place / "a directory").mkdir()
    for file in ("none", "a directory"):
        answer = call(*(word.format(specs="specs", file=file) for word in command))
        assert (answer.code, answer.out) == (2, "")
        message, help_ = answer.err.splitlines()
        assert message.startswith(("error: there is no file none", f"error: {file} cannot be read: "))
        assert help_.startswith(f"  help: {wanted}")
        assert "Errno" not in message


@pytest.mark.parametrize("port", ["99999", "65536", "-1", "x", "1.5", "", "\u0661"])
def test_a_port_that_no_server_has_is_refused_with_those_that_one_may_have(
    call: CommandCalls, port: str
) -> None:
    answer = call("demo", f"--port={port}")
    assert answer.code == 2
    assert answer.err.endswith(
        f'argument --port: "{port}" is no port: give a whole number from 1 to 65535, as in --port 9090\n'
    )


def test_init_never_touches_what_is_there(call: CommandCalls, tmp_path: Path) -> None:
    (tmp_path / "services").mkdir()
    for name in ("site.yaml", "prices.yaml", "services/my-agent.yaml"):
        (tmp_path / name).write_text("# mine\n", "utf-8")
    assert call("init", str(tmp_path)).code == 2
    assert call("init", str(tmp_path), "--service", "other").code == 0
    assert (tmp_path / "site.yaml").read_text("utf-8") == "# mine\n"
    assert (tmp_path / "services/my-agent.yaml").read_text("utf-8") == "# mine\n"
    assert (tmp_path / "services/other.yaml").is_file()


def test_a_shipped_profile_is_copied_whole_once_and_changes_nothing(
    call: CommandCalls, tmp_path: Path
) -> None:
    specs, outputs = tmp_path / "specs", [tmp_path / name for name in ("before", "after")]
    call("init", str(specs))
    call("generate", str(specs), "-o", str(outputs[0]))
    assert call("init", str(specs), "--copy-profile", "agent").code == 0
    copy, shipped = ((path / "profiles/agent.yaml").read_text("utf-8") for path in (specs, ROOT / "specs"))
    assert copy.splitlines()[0] == "# yaml-language-server: $schema=../.schemas/profile.schema.json"
    assert (specs / ".schemas/profile.schema.json").is_file()
    assert copy.splitlines()[1:] == shipped.splitlines()[1:]
    call("generate", str(specs), "-o", str(outputs[1]))
    rules = [(output / "prometheus/rules/my-agent.rules.yml").read_bytes() for output in outputs]
    assert rules[0] == rules[1]
    again = call("init", str(specs), "--copy-profile", "agent")
    assert (again.code, again.out) == (2, "")
    assert again.err == f"error: {specs}/profiles/agent.yaml exists\n  help: edit the file\n"


@pytest.mark.parametrize("name", ["prices", "signals"])
def test_a_shipped_file_is_copied_alone_once_and_changes_nothing(
    name: str, call: CommandCalls, tmp_path: Path
) -> None:
    specs, outputs = tmp_path / "specs", [tmp_path / name for name in ("before", "after")]
    call("init", str(specs))
    (specs / "prices.yaml").unlink()
    call("generate", str(specs), "-o", str(outputs[0]))
    answer = call("init", str(specs), "--copy", name)
    assert answer == (
        0,
        f"wrote {specs}/{name}.yaml\nnext: edit it; all services use it in place of the shipped one\n",
        "",
    )
    copy, shipped = ((path / f"{name}.yaml").read_text("utf-8") for path in (specs, ROOT / "specs"))
    assert copy.splitlines()[0] == f"# yaml-language-server: $schema=.schemas/{name}.schema.json"
    assert copy.splitlines()[1:] == shipped.splitlines()[1:]
    call("generate", str(specs), "-o", str(outputs[1]))
    rules = [{path.name: path.read_bytes() for path in output.rglob("*.yml")} for output in outputs]
    assert rules[0] == rules[1]
    again = call("init", str(specs), "--copy", name)
    assert again == (2, "", f"error: {specs}/{name}.yaml exists\n  help: edit the file\n")


def test_a_copy_of_a_shipped_file_writes_no_service(call: CommandCalls, tmp_path: Path) -> None:
    message = call.refused("init", str(tmp_path / "specs"), "--copy", "prices", "--service", "xx")
    assert message.startswith("error: --copy writes no service, so --service would say nothing\n")


def test_a_profile_that_does_not_ship_is_not_copied(call: CommandCalls, tmp_path: Path) -> None:
    message = call.refused("init", str(tmp_path / "specs"), "--copy-profile", "../agent")
    assert message.startswith('error: there is no shipped profile "../agent"\n  help: ')
    assert not (tmp_path / "specs").exists()


def test_init_cannot_write_below_a_file(call: CommandCalls, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", "utf-8")
    answer = call("init", str(tmp_path / "file"))
    assert answer.code == 2
    assert answer.err.startswith("error: ")
    assert (tmp_path / "file").read_text("utf-8") == "mine"


def test_the_editors_schemas_of_the_shipped_specs_exist() -> None:
    for path in (ROOT / "specs").rglob("*.yaml"):
        first = path.read_text("utf-8").splitlines()[0]
        if first.startswith("# yaml-language-server:"):
            assert (path.parent / first.partition("$schema=")[2]).resolve().is_file(), path


@pytest.mark.parametrize("option", ["--profile", "--copy-profile"])
def test_init_names_every_profile_that_ships(option: str, call: CommandCalls, tmp_path: Path) -> None:
    told = call.refused("init", str(tmp_path / "specs"), option, "nix")
    listed = told.rpartition("shipped profiles: ")[2].strip().split(", ")
    assert set(listed) == {path.stem for path in (ROOT / "specs/profiles").glob("*.yaml")}
