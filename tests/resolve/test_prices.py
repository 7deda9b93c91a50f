"""Prices: the cost of a token of each type, and the findings for types and models without a price.

Such a model is matched with a listed one only where it is a misspelling of that one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.model.units import Unit
from generator.resolve.prices import meant_model
from tests.resolve.build import codes, one, profile, resolved, service, told

if TYPE_CHECKING:
    from pathlib import Path

    from tests.resolve.build import Section

LISTED = ("gpt-4o", "gpt-4o-mini", "claude-opus-4", "claude-sonnet-4", "llama-3.1-8b", "gemini-2.5-pro")
OPENAI = "providers: {openai: {includes: {prompt: [cached]}}, local: {free: true}}\n"


def _usd(directory: Path, models: str, listed: str = "[m1]") -> dict[tuple[str, str], float]:
    demo = service(labels=f"{{tool: [a], model: {listed}}}")
    found = one(resolved(directory, demo, prices=f"{OPENAI}models: {models}\n"))
    return {(price.model, price.token_type): round(price.usd * 1e6, 6) for price in found.prices}


def test_a_price_is_for_one_token(tmp_path: Path) -> None:
    assert _usd(tmp_path, "{m1: {prompt: 2, completion: 8, cached: 0.5}}") == {
        ("m1", "prompt"): 2,
        ("m1", "completion"): 8,
        ("m1", "cached"): 0.5,
    }


@pytest.mark.parametrize("provider", ["", "provider: openai, "])
def test_a_type_without_a_price_costs_what_it_is_a_kind_of(provider: str, tmp_path: Path) -> None:
    assert _usd(tmp_path, f"{{m1: {{{provider}prompt: 2, completion: 8}}}}")["m1", "cached"] == 2


@pytest.mark.parametrize("free", ["free: true", "provider: local", "free: True"])
def test_a_free_model_costs_nothing(free: str, tmp_path: Path) -> None:
    assert set(_usd(tmp_path, f"{{m1: {{{free}}}}}").values()) == {0}


def test_a_model_may_cost_something_though_its_provider_is_free(tmp_path: Path) -> None:
    found = _usd(tmp_path, "{m1: {provider: local, free: false, prompt: 2, completion: 8}}")
    assert found["m1", "prompt"] == 2


def test_what_a_provider_counts_inside_what_is_kept_for_its_models(tmp_path: Path) -> None:
    models = "{m1: {provider: openai, prompt: 2, completion: 8}, m2: {prompt: 1, completion: 1}}"
    prices = f"{OPENAI}models: {models}\n"
    demo = service(labels="{tool: [a], model: [m1, m2]}")
    (inclusion,) = one(resolved(tmp_path, demo, prices=prices)).inclusions
    assert (inclusion.models, inclusion.token_type, inclusion.included) == (("m1",), "prompt", ("cached",))


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("openai/gpt-4o", "gpt-4o"),
        ("gpt-4o-mini-2024-07-18", "gpt-4o-mini"),
        ("eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5"),
        ("claude-sonnet-4-5-latest", "claude-sonnet-4-5"),
        ("gpt-4o-pro", ""),
        ("my-gpt-4o", ""),
        ("claude-sonnet-4-51", ""),
    ],
)
def test_the_help_has_the_prices_of_the_model_that_a_dated_or_prefixed_name_means(
    name: str, known: str, tmp_path: Path
) -> None:
    models = (
        "{gpt-4o: {prompt: 2.5, completion: 10}, gpt-4o-mini: {prompt: 0.15, completion: 0.6}, "
        "claude-sonnet-4-5: {prompt: 3, completion: 15}}"
    )
    demo = service(labels=f'{{tool: [a], model: ["{name}"]}}')
    (found,) = told(resolved(tmp_path, demo, prices=f"models: {models}\n"))
    assert (
        f'as much as "{known}", add to the models in prices.yaml: "{name}": {{prompt: ' in found.help
    ) == bool(known)


@pytest.mark.parametrize(
    ("models", "message", "help_"),
    [
        (
            "{m2: {prompt: 1, completion: 1}}",
            'model "my-model" has no price: its cost is left out',
            "add it to prices.yaml, with free: true if it costs nothing",
        ),
        (
            "{my-modle: {free: true}}",
            'model "my-model" has no price: its cost is left out',
            'did you mean "my-modle"? Else add it to prices.yaml, with free: true if it costs nothing',
        ),
        (
            "{my-model: {prompt: 1}}",
            'model "my-model" has no price for completion: its cost is left out',
            "give every type its price in prices.yaml, 0 where it costs nothing",
        ),
    ],
)
def test_a_model_without_a_price_is_told_where_it_is_listed(
    models: str, message: str, help_: str, tmp_path: Path
) -> None:
    demo = service(labels="{tool: [a], model: [my-model]}")
    (found,) = told(resolved(tmp_path, demo, prices=f"models: {models}\n"))
    assert found == ("price/missing", message, "my-model", help_)


@pytest.mark.parametrize(
    ("prices", "at", "help_"),
    [
        ("models: {m1: {promt: 2, completion: 8}}\n", "promt", 'did you mean "prompt"?'),
        ("providers: {o: {includes: {promt: [cached]}}}\nmodels: {}\n", "promt", 'did you mean "prompt"?'),
        ("providers: {o: {includes: {prompt: [cashed]}}}\nmodels: {}\n", "cashed", 'did you mean "cached"?'),
        (
            "models: {m1: {image_inputs: 2}}\n",
            "image_inputs",
            'did you mean "image_input"?',
        ),
    ],
)
def test_a_price_for_a_type_that_nothing_counts_is_told(
    prices: str, at: str, help_: str, tmp_path: Path
) -> None:
    found = next(each for each in told(resolved(tmp_path, prices=prices)) if each.code != "price/missing")
    assert found == ("price/unknown-type", f'no profile counts tokens of type "{at}"', at, help_)


@pytest.mark.parametrize("kind", ["reasoning", "cache_write", "other"])
def test_a_price_list_may_name_usual_types_that_nobody_counts_here(kind: str, tmp_path: Path) -> None:
    prices = f"models: {{m1: {{prompt: 2, completion: 8, {kind}: 3}}}}\n"
    assert codes(resolved(tmp_path, prices=prices)) == []


def test_where_types_are_only_counted_any_may_have_a_price(tmp_path: Path) -> None:
    open_types = profile(labels={"token_type": "{max_live: 5}"})
    assert "price/unknown-type" not in codes(
        resolved(tmp_path, profile=open_types, prices="models: {m1: {image: 2}}\n")
    )


def test_a_provider_must_be_declared(tmp_path: Path) -> None:
    prices = "providers: {openai: {}}\nmodels: {m1: {provider: opnai, prompt: 2, completion: 8}}\n"
    (found,) = told(resolved(tmp_path, prices=prices))
    assert (found.code, found.at, found.help) == (
        "reference/unknown-provider",
        "opnai",
        'did you mean "openai"?',
    )


def test_who_spends_nothing_needs_no_prices(tmp_path: Path) -> None:
    gone = profile(signals={"cost_per_run": None, "spend": None})
    result = resolved(tmp_path, profile=gone, prices="models: {}\n")
    assert one(result).prices == ()
    assert codes(result) == []


def test_a_budget_is_held_against_what_is_spent(tmp_path: Path) -> None:
    found = one(resolved(tmp_path / "a", service(budget="{per_day: $200}"))).objectives["spend"]
    assert (found.bound, found.noun) == (200, "budget")
    gone = profile(signals={"spend": None})
    assert codes(resolved(tmp_path / "b", service(budget="{per_day: $200}"), profile=gone)) == [
        "objective/no-spend"
    ]
    assert codes(resolved(tmp_path / "c", service(budget="{per_day: 200}"))) == ["unit/mismatch"]


@pytest.mark.parametrize(
    ("model", "cached"), [("m1", 2), ("m1@batch", 1), ("m1@priority", 5), ("m1@above_272k", 4)]
)
def test_a_way_to_be_served_has_its_prices(model: str, cached: float, tmp_path: Path) -> None:
    listed = "{m1: {prompt: 2, completion: 8, batch: 0.5, priority: 2.5}, m1@above_272k: {prompt: 4, completion: 9}}"
    assert _usd(tmp_path, listed, f"[{model}]")[model, "cached"] == cached


def test_a_way_to_be_served_without_a_factor_has_no_price(tmp_path: Path) -> None:
    demo = service(labels="{tool: [a], model: [m1@flex]}")
    found = told(resolved(tmp_path, demo, prices="models: {m1: {prompt: 2, completion: 8, batch: 0.5}}\n"))
    assert [each.code for each in found] == ["price/missing"]


def test_what_is_written_for_an_hour_costs_what_is_written_where_it_has_no_price(tmp_path: Path) -> None:
    more = profile(
        labels={"token_type": "{values: [prompt, completion, cached, cache_write, cache_write_1h]}"}
    )
    demo = service(labels="{tool: [a], model: [m1]}")
    prices = "models: {m1: {prompt: 2, completion: 8, cache_write: 3}}\n"
    found = one(resolved(tmp_path, demo, profile=more, prices=prices)).prices
    usd = {price.token_type: round(price.usd * 1e6, 6) for price in found}
    assert (usd["cached"], usd["cache_write"], usd["cache_write_1h"]) == (2, 3, 3)


_USD: Section = {"usd_total": "{type: counter, unit: usd, help: USD., labels: [release]}"}


@pytest.mark.parametrize(
    ("kind", "unit"),
    [
        ("cost: {of: usd_total}", Unit.USD),
        ("cost: {of: usd_total, per: runs_total}", Unit.USD),
        ("count: {of: usd_total}", Unit.USD),
        ("ratio: {of: usd_total, per: runs_total}", Unit.USD),
        ("ratio: {of: calls_total, per: runs_total}", Unit.COUNT),
    ],
)
def test_what_a_counter_of_usd_says_is_in_usd_and_needs_no_prices(
    kind: str, unit: Unit, tmp_path: Path
) -> None:
    signals: Section = {
        "cost_per_run": None,
        "spend": None,
        "own": f"{{title: O, description: O., {kind}}}",
    }
    found = one(resolved(tmp_path, profile=profile(metrics=_USD, signals=signals), prices="models: {}\n"))
    assert found.signals["own"].unit is unit


@pytest.mark.parametrize("unit", ["s", "ms"])
@pytest.mark.parametrize("kind", ["count: {of: busy_total}", "ratio: {of: busy_total, per: runs_total}"])
def test_what_a_counter_of_time_says_is_in_seconds(kind: str, unit: str, tmp_path: Path) -> None:
    metrics: Section = {"busy_total": f"{{type: counter, unit: {unit}, help: Busy., labels: [release]}}"}
    alert = "{threshold: {signal: own}, warning: 1h, summary: It is busy.}"
    signals: Section = {"own": f"{{title: O, description: O., {kind}}}"}
    found = one(resolved(tmp_path, profile=profile(metrics=metrics, signals=signals, alerts={"Own": alert})))
    assert found.signals["own"].unit is Unit.SECONDS
    assert found.streams["busy_total"].sources[0].scale == (0.001 if unit == "ms" else 1)
    (tier,) = next(alert for alert in found.alerts if alert.name == "Own").tiers
    assert tier.bound == 3600


def test_a_count_of_a_histogram_of_seconds_is_a_number(tmp_path: Path) -> None:
    signals: Section = {"own": "{title: O, description: O., count: {of: run_ms}}"}
    assert one(resolved(tmp_path, profile=profile(signals=signals))).signals["own"].unit is Unit.COUNT


def test_a_counter_of_usd_has_no_pace(tmp_path: Path) -> None:
    own = "{title: O, description: O., cost: {of: usd_total, per: 2h}}"
    found = told(resolved(tmp_path, profile=profile(metrics=_USD, signals={"own": own})))
    assert [(each.code, each.at) for each in found] == [("signal/token-metric", "2h")]
    assert "window: 2h" in found[0].help


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("gpt4o", "gpt-4o"),
        ("GPT-4o", "gpt-4o"),
        ("gpt_4o_mini", "gpt-4o-mini"),
        ("gpt-4o-mnii", "gpt-4o-mini"),
        ("claude-sonet-4", "claude-sonnet-4"),
        ("claude-opus4", "claude-opus-4"),
    ],
)
def test_a_misspelt_model_is_the_listed_one(name: str, meant: str) -> None:
    assert meant_model(name, LISTED) == meant


@pytest.mark.parametrize(
    "name",
    [
        "claude-opus-4-7",
        "claude-opus-4.1",
        "claude-haiku-4",
        "gpt-4",
        "gpt-4.1",
        "gpt-4o-nano",
        "gpt-5",
        "gpt-4o-2024-08-06",
        "llama-3.1-70b",
        "llama-3",
        "gemini-2.5-flash",
        "my-model",
        "",
        "gpt-4o" * 100,
    ],
)
def test_another_model_is_none_of_them(name: str) -> None:
    assert meant_model(name, LISTED) is None


def test_no_model_is_its_own_misspelling() -> None:
    assert meant_model("gpt-4o", ["gpt-4o"]) is None
    assert meant_model("gpt-4o", []) is None
