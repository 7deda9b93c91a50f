"""``internal/closed-world``: what a rule names must exist. A finding is a defect of the compiler, not of a spec."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache, partial
from typing import TYPE_CHECKING

from generator.checks import defects
from generator.checks.values import allowed_values
from generator.checks.world import THIS, Known, World, shared
from generator.model import names
from generator.model.rules import RecordingRule
from generator.prometheus.grouping import LARGEST
from generator.promql.infer import Inferred, infer
from generator.promql.syntax import PromqlError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from generator.checks.facts import Facts, ServiceFacts
    from generator.diagnostics import Diagnostic
    from generator.model.rules import RuleGroup
    from generator.model.service import Service
    from generator.promql.shape import Origin
    from generator.promql.syntax import Reference

    #: Which values an origin can have, None where that is not known.
    _Allowed = Callable[[Origin | None], frozenset[str] | None]

CODE = "internal/closed-world"
LONGEST_ALERT_NAME = 40
#: The matcher on a service's own name.
_OWN = (names.SERVICE, "=", THIS)


def check(facts: Facts) -> tuple[Diagnostic, ...]:
    """Prove every rule of every service."""
    return tuple(found for each in facts.services for found in _of_service(each))


def expression_problems(expr: str, service: Service, world: World) -> tuple[str, ...]:
    """Say in words what an expression of ours names that does not exist; for rules and panels alike."""
    try:
        inferred = infer(shared(expr, service), world.series)
    except PromqlError as problem:
        return (f"does not parse: {problem}",)
    return tuple(_problems(inferred, service, world, partial(allowed_values, service=service)))


def _of_service(each: ServiceFacts) -> Iterator[Diagnostic]:
    allowed = cache(partial(allowed_values, service=each.service))  # the rules ask about the same few origins
    for known in each.world.rules:
        for problem in _of_rule(known, each.service, each.world, allowed):
            yield defects.of_rule(CODE, known, each.service, problem)
    for groups in (each.compiled.recording, each.compiled.alerting):
        for problem in _of_groups(groups):
            yield defects.of_service(CODE, each.service, problem)


def _of_rule(known: Known, service: Service, world: World, allowed: _Allowed) -> Iterator[str]:
    if known.inferred is None:
        yield "does not parse"
        return
    yield from _problems(known.inferred, service, world, allowed)
    if known.shape.exposed:
        yield "keeps the labels of instances"
    if not isinstance(known.rule, RecordingRule) and len(known.rule.alert) > LONGEST_ALERT_NAME:
        yield f"has a name of more than {LONGEST_ALERT_NAME} characters"


def _problems(inferred: Inferred, service: Service, world: World, allowed: _Allowed) -> Iterator[str]:
    yield from inferred.problems
    for read in inferred.reads:
        if read.name in world.recorded and read.matchers == (_OWN,):
            continue  # as nearly all reads are: nothing is left to prove
        yield from _unknown_values(read, world, allowed)
        if read.name in world.raw:
            missing = [
                name for name, value in service.selector.items() if (name, "=", value) not in read.matchers
            ]
            yield from (f'reads {read.name} without the selector\'s "{name}"' for name in missing)


def _unknown_values(read: Reference, world: World, allowed: _Allowed) -> Iterator[str]:
    matchers = [matcher for matcher in read.matchers if matcher[0] != names.SERVICE]
    shape = matchers and (world.raw.get(read.name) or world.recorded.get(read.name))
    origins = dict(shape.labels) if shape else {}
    for label, op, value in matchers:
        values = allowed(origins.get(label))
        if values is not None and not _matches(op, value, values):
            yield f'matches {read.name} by {label}{op}"{value}", which it never has'


def _matches(op: str, value: str, allowed: frozenset[str]) -> bool:
    """Whether a matcher picks anything; one that leaves out may leave out what is not there."""
    if op == "=":
        return value in allowed
    return op != "=~" or any(re.fullmatch(value, one) for one in allowed)


def _of_groups(groups: tuple[RuleGroup, ...]) -> Iterator[str]:
    called = Counter(group.name for group in groups)
    yield from (f'{count} groups are called "{name}"' for name, count in called.items() if count > 1)
    yield from (
        f'group "{group.name}" has {len(group.rules)} rules, more than {LARGEST}'
        for group in groups
        if len(group.rules) > LARGEST
    )
    written = Counter(
        (rule.record, tuple(sorted(rule.labels.items())))
        for group in groups
        for rule in group.rules
        if isinstance(rule, RecordingRule)
    )
    yield from (
        f"{count} rules record {record} with the same labels"
        for (record, _), count in written.items()
        if count > 1
    )
