"""``prices import``: LiteLLM's list becomes entries of prices.yaml, and an author's own entries stay."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from generator.cli import main

if TYPE_CHECKING:
    from pathlib import Path

_LIST: dict[str, Any] = {
    "sample_spec": {"input_cost_per_token": 0.0, "mode": "one of chat, embedding", "litellm_provider": "x"},
    "gpt-5.6": {
        "input_cost_per_token": 4e-06,
        "output_cost_per_token": 2e-05,
        "cache_read_input_token_cost": 4e-07,
        "cache_creation_input_token_cost": 5e-06,
        "input_cost_per_token_above_272k_tokens": 8e-06,
        "output_cost_per_token_above_272k_tokens": 3e-05,
        "input_cost_per_token_batches": 2e-06,
        "output_cost_per_token_batches": 1e-05,
        "input_cost_per_token_flex": 2e-06,
        "output_cost_per_token_flex": 1.5e-05,
        "litellm_provider": "openai",
        "mode": "chat",
    },
    "claude-opus-5": {
        "input_cost_per_token": 5e-06,
        "output_cost_per_token": 2.5e-05,
        "cache_read_input_token_cost": 5e-07,
        "cache_creation_input_token_cost": 6.25e-06,
        "cache_creation_input_token_cost_above_1hr": 1e-05,
        "litellm_provider": "anthropic",
        "mode": "chat",
    },
    "gemini/gemini-3.5-flash": {
        "input_cost_per_token": 1.5e-06,
        "output_cost_per_token": 9e-06,
        "output_cost_per_reasoning_token": 9e-06,
        "input_cost_per_audio_token": 1.5e-06,
        "litellm_provider": "gemini",
        "mode": "chat",
    },
    "mine": {
        "input_cost_per_token": 1e-06,
        "output_cost_per_token": 1e-06,
        "litellm_provider": "groq",
        "mode": "chat",
    },
    "dall-e": {"output_cost_per_image": 0.04, "mode": "image_generation", "litellm_provider": "openai"},
}
_PRICES = """\
# Ours.
providers:
  openai: {includes: {prompt: [cached], completion: [reasoning]}}
  local: {free: true}
models:
  # the one that we use most
  gpt-5.6: {provider: openai, prompt: 5, completion: 20}  # by contract
  mine: {provider: local}
  unknown: {prompt: 1, completion: 2}
"""
_SERVICE = """\
service: demo-agent
profile: agent
owner: team-demo
selector: {job: demo-agent}
labels: {model: [gpt-5.6, claude-opus-5, other], tool: [search]}
"""


@pytest.fixture
def specs(tmp_path: Path) -> Path:
    """A directory of specs with a price list, and LiteLLM's list beside it."""
    (tmp_path / "specs" / "services").mkdir(parents=True)
    (tmp_path / "specs" / "services" / "demo-agent.yaml").write_text(_SERVICE)
    (tmp_path / "specs" / "prices.yaml").write_text(_PRICES)
    (tmp_path / "list.json").write_text(json.dumps(_LIST))
    return tmp_path / "specs"


def _import(specs: Path, *more: str) -> int:
    return main(
        ["prices", "import", str(specs.parent / "list.json"), str(specs), "--date", "2026-11-28", *more]
    )


def test_prices_of_models_in_use_are_taken_and_the_rest_stays(
    specs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _import(specs, "--model", "gemini-3.5-flash") == 0
    assert (
        (specs / "prices.yaml").read_text()
        == """\
# Ours.
date: "2026-11-28"
providers:
  openai: {includes: {prompt: [cached], completion: [reasoning]}}
  local: {free: true}
  anthropic: {includes: {completion: [reasoning]}}
  google: {includes: {prompt: [cached]}}
models:
  # the one that we use most
  gpt-5.6: {provider: openai, prompt: 4, completion: 20, cached: 0.4, cache_write: 5, batch: 0.5}  # by contract
  mine: {provider: local}
  unknown: {prompt: 1, completion: 2}
  gpt-5.6@above_272k: {provider: openai, prompt: 8, completion: 30, cached: 0.4, cache_write: 5}
  claude-opus-5: {provider: anthropic, prompt: 5, completion: 25, cached: 0.5, cache_write: 6.25, cache_write_1h: 10}
  gemini-3.5-flash: {provider: google, prompt: 1.5, completion: 9, audio_input: 1.5}
"""
    )
    said = capsys.readouterr().out
    assert "3 added, 1 changed, 0 as before" in said
    assert "gpt-5.6: {provider: openai, prompt: 5, completion: 20}" in said
    assert "not in the list, and left as they are: unknown" in said
    assert "of another provider there, and left as they are: mine" in said
    assert main(["check", str(specs)]) == 0


def test_an_import_that_is_done_again_changes_nothing(
    specs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _import(specs)
    before = (specs / "prices.yaml").read_text()
    capsys.readouterr()
    assert _import(specs) == 0
    assert (specs / "prices.yaml").read_text() == before
    assert "0 added, 0 changed, 3 as before" in capsys.readouterr().out


def test_all_takes_every_model_that_is_asked_with_tokens(specs: Path) -> None:
    assert _import(specs, "--all") == 0
    text = (specs / "prices.yaml").read_text()
    assert "gemini/gemini-3.5-flash: " in text
    assert "dall-e" not in text
    assert "sample_spec" not in text


def test_a_list_of_ones_own_begins_as_the_shipped_one(specs: Path) -> None:
    (specs / "prices.yaml").unlink()
    assert _import(specs) == 0
    text = (specs / "prices.yaml").read_text()
    assert "gpt-4o-mini: " in text
    assert "gpt-5.6: {provider: openai, prompt: 4, completion: 20" in text


@pytest.mark.parametrize(
    ("list_", "prices", "said"),
    [
        (None, _PRICES, "cannot be read"),
        ("{", _PRICES, "is no JSON"),
        ("[1]", _PRICES, "is not LiteLLM's price list"),
        ('{"gpt-4o": {"prompt": 1}}', _PRICES, "is not LiteLLM's price list"),
        ("", "models: {gpt-5.6: {prompt: 1}}\n", "models of prices.yaml is not written over several lines"),
        ("", "models:\n  a: {prompt: wrong}\n", "would be wrong"),
    ],
)
def test_what_is_no_list_changes_nothing(
    specs: Path, list_: str | None, prices: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (specs / "prices.yaml").write_text(prices)
    file = specs.parent / "list.json"
    if list_ is None:
        file.unlink()
    elif list_:
        file.write_text(list_)
    assert _import(specs) == 2
    assert said in capsys.readouterr().err
    assert (specs / "prices.yaml").read_text() == prices
    assert [path.name for path in specs.iterdir() if path.name.startswith(".")] == []


def test_a_model_that_the_list_lacks_is_refused_with_the_likely_one(
    specs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (specs / "prices.yaml").read_text()
    assert _import(specs, "--model", "gemini-3.5-flas") == 2
    told = capsys.readouterr().err
    assert 'LiteLLM\'s list has no model "gemini-3.5-flas"' in told
    assert "did you mean" in told
    assert "gemini-3.5-flash" in told
    assert (specs / "prices.yaml").read_text() == before


def test_a_day_is_a_day(specs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prices", "import", str(specs.parent / "list.json"), str(specs), "--date", "today"]) == 2
    assert "write it as 2026-11-28" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("mark", "ending"), [("", "\r\n"), ("\ufeff", "\n"), ("\ufeff", "\r\n")], ids=["CRLF", "BOM", "both"]
)
def test_a_file_keeps_its_byte_order_mark_its_line_ends_and_its_comments(
    mark: str, ending: str, specs: Path
) -> None:
    path = specs / "prices.yaml"
    dated = f'date: "2020-01-01"  # of the contract\n{_PRICES}'
    path.write_bytes((mark + dated.replace("\n", ending)).encode())
    assert (
        main(["prices", "import", str(specs.parent / "list.json"), str(specs), "--date", "2026-11-30"]) == 0
    )
    text = path.read_bytes().decode()
    assert text.startswith(f'{mark}date: "2026-11-30"  # of the contract{ending}# Ours.{ending}')
    assert f"# by contract{ending}" in text
    assert text.count("\n") == text.count(ending)
    assert text.count("date:") == 1


def test_models_of_services_that_do_not_compile_are_said_to_be_left_out(
    specs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (specs / "services" / "broken-agent.yaml").write_text("service: broken-agent\n", "utf-8")
    assert main(["prices", "import", str(specs.parent / "list.json"), str(specs)]) == 0
    said = "the specs have errors, so that no model that only a service lists was looked for: run agent-metrics check"
    assert said in capsys.readouterr().out


def test_a_model_with_an_odd_name_is_written_as_it_is_called(specs: Path) -> None:
    path = specs.parent / "list.json"
    path.write_text(json.dumps({'a "b"\n: #': _LIST["mine"]}), "utf-8")
    assert main(["prices", "import", str(path), str(specs), "--all"]) == 0
    assert '  "a \\"b\\"\\n: #": {provider: ' in (specs / "prices.yaml").read_text("utf-8")
