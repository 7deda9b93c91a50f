"""Small specs as text, loaded as files are, and resolved: the base of tests of resolving.

A spec is a mapping of its top-level keys, and a profile's sections are mappings of their entries; the tested part is
written in YAML's flow style, as in ``service(objectives="{success_rate: {min: 90%}}")``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from generator.spec.load import load
from tests.models import resolve, written

if TYPE_CHECKING:
    from pathlib import Path

    from generator.diagnostics import Diagnostic, Result
    from generator.model.service import Model, Service

Section = dict[str, str | None]

TOKENS = "tokens_total"
LABELS: Section = {
    "status": "{values: [ok, error], closed: true}",
    "reason": "{values: {done: ok, limit: ok, broken: error, other: error}, determines: status, limits: [limit]}",
    "release": "{max_live: 3, new_per_week: 2}",
    "tool": "{}",
    "model": "{}",
    "token_type": "{values: [prompt, completion, cached]}",
}
METRICS: Section = {
    "runs_total": "{type: counter, help: Runs., labels: [status, reason, release]}",
    "run_ms": "{type: histogram, unit: ms, help: Time., labels: [release], buckets: [100, 1000, 5000, 10000]}",
    "calls_total": "{type: counter, help: Calls., labels: [tool, status, release]}",
    "errors_total": "{type: counter, help: Errors., labels: [model, release], sparse: true}",
    TOKENS: "{type: counter, help: Tokens., labels: [model, token_type, release]}",
}
SIGNALS: Section = {
    "run_count": "{title: Runs, description: Runs., count: {of: runs_total}, better: neither}",
    "success_rate": "{title: Success, description: Good., share: {of: runs_total, where: {status: ok}}, "
    "by: [release], better: higher}",
    "latency_p95": "{title: Latency, description: Slow., quantile: {of: run_ms, q: 0.95}}",
    "tool_error_rate": "{title: Tool errors, description: Bad., share: {of: calls_total, where: {status: error}}, "
    "by: [tool]}",
    "calls_per_run": "{title: Calls, description: Calls., ratio: {of: calls_total, per: runs_total}, by: [tool]}",
    "errors_per_run": "{title: Errors, description: Errors., "
    "ratio: {of: errors_total, per: runs_total, exists_with: tokens_total}, by: [model]}",
    "cost_per_run": "{title: Cost, description: Cost., cost: {of: tokens_total, per: runs_total}}",
    "spend": "{title: Spend, description: Spend., cost: {of: tokens_total}, window: 24h}",
    "reasons": "{title: Reasons, description: Why., distribution: {of: runs_total, label: reason}, by: [release]}",
}
#: The profile declares all signals itself.
NO_LIBRARY = "streams: {}\nsignals: {}\nalerts: {}\n"
PRICES = """providers: {openai: {includes: {prompt: [cached]}}}
models: {m1: {provider: openai, prompt: 2, completion: 8}}
"""


class Told(NamedTuple):
    """A finding, with the text of its span in place of the span."""

    code: str
    message: str
    at: str
    help: str


def service(name: str = "demo-agent", **keys: str | None) -> str:
    """Write a service of the profile below; a key that is None is left out."""
    base: Section = {
        "service": name,
        "profile": "tiny",
        "owner": "team-demo",
        "selector": f"{{job: {name}}}",
        "labels": "{tool: [search], model: [m1]}",
    }
    return _lines(base | keys)


def profile(name: str = "tiny", **sections: Section) -> str:
    """Write a profile: the entries above, with those of ``sections`` in place of them or beside them."""
    base = {"labels": LABELS, "metrics": METRICS, "signals": SIGNALS, "objectives": {}, "alerts": {}}
    merged = {
        section: _without_none(entries | sections.get(section, {})) for section, entries in base.items()
    }
    body = [
        f"{section}:\n" + "".join(f"  {entry}: {text}\n" for entry, text in entries.items())
        for section, entries in merged.items()
        if entries
    ]
    return f"profile: {name}\n" + "".join(body)


def resolved(directory: Path, *services: str, **others: str) -> Result[Model]:
    """Load and resolve services with the profile above; ``profile``, ``prices`` and ``site`` may be given as text."""
    files = {f"services/s{index}.yaml": text for index, text in enumerate(services or (service(),))}
    files["profiles/tiny.yaml"] = others.pop("profile", "") or profile()
    files |= {"prices.yaml": PRICES, "signals.yaml": NO_LIBRARY} | {
        f"{name}.yaml": text for name, text in others.items()
    }
    loaded = load(written(directory, files))
    assert loaded.specs is not None, loaded.diagnostics
    return resolve(loaded.specs)


def one(result: Result[Model]) -> Service:
    """The only service of specs without errors."""
    assert result.value is not None, result.diagnostics
    (found,) = result.value.services
    return found


def told(result: Result[Model]) -> list[Told]:
    """The findings of specs, with the text of their spans."""
    return [Told(found.code, found.message, _covered(found), found.help) for found in result.diagnostics]


def codes(result: Result[Model]) -> list[str]:
    """The codes of the findings."""
    return [found.code for found in result.diagnostics]


def _covered(found: Diagnostic) -> str:
    if found.span is None:
        return ""
    with open(found.span.file, encoding="utf-8") as file:  # noqa: PTH123
        lines = file.read().splitlines()
    first = lines[found.span.line - 1][found.span.column - 1 :]
    if found.span.end_line > found.span.line:
        return first
    return lines[found.span.line - 1][found.span.column - 1 : found.span.end_column - 1]


def _lines(keys: Section) -> str:
    return "".join(f"{key}: {text}\n" for key, text in keys.items() if text is not None)


def _without_none(entries: Section) -> dict[str, str]:
    return {name: text for name, text in entries.items() if text is not None}
