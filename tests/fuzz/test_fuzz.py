"""Short hunts among specs and among answers of servers, and proof that a hunt detects failures."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, NoReturn

import pytest

from generator.audit import server
from tests.fuzz import compiling
from tests.fuzz.hunt import hunt
from tests.fuzz.loading import refused
from tests.fuzz.servers import ServerHunt
from tests.output.trees import in_memory

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from generator.live.server import PrometheusServer


STEPS = 25
SPEC = {
    "services/a.yaml": b"service: a\nprofile: agent\nowner: b\nselector: {job: a}\nlabels: {model: [m], tool: [t]}\n"
}


@pytest.fixture
def folder() -> Iterator[Path]:
    with in_memory() as folder:
        yield folder


def test_mutated_specs_compile_or_are_refused_and_break_nothing(
    folder: Path, tmp_path: Path, fresh_prometheus: PrometheusServer
) -> None:
    found = hunt(folder, tmp_path, seed=1)
    made: list[dict[str, str]] = []
    # Few mutated specs compile; which ones changes with every case in tests/bad.
    while found.codes.total() < STEPS or (not made and found.codes.total() < 5 * STEPS):
        if step := found.step():
            made.append(step[1])
        assert found.failures == {}, [path.read_text() for path in tmp_path.rglob("told.txt")]
    assert made
    assert refused(fresh_prometheus, made, folder) == []


def _raise(_arguments: argparse.Namespace) -> NoReturn:
    raise KeyError("x")


def _nothing_said(_arguments: argparse.Namespace) -> int:
    return 1


def _damage(arguments: argparse.Namespace) -> int:
    (arguments.output / "catalog.json").write_text("{}")
    print("error[some/code]")  # noqa: T201 - as a command does
    return 1


def _blame_the_call(_arguments: argparse.Namespace) -> int:
    return 2


def _hang(_arguments: argparse.Namespace) -> NoReturn:
    while True:
        pass


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        (_raise, "KeyError in "),
        (_nothing_said, "exit status 1: without a word"),
        (_damage, "the output changed although a spec is at fault"),
        (_blame_the_call, "exit status 2"),
        (_hang, "more than 1 seconds"),
    ],
)
def test_what_no_call_may_do_is_seen(
    folder: Path, monkeypatch: pytest.MonkeyPatch, act: Callable[[argparse.Namespace], int], kind: str
) -> None:
    compiling.generate(SPEC, folder)
    monkeypatch.setattr("generator.commands.generate.run", act)
    monkeypatch.setattr(compiling, "LONGEST", 1)
    with pytest.raises(compiling.Broken) as caught:
        compiling.generate(SPEC, folder)
    assert caught.value.kind.startswith(kind)


def test_what_prometheus_does_not_load_is_found_among_what_it_does(
    folder: Path, fresh_prometheus: PrometheusServer
) -> None:
    right = compiling.generate(SPEC, folder).made
    wrong = {"a.rules.yml": "groups: [{name: a, rules: [{record: a, expr: 'sum('}]}]\n"}
    ((index, why),) = refused(fresh_prometheus, [right, right, wrong, right], folder)
    assert index == 2
    assert "a.rules.yml" in why


ANSWERS = 40


def test_no_answer_of_a_server_breaks_a_command(tmp_path: Path) -> None:
    hunt = ServerHunt(tmp_path, Random(1))  # noqa: S311 - to try things, no secret
    for _ in range(ANSWERS):
        hunt.step()
    assert len(hunt.tried) == 6
    assert not hunt.failures, [path.read_text() for path in tmp_path.rglob("told.txt")]


def test_what_breaks_is_found_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def trusting(_value: float) -> NoReturn:
        raise OverflowError("cannot convert float infinity to integer")

    monkeypatch.setattr(server, "whole_number", trusting)
    hunt = ServerHunt(tmp_path, Random(1))  # noqa: S311 - to try things, no secret
    while not hunt.failures and hunt.tried.total() < ANSWERS:
        hunt.step()
    assert hunt.failures
    assert "cannot convert float" in next(tmp_path.rglob("told.txt")).read_text()
    assert next(tmp_path.rglob("answer-0")).is_file()
