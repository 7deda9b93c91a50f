"""No output of a command moves the cursor, turns text or contains a control sequence."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import Struct
from msgspec.structs import replace

from generator.replay.formats import as_text
from generator.spec.source import FORBIDDEN
from tests.commands.calls import CommandCalls
from tests.injection.hostile import RAW, TEXTS
from tests.injection.specs import SERVICE, directory
from tests.replay.reports import active, history, reported, rule
from tests.whole.writing import write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.commands.calls import CallResult
    from tests.injection.conftest import CompiledFiles

#: Texts that a command may have to show: with invisible characters, and characters with a meaning in reports.
SOME = tuple(text for text in TEXTS if re.search(r"[^\x20-\x7e]|[%\]]|::", text))
#: A possible name of a directory, or typed text.
NAME = "a\x1b[31m\u202eb\nc"
_COMMAND = re.compile(r"::(error|warning|notice) [^\n]*::[^\n]*\n")


def _shows_itself(answer: CallResult) -> bool:
    said = answer.out + answer.err
    return bool(said) and not FORBIDDEN.search(said) and "\r" not in said


class Places(Struct, frozen=True):
    """Hostile specs in a directory with a hostile name: one set that compiles, and one that is refused."""

    root: Path
    good: str
    bad: str


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """Write the specs; the bad ones have forbidden texts, and broken links, in each file."""
    root = tmp_path_factory.mktemp("terminal")
    write(directory(SOME), root / NAME)
    bad = directory(SOME)
    service: dict[str, Any] = bad[f"services/{SERVICE}.yaml"]
    service |= {"owner": "[text](1) {0} %0A::error::a"} | {text: text for text in SOME}
    service["alerts"] |= {text: {text: text} for text in SOME}
    bad["services/raw.yaml"] = {"service": "raw", "profile": "agent", "description": RAW[0], "owner": RAW[1]}
    write(bad, root / f"{NAME} bad")
    return Places(root, NAME, f"{NAME} bad")


@pytest.fixture
def call(places: Places, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> CommandCalls:
    """Call a command where the specs are."""
    monkeypatch.chdir(places.root)
    return CommandCalls(capsys)


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "{}"),
        ("check", "{}", "--format", "json"),
        ("check", "{}", "--format", "sarif"),
        ("check", "{}", "--format", "github"),
        ("cardinality", "{}"),
        ("cardinality", "{}", "--format", "markdown"),
        ("generate", "{}", "-o", "out \x1b[31m\u202e"),
        ("generate", "{}", "-o", "out \x1b[31m\u202e", "--check"),
        ("simulate", "{}", "--last", "1h", "--openmetrics", "out\x1b[31m.txt"),
    ],
    ids=" ".join,
)
def test_commands_on_specs_show_themselves(
    call: CommandCalls, places: Places, arguments: tuple[str, ...]
) -> None:
    for specs, codes in ((places.good, {0}), (places.bad, {1})):
        answer = call(*(one.replace("{}", specs) for one in arguments))
        assert answer.code in codes, answer
        assert _shows_itself(answer), answer
        told = call(*(one.replace("{}", f"{specs} {NAME}") for one in arguments))
        assert told.code in {1, 2}
        assert _shows_itself(told), told


@pytest.mark.parametrize(
    "arguments",
    [
        ("explain", NAME),
        ("check", NAME, NAME),
        ("check", "--format", NAME),
        (NAME,),
        ("simulate", NAME, "--service", NAME, "--openmetrics", "x"),
        ("simulate", NAME, "--incident", NAME, "--openmetrics", "x"),
        ("audit", NAME, "--exposition", NAME),
        ("audit", NAME, "--exposition", f"http://{NAME}/"),
        ("replay", NAME, "--prometheus", NAME),
        ("init", NAME),
        ("init", "new", "--service", NAME),
        ("schema", "-o", NAME),
        ("apply", "-o", NAME, "--grafana", NAME),
    ],
    ids=ascii,
)
def test_what_is_typed_is_shown_as_it_is(call: CommandCalls, arguments: tuple[str, ...]) -> None:
    assert _shows_itself(call(*arguments))


def test_annotations_of_github_are_one_line_each(call: CommandCalls, places: Places) -> None:
    sarif = json.loads(call("check", places.bad, "--format", "sarif").out)
    answer = call("check", places.bad, "--format", "github")
    lines = answer.out.splitlines(keepends=True)
    assert len(lines) == len(sarif["runs"][0]["results"]) > len(SOME)
    assert [line for line in lines if not _COMMAND.fullmatch(line)] == []
    assert [line for line in lines if re.search(r"%(?!25|0A|3A|2C)", line)] == []


def test_messages_of_sarif_hold_no_link(call: CommandCalls, places: Places) -> None:
    run = json.loads(call("check", places.bad, "--format", "sarif").out)["runs"][0]
    messages = [result["message"]["text"] for result in run["results"]]
    assert any("[text" in message for message in messages)
    assert [message for message in messages if re.search(r"(?<!\\)\]\(", message)] == []
    assert all(
        result["ruleId"] == run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"]
        for result in run["results"]
    )


def test_what_a_service_exposes_shows_itself(
    call: CommandCalls, places: Places, hostile: CompiledFiles
) -> None:
    every = [text for text in (*TEXTS, *RAW) if text != "\udc80"]
    (places.root / "exposed.txt").write_text("".join(map(_sample, every)), "utf-8")
    for format_ in ("text", "json"):
        answer = call("audit", str(hostile.specs), "--exposition", "exposed.txt", "--format", format_)
        assert answer.code == 1
        assert _shows_itself(answer), answer


def _sample(text: str) -> str:
    escaped = text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return f'agent_run_total{{status="ok",stop_reason="{escaped}",release="r1"}} 1\n'


def test_a_replay_shows_itself() -> None:
    alerts = [
        history(rule(text, text, text), active(60, labels={text: text}), failures={0.0: text})
        for text in (*TEXTS, *RAW)
    ]
    found = reported(*alerts, notes=(*TEXTS, *RAW))
    lines = list(as_text(replace(found, replay=replace(found.replay, server=NAME))))
    assert [
        line for line in lines if FORBIDDEN.search(line) or "\r" in line or "\n" in line.rstrip("\n")
    ] == []
