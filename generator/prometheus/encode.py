"""Rule files as YAML text: expressions laid out over lines, every expression parsed on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model.rules import RecordingRule, Rule
from generator.model.units import duration
from generator.prometheus.block_yaml import block_yaml
from generator.promql.layout import layout_alike

if TYPE_CHECKING:
    from generator.model.rules import RuleFile, RuleGroup
    from generator.prometheus.block_yaml import Mapped


def encode(file: RuleFile, service: str = "") -> str:
    """Write a rule file; the same value gives the same bytes.

    Args:
        file: The rules.
        service: The name that they are about: rules of other services are laid out alike.

    Raises:
        PromqlError: an expression does not parse.
    """
    comment = "".join(f"# {line}".rstrip() + "\n" for line in file.comment)
    return comment + block_yaml({"groups": [_group(group, service) for group in file.groups]})


def _group(group: RuleGroup, service: str) -> Mapped:
    rules = [_rule(rule, layout_alike(rule.expr, service)) for rule in group.rules]
    limit = {"limit": group.limit} if group.limit else {}
    return {"name": group.name, "interval": duration(group.interval), **limit, "rules": rules}


def _rule(rule: Rule, expr: str) -> Mapped:
    if isinstance(rule, RecordingRule):
        labels = {"labels": dict(rule.labels)} if rule.labels else {}
        return {"record": rule.record, "expr": expr, **labels}
    times = {"for": rule.for_, "keep_firing_for": rule.keep_firing_for}
    return {
        "alert": rule.alert,
        "expr": expr,
        **{key: duration(seconds) for key, seconds in times.items() if seconds},
        "labels": dict(rule.labels),
        "annotations": dict(rule.annotations),
    }
