"""A day of answers of all providers, counted by the generated module: the recorded spend equals the invoice."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from prometheus_client import CollectorRegistry

from generator.live.remote_write import TimeSeries
from tests.instrumentation.loading import compiled, generated
from tests.models import renamed, written
from tests.prometheus.chain import T0, Chain
from tests.prometheus.increments import MINUTE
from tests.prometheus.trials import needed, priced, priced_models

if TYPE_CHECKING:
    from collections.abc import Callable

    from generator.live.server import PrometheusServer
    from generator.model.service import Model

pytestmark = pytest.mark.long

_DAY = 24 * 60 * MINUTE
_STEP = 5 * MINUTE
_SCRAPE, _OFFSET = 15, 7
_SPECS = Path(__file__).parents[2] / "specs"
_SERVICE = """\
service: invoice-agent
profile: mine
owner: team-invoice
selector: {job: invoice-agent}
labels:
  model: [gpt-4o, gpt-4o@batch, claude-sonnet-4, gemini-2.5-flash, grok-4.3, other]
  tool: [search]
budget: {per_day: $1000}
"""
_TYPES = "[prompt, completion, cached, cache_write, reasoning]"
_MORE_TYPES = "[prompt, completion, cached, cache_write, cache_write_1h, reasoning]"


class Charged(NamedTuple):
    """An answer of a model, and its provider's charge, in USD, by its own price list."""

    model: str
    events: list[Any]
    usd: float


def _openai(rng: Random) -> Charged:
    """A stream with all counts in its last chunk: cached tokens inside the prompt, reasoning inside the completion."""
    fresh, cached, output, thoughts = (
        rng.randrange(5000),
        rng.randrange(5000),
        rng.randrange(900),
        rng.randrange(300),
    )
    usage = {
        "prompt_tokens": fresh + cached,
        "completion_tokens": output + thoughts,
        "total_tokens": fresh + cached + output + thoughts,
        "prompt_tokens_details": {"cached_tokens": cached},
        "completion_tokens_details": {"reasoning_tokens": thoughts},
    }
    batch = rng.random() < 0.3
    usd = (fresh * 2.5 + cached * 1.25 + (output + thoughts) * 10) / 1e6
    chunk = {"id": f"c{rng.random()}", "object": "chat.completion.chunk", "choices": []}
    told = {**chunk, "usage": usage, "service_tier": "batch" if batch else "default"}
    return Charged("gpt-4o", [{**chunk, "usage": None}, told], usd / 2 if batch else usd)


def _anthropic(rng: Random) -> Charged:
    """A stream with running totals: cached tokens beside the input; a cache of an hour costs more."""
    fresh, cached, five, hour, output = (rng.randrange(4000) for _ in range(5))
    usage = {
        "input_tokens": fresh,
        "cache_read_input_tokens": cached,
        "cache_creation_input_tokens": five + hour,
        "cache_creation": {"ephemeral_5m_input_tokens": five, "ephemeral_1h_input_tokens": hour},
    }
    events = [
        {
            "type": "message_start",
            "message": {"id": f"m{rng.random()}", "usage": {**usage, "output_tokens": 1}},
        },
        {"type": "message_delta", "usage": {**usage, "output_tokens": output}},
    ]
    usd = (fresh * 3 + cached * 0.3 + five * 3.75 + hour * 6 + max(output, 1) * 15) / 1e6
    return Charged("claude-sonnet-4", events, usd)


def _langchain(rng: Random) -> Charged:
    """The same model through a framework with all counts inside the input, in amounts to add."""
    fresh, cached, written, output = (rng.randrange(4000) for _ in range(4))
    begin = {
        "input_tokens": fresh + cached + written,
        "output_tokens": 0,
        "total_tokens": fresh + cached + written,
        "input_token_details": {"cache_read": cached, "cache_creation": written},
    }
    end = {"input_tokens": 0, "output_tokens": output, "total_tokens": output}
    number = f"run-{rng.random()}"
    events = [{"type": "AIMessageChunk", "id": number, "usage_metadata": usage} for usage in (begin, end)]
    return Charged("claude-sonnet-4", events, (fresh * 3 + cached * 0.3 + written * 3.75 + output * 15) / 1e6)


def _gemini(rng: Random) -> Charged:
    """Reasoning and tool results beside the prompt and the answer, cached tokens inside the prompt."""
    fresh, cached, tool, output, thoughts = (rng.randrange(4000) for _ in range(5))
    usage = {
        "promptTokenCount": fresh + cached,
        "cachedContentTokenCount": cached,
        "toolUsePromptTokenCount": tool,
        "candidatesTokenCount": output,
        "thoughtsTokenCount": thoughts,
        "totalTokenCount": fresh + cached + tool + output + thoughts,
    }
    usd = ((fresh + tool) * 0.3 + cached * 0.03 + (output + thoughts) * 2.5) / 1e6
    return Charged("gemini-2.5-flash", [{"usageMetadata": usage}], usd)


def _grok(rng: Random) -> Charged:
    """OpenAI's names, but with reasoning beside the completion, which only the total shows."""
    fresh, output, thoughts = rng.randrange(1, 4000), rng.randrange(1, 900), rng.randrange(1, 900)
    usage = {
        "prompt_tokens": fresh,
        "completion_tokens": output,
        "total_tokens": fresh + output + thoughts,
        "completion_tokens_details": {"reasoning_tokens": thoughts},
    }
    return Charged("grok-4.3", [{"usage": usage}], (fresh * 1.25 + (output + thoughts) * 2.5) / 1e6)


_DIALECTS: tuple[Callable[[Random], Charged], ...] = (_openai, _anthropic, _langchain, _gemini, _grok)


def _model(directory: Path) -> Model:
    profile = (_SPECS / "profiles" / "agent.yaml").read_text()
    assert _TYPES in profile
    files = {
        "services/invoice-agent.yaml": _SERVICE,
        "prices.yaml": (_SPECS / "prices.yaml").read_text(),
        "profiles/mine.yaml": profile.replace("profile: agent", "profile: mine").replace(_TYPES, _MORE_TYPES),
    }
    return compiled(written(directory, files))


def _scraped(registry: CollectorRegistry) -> dict[tuple[tuple[str, str], ...], float]:
    """The tokens so far, by the labels of their series."""
    samples = (one for family in registry.collect() for one in family.samples)
    return {
        tuple(sorted(one.labels.items())): one.value
        for one in samples
        if one.name == "agent_token_usage_total"
    }


def test_what_is_spent_is_what_providers_charge(fresh_prometheus: PrometheusServer, tmp_path: Path) -> None:
    model = _model(tmp_path)
    registry = CollectorRegistry()
    metrics = generated(model, tmp_path).InvoiceAgentMetrics(release="r1", registry=registry)
    rng, invoice = Random(3), 0.0  # noqa: S311 - a day, no secret
    scrapes = [_scraped(registry)]
    for _ in range(_DAY // _STEP - 1):
        for dialect in _DIALECTS:
            charged = dialect(rng)
            with metrics.run(), metrics.llm_step(charged.model) as llm:
                for event in charged.events:
                    llm.usage(event)
            invoice += charged.usd
        scrapes.append(_scraped(registry))
    chain = Chain(fresh_prometheus.api, renamed(model.services[0], "invoice"), model.library, model.site)
    # Scrapes are out of step with rules, as in reality, or a window would contain a sample more.
    times = [T0 + at for at in range(_OFFSET, _DAY, _SCRAPE)]
    chain.write(
        TimeSeries(
            {"__name__": "agent_token_usage_total", "instance": "a", **dict(key), **chain.service.selector},
            [time * 1000 for time in times],
            [scrapes[(time - T0) // _STEP][key] for time in times],
        )
        for key, value in scrapes[-1].items()
        if value
    )
    spend = f'service:agent_spend:usd{{service="{chain.service.name}"}}'
    rules = priced(needed(chain.groups, [spend]), priced_models([chain.service]))
    chain.evaluate(T0, T0 + _DAY, rules)
    (found,) = chain.api.query(spend, T0 + _DAY)
    assert invoice > 1
    assert found.value == pytest.approx(invoice, rel=0.001)
