"""Rule groups of a ruler as values, so that a returned group can be compared with the sent one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
import yaml
from msgspec import Struct, field
from msgspec.structs import replace

from generator.live.errors import LiveError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_PART = re.compile(r"(\d+)(ms|[ywdhms])")
#: A thousand services have a third of it.
_MOST_BYTES, _MOST_EVENTS, _MOST_DEPTH = 16 * 1024 * 1024, 1_000_000, 10
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}


class Rule(Struct, frozen=True):
    """A rule as a ruler writes it; times are in seconds once they are ``read``."""

    record: str = ""
    alert: str = ""
    expr: str = ""
    for_: str | float = field(default=0, name="for")
    keep_firing_for: str | float = 0
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class Group(Struct, frozen=True):
    """A group as a ruler writes it; ``interval`` is in seconds once it is ``read``."""

    name: str
    interval: str | float = 60
    limit: int = 0
    rules: tuple[Rule, ...] = ()


Namespaces = dict[str, dict[str, Group]]
"""Groups by namespace and name."""


def read(namespaces: Mapping[str, Iterable[Mapping[str, Any]]]) -> Namespaces:
    """Read groups by namespace, as YAML spells them.

    Raises:
        LiveError: a text that is not a group.
    """
    try:
        known = msgspec.convert(dict(namespaces), dict[str, list[Group]])
    except msgspec.ValidationError as error:
        raise LiveError(f"no rule groups: {error}") from None
    return {name: {one.name: _read(one) for one in groups} for name, groups in known.items()}


def parsed(text: bytes) -> Namespaces:
    """Read the answer of a ruler.

    Raises:
        LiveError: it is not YAML, not rule groups, or more than any tenant has.
    """
    try:
        _check_extent(text)
        found = yaml.load(text, yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError):
        raise LiveError("no YAML") from None
    return read(found or {}) if isinstance(found or {}, dict) else read({"": found})


def _check_extent(text: bytes) -> None:
    """Refuse YAML that would fill the memory: too much of it, nested too deeply, or with aliases."""
    depth = 0
    for count, event in enumerate(yaml.parse(text[:_MOST_BYTES], yaml.CSafeLoader)):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MOST_DEPTH or count > _MOST_EVENTS:
            raise LiveError("more YAML than rule groups are")
        # An alias may represent any number of values, and no ruler writes one.
        if isinstance(event, yaml.AliasEvent):
            raise LiveError("YAML with aliases")
    if len(text) > _MOST_BYTES:
        raise LiveError(f"more than {_MOST_BYTES // 1024 // 1024} MiB of YAML")


def changes(ours: Group, theirs: Group) -> tuple[str, ...]:
    """List the differences of a ruler's group from the generated one, in a few words each; empty without any."""
    return tuple(_changes(ours, theirs))


def _changes(ours: Group, theirs: Group) -> Iterator[str]:
    if ours.interval != theirs.interval:
        yield "interval"
    # Mimir keeps no limit; sending it again would not change that.
    if theirs.limit and ours.limit != theirs.limit:
        yield "limit"
    before, after = ({_called(rule): rule for rule in group.rules} for group in (theirs, ours))
    added, removed = (len(one.keys() - other.keys()) for one, other in ((after, before), (before, after)))
    changed = sum(before[name] != after[name] for name in before.keys() & after.keys())
    counts = {"added": added, "removed": removed, "changed": changed}
    yield from (f"{count} rule{'s' * (count > 1)} {what}" for what, count in counts.items() if count)
    if not any(counts.values()) and ours.rules != theirs.rules:
        yield "order of rules"


def _called(rule: Rule) -> tuple[str, str]:
    """The identity of a rule in its group: a name and its labels."""
    return rule.record or rule.alert, repr(sorted((rule.labels or {}).items()))


def _read(group: Group) -> Group:
    return replace(group, interval=_seconds(group.interval), rules=tuple(map(_read_rule, group.rules)))


def _read_rule(rule: Rule) -> Rule:
    return replace(
        rule,
        expr=rule.expr.strip(),
        for_=_seconds(rule.for_),
        keep_firing_for=_seconds(rule.keep_firing_for),
        labels=dict(rule.labels or {}),
        annotations=dict(rule.annotations or {}),
    )


def _seconds(written: str | float) -> float:
    """Read a duration: a ruler writes 28 days as ``4w``, and we as ``28d``."""
    if not isinstance(written, str):
        return written
    return round(sum(int(count) * _SECONDS[unit] for count, unit in _PART.findall(written)), 3)
