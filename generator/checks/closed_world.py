"""``internal/closed-world``: everything that a rule names must exist. A finding is a defect of the compiler.

No file of one service may break the others' alerts. A file may be loaded twice, or be written by hand, and Prometheus
fails a whole rule on one duplicate in a join; so shared rules read streams and constants inside an aggregation that
lists its labels, or where duplicates do no harm.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING

import promql_parser as grammar
from msgspec import Struct

from generator.checks import defects
from generator.checks.world import THIS, KnownRule, SharedWorld, World, buckets, nameless_selector, of_library
from generator.model import names
from generator.model.metrics import HISTOGRAM_SUFFIXES
from generator.model.rules import LARGEST, RecordingRule, RuleGroup, recording_rules
from generator.model.units import plain, scientific
from generator.promql.shape import Origin, Shape, constant_value, selected
from generator.promql.syntax import FILTERS, RANKED, Reference, operands, parse, references
from generator.streams.raw import bound_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from generator.checks.facts import ServiceFacts
    from generator.diagnostics import Diagnostic, Span
    from generator.model.rules import SharedRules
    from generator.model.service import Service
    from generator.promql.expr import Matcher
    from generator.promql.infer import Inferred, Join

    _Allowed = Callable[[Origin | None], frozenset[str] | None]

CODE = "internal/closed-world"
#: The matcher on a service's own name.
_OWN = (names.SERVICE, "=", THIS)
#: A query in a template, with escaped quotes; ``%q`` or ``%[1]q`` is a placeholder, and ``%[2]v`` one of a number.
_QUERY = re.compile(r'printf "((?:[^"\\]|\\.)+)" \$labels')
_VALUE = re.compile(r"%(?:\[\d+\])?q")
_NUMBER = re.compile(r"%\[\d+\]v")
_OF_SETS = {*FILTERS, "or"}


def check(facts: ServiceFacts) -> Iterator[Diagnostic]:
    """Check every rule of a service."""
    allowed = cache(partial(_allowed_values, service=facts.exposed))  # many rules have the same few origins
    for known in facts.world.own:
        for problem in _of_rule(known, facts, allowed):
            yield defects.of_rule(CODE, known, facts.service, problem)
    for groups in (facts.compiled.recording, facts.compiled.alerting):
        for problem in _of_groups(groups):
            yield defects.of_service(CODE, facts.service, problem)


def check_shared(rules: SharedRules, origins: Mapping[str, Span]) -> tuple[Diagnostic, ...]:
    """Check the rules that all services share, against streams and constants as any service may record them."""
    findings = [defects.of_shared_rule(CODE, one.known, origins, one.text) for one in _problems_of_all(rules)]
    for groups in (rules.recorders, rules.alerters):
        findings += [defects.of_shared_rules(CODE, origins, problem) for problem in _of_groups(groups)]
    return tuple(findings)


class Problem(Struct, frozen=True):
    """A problem of a shared rule."""

    known: KnownRule
    text: str


@lru_cache(maxsize=8)
def _problems_of_all(rules: SharedRules) -> tuple[Problem, ...]:
    """Find the problems of all shared rules; once for equal rules, which are one object."""
    return tuple(_of_shared(rules, rules.groups))


def variant_problems(rules: SharedRules) -> tuple[Problem, ...]:
    """Find the problems of the alerts that have another form in some services."""
    return tuple(_of_shared(rules, rules.variants))


def check_variants(problems: Iterable[Problem], service: Service) -> tuple[Diagnostic, ...]:
    """Report the problems of a service's variants."""
    return tuple(defects.of_rule(CODE, one.known, service, one.text) for one in problems)


def _of_shared(rules: SharedRules, groups: Iterable[RuleGroup]) -> Iterator[Problem]:
    """Find the problems of the shared rules in some groups."""
    chosen = {group.name for group in groups}
    everyone = of_library(rules)
    written = _written(everyone)
    for known in everyone.rules:
        if known.group in chosen:
            yield from (Problem(known, text) for text in _of_shared_rule(known, everyone, written))


def _written(everyone: SharedWorld) -> dict[str, list[Shape]]:
    """Collect the shapes of each record, from the rules and from services' files."""
    shapes = {name: [shape] for name, shape in (*everyone.written.items(), *everyone.builtin.items())}
    for known in everyone.rules:
        if isinstance(known.rule, RecordingRule):
            shapes.setdefault(known.rule.record, []).append(known.shape)
    return shapes


def _of_shared_rule(
    known: KnownRule, everyone: SharedWorld, written: Mapping[str, list[Shape]]
) -> Iterator[str]:
    if known.inferred is None:
        yield "does not parse"
        return
    yield from known.inferred.problems
    yield from _of_nothing(known)
    yield from _dependences(known.rule.expr, known.inferred, everyone.written.keys())
    yield from _unmatched(known.inferred.reads, written)
    if not isinstance(known.rule, RecordingRule):
        queried = tuple(_queried_selectors(known.rule.annotations))
        unknown = (read.name for read in queried if read.name not in written)
        yield from (f"asks for {name}, which nothing records" for name in unknown)
        yield from _unmatched(queried, written)
    yield from _of_name(known)


def _of_rule(known: KnownRule, facts: ServiceFacts, allowed: _Allowed) -> Iterator[str]:
    if known.inferred is None:
        yield "does not parse"
        return
    yield from _problems(known.inferred, facts.service, facts.world, allowed)
    yield from _of_nothing(known)
    if known.shape.exposed:
        yield "keeps the labels of instances"
    if isinstance(known.rule, RecordingRule):
        yield from _beside_its_record(known.rule, known.shape, facts.world)
    yield from _of_name(known)


def _of_nothing(known: KnownRule) -> Iterator[str]:
    if known.shape.nothing and known.inferred and not known.inferred.problems:
        yield "never gives anything, as nothing writes what it reads"


def _of_name(known: KnownRule) -> Iterator[str]:
    if not isinstance(known.rule, RecordingRule) and len(known.rule.alert) > names.LONGEST_ALERT_NAME:
        yield f"has a name of more than {names.LONGEST_ALERT_NAME} characters"


def _beside_its_record(rule: RecordingRule, inner: Shape, world: World) -> Iterator[str]:
    """Compare the records of a service's file with the shapes that the shared rules expect.

    The values of a label that no shared stream has are listed like those of others, but no shared rule reads them.
    """
    given = world.written.get(rule.record)
    if given is not None:
        listed = {rule.labels.get(names.LABEL, "")} if rule.record == names.LABEL_VALUE else set()
        for label in sorted(inner.names - given.names - listed):
            yield f'writes a label "{label}" that the shared rules do not know'


def _problems(inferred: Inferred, service: Service, world: World, allowed: _Allowed) -> Iterator[str]:
    yield from inferred.problems
    for read in inferred.reads:
        recorded = world.recorded.get(read.name)
        if recorded is not None and read.matchers == (_OWN,):
            continue  # true for nearly all reads: there is nothing left to check
        if not _is_foreign(read.name, service):  # foreign code may give labels any values
            yield from _unknown_values(read, world, allowed)
        if recorded is not None and names.SERVICE in recorded.names and _OWN not in read.matchers:
            yield f"reads {read.name} without a matcher on its own service"
        if read.name in world.raw:
            selector = nameless_selector(service).items()
            missing = [name for name, value in selector if (name, "=", value) not in read.matchers]
            yield from (f'reads {read.name} without the selector\'s "{name}"' for name in missing)


def _is_foreign(name: str, service: Service) -> bool:
    metrics = service.metrics
    exposed = (name, *(name.removesuffix(suffix) for suffix in HISTOGRAM_SUFFIXES))
    return any(one in metrics and metrics[one].foreign for one in exposed)


def _unknown_values(read: Reference, world: World, allowed: _Allowed) -> Iterator[str]:
    matchers = [matcher for matcher in read.matchers if matcher[0] != names.SERVICE]
    shape = matchers and (world.raw.get(read.name) or world.recorded.get(read.name))
    origins = dict(shape.labels) if shape else {}
    for label, op, value in matchers:
        values = allowed(origins.get(label))
        if values is not None and not _matches(op, value, values):
            yield f'matches {read.name} by {label}{op}"{value}", which it never has'


def _matches(op: str, value: str, allowed: frozenset[str]) -> bool:
    """Whether a matcher matches anything; a negative one may exclude values that do not exist."""
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
    written = Counter((rule.record, tuple(sorted(rule.labels.items()))) for rule in recording_rules(groups))
    yield from (
        f"{count} rules record {record} with the same labels"
        for (record, _), count in written.items()
        if count > 1
    )


def _allowed_values(origin: Origin | None, service: Service) -> frozenset[str] | None:
    """List the values of an origin; None when some are not listed, such as releases."""
    found: set[str] = set()
    for part in origin or ():
        values = _of_part(part, service)
        if values is None:
            return None
        found |= values
    return frozenset(found) if found else None


def _of_part(part: str, service: Service) -> set[str] | None:
    written = constant_value(part)
    if written is not None:
        return {written}
    if part in service.labels:
        return set(service.labels[part].values) or None
    for metric in service.metrics.values():
        if part == buckets(metric.name):
            return set(_spellings(metric.buckets))
    for stream in service.streams.values():
        if part == buckets(stream.stem):
            bounds = (bound_text(bound, source.unit) for source in stream.sources for bound in source.buckets)
            return {"+Inf", *bounds}
    return set()


def _spellings(bounds: tuple[float, ...]) -> Iterator[str]:
    """Spell bucket bounds as client libraries do."""
    yield "+Inf"
    for bound in bounds:
        yield plain(bound)
        yield f"{plain(bound)}.0"
        yield scientific(bound)


def _dependences(expr: str, inferred: Inferred, written: Collection[str]) -> Iterator[str]:
    """Describe where a shared rule depends on the file of a single service.

    Args:
        expr: The expression of the rule.
        inferred: The inferred result of the expression.
        written: The series that services' files record.
    """
    if any(read.name in written for read in inferred.reads):
        bare = (name for name in _bare(expr) if name in written)
        yield from (f"reads {name} outside an aggregation that lists its labels" for name in bare)
    named = (read.name for read in inferred.reads if any(map(_names_a_service, read.matchers)))
    yield from (f"reads {name} of one service by its name" for name in dict.fromkeys(named))
    if any(_joins_services(join) for join in inferred.joins):
        yield f'joins series of services without matching on "{names.SERVICE}"'


def _queried_selectors(annotations: Mapping[str, str]) -> Iterator[Reference]:
    """List the selectors of the queries in templates."""
    for text in annotations.values():
        for query in _QUERY.findall(text):
            filled = _NUMBER.sub("0", _VALUE.sub('""', query.replace('\\"', '"')))
            yield from references(filled)


def _unmatched(reads: Iterable[Reference], written: Mapping[str, Iterable[Shape]]) -> Iterator[str]:
    """Describe the reads that match no rule's output; ``written`` are the series of each rule by record.

    A matcher on a service is ignored: in a template it is filled in later.
    """
    for read in dict.fromkeys(reads):
        matchers = tuple(one for one in read.matchers if one[0] != names.SERVICE)
        shapes = [shape for shape in written.get(read.name, ()) if not shape.nothing]
        if shapes and all(selected(shape, matchers).nothing for shape in shapes):
            selector = ", ".join(f'{label}{op}"{value}"' for label, op, value in matchers)
            yield f"reads {read.name} by {selector}, which no rule writes"


def _names_a_service(matcher: Matcher) -> bool:
    """Whether a matcher selects one service; a matcher for any service, or for none, is allowed in all rules."""
    label, op, value = matcher
    return label == names.SERVICE and (op, value) not in {("!=", ""), ("=", "")}


def _joins_services(join: Join) -> bool:
    return join.on is not None and names.SERVICE in (join.left & join.right) - join.on


@lru_cache(maxsize=4096)
def _bare(expr: str) -> tuple[str, ...]:
    """List the series that are read neither inside an aggregation with labels nor to the right of a filter."""
    return tuple(dict.fromkeys(_bare_reads(parse(expr))))


def _bare_reads(root: grammar.Expr) -> Iterator[str]:
    stack = [(root, False)]
    while stack:
        node, safe = stack.pop()
        match node:
            case grammar.VectorSelector():
                if not safe:
                    yield node.name or ""
            case grammar.AggregateExpr():
                stack.append((node.expr, safe or _lists_labels(node)))
            case grammar.BinaryExpr():
                stack += [
                    (node.lhs, _stays(node, safe)),
                    (node.rhs, _stays(node, safe) or str(node.op) in FILTERS),
                ]
            case _:
                stack += ((operand, safe) for operand in operands(node))


def _stays(node: grammar.BinaryExpr, safe: bool) -> bool:  # noqa: FBT001 - what holds around it
    """Whether a side's duplicates are still only aggregated: set operators and numbers accept duplicates."""
    return safe and (str(node.op) in _OF_SETS or _is_number(node.lhs) or _is_number(node.rhs))


def _is_number(node: grammar.Expr) -> bool:
    match node:
        case grammar.NumberLiteral():
            return True
        case grammar.Call():
            return bool(node.func.return_type == grammar.ValueType.Scalar)
        case grammar.ParenExpr() | grammar.UnaryExpr():
            return _is_number(node.expr)
        case grammar.BinaryExpr():
            return _is_number(node.lhs) and _is_number(node.rhs)
        case _:
            return False


def _lists_labels(node: grammar.AggregateExpr) -> bool:
    modifier = node.modifier
    if modifier is None or modifier.type != grammar.AggModifierType.By or str(node.op) in RANKED:
        return False
    return bool(modifier.labels)
