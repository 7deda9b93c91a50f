"""Rule files as YAML text: expressions laid out over lines, every expression parsed on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from generator.model.units import duration
from generator.prometheus.rules import RecordingRule
from generator.promql.syntax import layout

if TYPE_CHECKING:
    from generator.prometheus.rules import AlertingRule, RuleFile, RuleGroup

_NEVER_FOLD = 100_000


class _Dumper(yaml.CSafeDumper):
    """Writes text of several lines as a literal block."""


def _text(dumper: yaml.CSafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def encode(file: RuleFile) -> str:
    """Write a rule file; the same value gives the same bytes.

    Raises:
        PromqlError: an expression does not parse.
    """
    comment = "".join(f"# {line}".rstrip() + "\n" for line in file.comment)
    groups = {"groups": [_group(group) for group in file.groups]}
    body: str = yaml.dump(groups, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_NEVER_FOLD)
    return comment + body


def _group(group: RuleGroup) -> dict[str, object]:
    rules = [_recording(rule) if isinstance(rule, RecordingRule) else _alerting(rule) for rule in group.rules]
    return {"name": group.name, "interval": duration(group.interval), "rules": rules}


def _recording(rule: RecordingRule) -> dict[str, object]:
    return {"record": rule.record, "expr": layout(rule.expr), "labels": dict(rule.labels)}


def _alerting(rule: AlertingRule) -> dict[str, object]:
    times = {"for": rule.for_, "keep_firing_for": rule.keep_firing_for}
    return {
        "alert": rule.alert,
        "expr": layout(rule.expr),
        **{key: duration(seconds) for key, seconds in times.items() if seconds},
        "labels": dict(rule.labels),
        "annotations": dict(rule.annotations),
    }
