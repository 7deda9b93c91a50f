"""Wrong versions of an alert: other bounds, comparisons, floors, windows and ``for``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.alerts.condition import HALF_EVENT
from generator.model.rules import RecordingRule
from generator.model.units import plain
from tests.prometheus.mutations import closing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from generator.model.rules import AlertingRule, RuleGroup

_COMPARED = re.compile(r"([<>]=?) (-?\d+(?:\.\d+)?(?:e[-+]?\d+)?)\b")
_JOINED = re.compile(r" (?:and|unless)(?: on \([^)]*\))? ")
_TURNED = {">": "<", "<": ">", ">=": "<=", "<=": ">="}
_HAIR = 0.04
#: A recorded standard score, the labels that select it, and the least one where the alert compares it.
_SCORE = re.compile(r"(\w+:\w+:sigmas\w+)\{([^}]*)\}( >= [\d.]+)?")
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_LEAST = re.compile(r"(?<=\)) >= [\d.]+")

Mutant = tuple[str, "AlertingRule"]


def alert_mutants(rule: AlertingRule, groups: Iterable[RuleGroup]) -> Iterator[Mutant]:
    """Make every wrong version, each with the name of the mistake and the changed part.

    Standard scores that ``groups`` record for the alert are a part of its condition, and get as many wrong versions.
    """
    text = _with_scores(" ".join(rule.expr.split()), groups)
    for found in _COMPARED.finditer(text):
        op, number = found.group(1), float(found.group(2))
        for other in _others(number, text[: found.start()]):
            if not _said_twice(text, found, other):
                what, mutant = _changed(
                    rule, f"bound {found.group()} to {other:g}", text, found, f"{op} {other!r}"
                )
                yield what, replace(mutant, expr=_allowing(mutant.expr, number, other))
        yield _changed(rule, f"comparison {found.group()}", text, found, f"{_TURNED[op]} {found.group(2)}")
    for found in _JOINED.finditer(text):
        end = _operand(text, found.end())
        wrong = text[: found.start()] + text[end:]
        yield f"dropped {text[found.start() : end]}", replace(rule, expr=wrong)
    for found in re.finditer(r" offset (\w+)", text):
        yield _changed(rule, f"no{found.group()}", text, found, "")
    for found in re.finditer(r"(error_ratio|errors)(\d+\w)", text):
        instead = "30m" if found.group(2) != "30m" else "5m"
        yield _changed(rule, f"window {found.group()}", text, found, f"{found.group(1)}{instead}")
    yield from _of_chance_and_time(rule, text)
    if rule.for_ > 60:
        yield "no for", replace(rule, for_=0)
    if rule.for_:
        yield "twice the for", replace(rule, for_=2 * rule.for_ + 180)
    yield "kept firing for a day", replace(rule, keep_firing_for=86_400)


def _with_scores(text: str, groups: Iterable[RuleGroup]) -> str:
    """Replace recorded scores by their expressions, each with the least score that the alert compares it with."""
    recorded = {
        (rule.record, frozenset(rule.labels.items())): " ".join(rule.expr.split())
        for group in groups
        for rule in group.rules
        if isinstance(rule, RecordingRule)
    }

    def expression(found: re.Match[str]) -> str:
        labels = frozenset(_LABEL.findall(found.group(2)))
        written = recorded[found.group(1), labels]
        if found.group(3):
            return f"({_LEAST.sub(found.group(3), written, count=1)})"
        return f"({written})"

    return _SCORE.sub(expression, text)


def _of_chance_and_time(rule: AlertingRule, text: str) -> Iterator[Mutant]:
    """Change the allowance for chance, and shorten or lengthen the longer windows."""
    for found in re.finditer(r"\b([2-4]) \* sqrt", text):
        for sigmas in (float(found.group(1)) - 0.5, float(found.group(1)) + 0.5):
            yield _changed(rule, f"{sigmas} sigmas ({found.start()})", text, found, f"{sigmas} * sqrt")
    for found in re.finditer(r"last_over_time\(([^][()]+)\[\w+\]\)", text):
        yield _changed(rule, f"not the last {found.group(1)}", text, found, found.group(1))
    # A part implied by another part of the same condition is changed with it.
    for side, time in dict.fromkeys(re.findall(r":(bad|all)(45m|1h30m|3h)\b", text)):
        instead = "3h" if time == "1h30m" else "1h30m"
        wrong = text.replace(f":{side}{time}", f":{side}{instead}")
        yield f"{side}{instead} for {side}{time}", replace(rule, expr=wrong)


def _others(number: float, before: str) -> tuple[float, ...]:
    """Choose other bounds: for a count one more or less, else a few per cent."""
    if not number:
        return ()
    if number % 1 == HALF_EVENT or re.match(r"\(?count\b", before):
        return (number - 1, number + 1)
    return (number * (1 - _HAIR), number * (1 + _HAIR))


def _allowing(text: str, bound: float, other: float) -> str:
    """Change the allowed bad events of the guard along with the bound: the two are equivalent."""
    for share, instead in ((bound, other), (1 - bound, 1 - other)):
        written = re.escape(plain(round(share, 9)))
        text = re.sub(rf"(?<=[-)] ){written}(?= \*|\))", repr(instead), text)
    return text


def _said_twice(text: str, found: re.Match[str], other: float) -> bool:
    """Whether a quantile's looser bound is covered by its guard: more than 5 % beyond a bucket is a p95 beyond it."""
    return found.start() < text.find('le="+Inf"') and " offset " not in text and other < float(found.group(2))


def _changed(rule: AlertingRule, what: str, text: str, found: re.Match[str], new: str) -> Mutant:
    return what, replace(rule, expr=text[: found.start()] + new + text[found.end() :])


def _operand(text: str, start: int) -> int:
    """Find the end of an operand of ``and``: before the next one of its depth, or at its closing parenthesis."""
    depth, end = 0, closing(text, start)
    for place in range(start, end):
        depth += {"(": 1, "{": 1, "[": 1, ")": -1, "}": -1, "]": -1}.get(text[place], 0)
        if depth == 0 and re.match(r" (?:and|or|unless)\b", text[place:]):
            return place
    return end
