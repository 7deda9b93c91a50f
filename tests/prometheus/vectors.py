"""Services as files of constants, including streams: a server shows the results of shared rules within seconds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from urllib.request import urlopen

import yaml

from generator.model import names
from generator.model.rules import RecordingRule, RuleFile, RuleGroup
from generator.prometheus.files import encode
from generator.prometheus.rule_set import compile_rules

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from generator.live.api import PrometheusApi
    from generator.model.rules import SharedRules
    from generator.model.service import Service, Site

Labels = dict[str, str]
Record = tuple[str, Labels, str]


def _buckets(labels: Labels, **filled: float) -> list[tuple[Labels, float]]:
    return [({**labels, "le": le}, value) for le, value in filled.items()]


#: Events a second of each stream, by its labels: a fifth of the runs fail, and tokens are expensive.
STREAMS: dict[str, list[tuple[Labels, float]]] = {
    "stream:agent_run:rate": [
        ({"status": "ok", "stop_reason": "completed", "release": "v1"}, 0.4),
        ({"status": "error", "stop_reason": "tool_error", "release": "v2"}, 0.1),
    ],
    "stream:agent_run_latency:rate": _buckets({"release": "v1"}, **{"2.000": 0.1, "5.000": 0.5, "+Inf": 0.5}),
    "stream:agent_run_steps:rate": _buckets({"release": "v1"}, **{"8": 0.5, "+Inf": 0.5}),
    "stream:agent_tool_call:rate": [
        ({"tool": "search_docs", "status": "ok", "release": "v1"}, 1.0),
        ({"tool": "search_docs", "status": "error", "release": "v1"}, 0.3),
    ],
    "stream:agent_tool_error:rate": [
        ({"tool": "search_docs", "error_class": "timeout", "release": "v1"}, 0.3)
    ],
    "stream:agent_tool_latency:rate": _buckets(
        {"tool": "search_docs", "release": "v1"}, **{"0.100": 1.0, "+Inf": 1.0}
    ),
    "stream:agent_llm_error:rate": [({"model": "gpt-4o", "error_class": "timeout", "release": "v1"}, 0.1)],
    "stream:agent_token_usage:rate": [
        ({"model": "gpt-4o", "token_type": "prompt", "release": "v1"}, 900.0),
        ({"model": "gpt-4o", "token_type": "cached", "release": "v1"}, 100.0),
        ({"model": "nobody-knows", "token_type": "prompt", "release": "v1"}, 10.0),
    ],
    "stream:agent_label_value_outside:rate": [({"label": "tool"}, 0.2)],
    "service:agent_scraped:series": [({}, 100_000.0)],
}


def records_of(service: Service, site: Site, shared: SharedRules) -> list[Record]:
    """Write the constants of a service, and its streams as constants as well."""
    streams = [
        (name, {names.SERVICE: service.name, **labels}, f"vector({value})")
        for name, found in STREAMS.items()
        for labels, value in found
    ]
    compiled = compile_rules(service, site, shared.records)
    rules = [rule for group in compiled.recording for rule in group.rules if isinstance(rule, RecordingRule)]
    return streams + [(rule.record, dict(rule.labels), rule.expr) for rule in rules if "vector(" in rule.expr]


def group_of(name: str, records: Sequence[Record]) -> RuleGroup:
    """Make a group of constants."""
    return RuleGroup(name, 1, tuple(RecordingRule(record, expr, labels) for record, labels, expr in records))


def written(path: Path, groups: Sequence[RuleGroup], *, interval: str = "1s", wait: str = "") -> Path:
    """Write a rule file that is evaluated often; ``wait`` is the ``for`` of alerts, which end with their condition."""
    text = yaml.load(encode(RuleFile((), tuple(groups))), yaml.CSafeLoader)
    for group in text["groups"]:
        group["interval"] = interval
        for rule in group["rules"]:
            rule.pop("keep_firing_for", None)
            if rule.pop("for", None) and wait:
                rule["for"] = wait
    path.write_text(yaml.dump(text, Dumper=yaml.CSafeDumper), encoding="utf-8")
    return path


def asked(api: PrometheusApi, path: str, **parameters: str) -> Any:  # noqa: ANN401 - an answer of Prometheus
    """Send a request to our own server."""
    with urlopen(f"{api.url}{path}?{urlencode(parameters)}", timeout=10) as answer:  # noqa: S310
        return json.load(answer)["data"]


def instant(api: PrometheusApi, expr: str) -> list[Labels]:
    """List the labels of the series of an expression."""
    return [one["metric"] for one in asked(api, "/api/v1/query", query=expr)["result"]]
