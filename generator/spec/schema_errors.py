"""Violations of a JSON Schema become errors: one for each thing that the author must change.

Where a value has several forms, the form that the author most likely meant is chosen. A violation of a whole is dropped
when a violation of one of its parts explains it. A missing key is dropped when it is mistyped, or when another key
takes its only place.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from generator.diagnostics.wording import closest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from generator.spec.nodes import Step


def fits_pattern(pattern: str, text: str) -> bool:
    """Whether a text matches a JSON Schema pattern; Python's ``$`` would also match before a last line break."""
    ends = pattern.endswith("$") and not pattern.endswith(r"\$")
    return re.search(pattern[:-1] + r"\Z" if ends else pattern, text) is not None


def twins(items: list[Any]) -> tuple[int, int] | None:
    """The indices of the first pair of equal items in a list, in order."""
    seen: dict[str, int] = {}
    for index, item in enumerate(items):
        first = seen.setdefault(json.dumps(_canonical(item), sort_keys=True), index)
        if first != index:
            return first, index
    return None


def _canonical(item: object) -> object:
    """The same for equal values: 1 and 1.0 are equal to JSON Schema."""
    if isinstance(item, dict):
        return {key: _canonical(value) for key, value in item.items()}
    if isinstance(item, list):
        return [_canonical(each) for each in item]
    return int(item) if isinstance(item, float) and item.is_integer() else item


class Violation(Struct, frozen=True):
    """One keyword of a schema that a value fails.

    ``path`` leads to the value from the document's root, ``schema_path`` to the keyword from the schema's.
    ``keyword`` is empty for a place where nothing is allowed, ``wanted`` is the keyword's value, and ``schema``
    contains it. ``forms`` has the violations of each form when none of several (``anyOf``, ``oneOf``) fits.
    """

    keyword: str
    path: tuple[Step, ...]
    schema_path: tuple[Step, ...]
    instance: Any
    wanted: Any
    schema: Mapping[str, Any]
    forms: tuple[tuple[Violation, ...], ...] = ()

    @property
    def known_keys(self) -> tuple[str, ...]:
        """The keys that its schema names."""
        return tuple(self.schema.get("properties", ()))

    @property
    def extra_keys(self) -> tuple[str, ...]:
        """The keys of the value that its schema neither names nor describes by a pattern."""
        patterns = tuple(self.schema.get("patternProperties", ()))
        unnamed = (key for key in self.instance if key not in self.known_keys)
        return tuple(key for key in unnamed if not any(re.search(pattern, key) for pattern in patterns))

    @property
    def twins(self) -> tuple[int, int]:
        """The indices of two equal items, for a list that has some."""
        return twins(self.instance) or (0, 0)

    @property
    def missing_keys(self) -> tuple[str, ...]:
        """The keys that it requires and the value lacks."""
        return tuple(key for key in self.wanted if key not in self.instance)


Form: TypeAlias = "tuple[Violation, ...]"
# Keywords of our own, for errors that JSON Schema reports for each form separately.
ONE_OF_KEYS = "one of these keys"
RIVAL_KEYS = "keys of several forms"
NO_FORM = "none of these forms"


def _leaves(violation: Violation) -> Iterator[Violation]:
    """The violations that the author must fix: those of the intended form where there are several."""
    if not violation.forms:
        yield violation
        return
    likely = [form for form in violation.forms if not any(_is_other_kind(violation, each) for each in form)]
    if not likely:
        yield replace(violation, keyword="type", wanted=_kinds(violation), forms=())
        return
    least = min(map(_distance, likely))
    best = [form for form in likely if _distance(form) == least]
    if len(best) > 1:
        yield _undecided(violation, best)
        return
    for each in best[0]:
        yield from _leaves(each)


def _distance(form: Form) -> tuple[int, int, int, int]:
    """The distance of a value from a form: other constants, unknown keys, missing keys, other violations."""
    constants = sum(each.keyword == "const" for each in form)
    unknown = sum(len(each.extra_keys) for each in form if each.keyword == "additionalProperties")
    missing = sum(each.keyword == "required" for each in form)
    return constants, unknown, missing, len(form)


def _is_other_kind(whole: Violation, each: Violation) -> bool:
    """Whether a value is not even of the type (text, list, ...) that the form wants."""
    if each.path != whole.path:
        return False
    if each.forms:
        return all(any(_is_other_kind(each, part) for part in form) for form in each.forms)
    is_listing = each.keyword in {"enum", "const"}
    return each.keyword == "type" or (is_listing and isinstance(each.instance, dict | list))


def _kinds(violation: Violation) -> list[str]:
    kinds = [kind for form in violation.forms for each in form for kind in _kinds_of(violation, each)]
    return list(dict.fromkeys(kinds))


def _kinds_of(whole: Violation, each: Violation) -> list[str]:
    if not _is_other_kind(whole, each):
        return []
    if each.forms:
        return _kinds(each)
    if each.keyword == "type":
        return [each.wanted] if isinstance(each.wanted, str) else list(each.wanted)
    return ["string"]


def _undecided(whole: Violation, best: list[Form]) -> Violation:
    """One violation that represents several forms that are equally near."""
    every = [each for form in best for each in form]
    constants = [each for each in every if each.keyword == "const"]
    if constants and {each.path for each in constants} == {constants[0].path}:
        return replace(constants[0], keyword="enum", wanted=[each.wanted for each in constants])
    own = [each for each in every if each.path == whole.path]
    closed = [each for each in own if each.keyword == "additionalProperties"]
    required = [key for each in own if each.keyword == "required" for key in each.missing_keys]
    if closed:
        return _closed(whole, closed)
    if required:
        return replace(whole, keyword=ONE_OF_KEYS, wanted=list(dict.fromkeys(required)), forms=())
    helps = [each.schema["x-help"] for each in own if "x-help" in each.schema]
    return replace(whole, keyword=NO_FORM, wanted=helps, forms=())


def _closed(whole: Violation, closed: list[Violation]) -> Violation:
    """Report a key that several forms refuse: it is unknown to all, or the keys belong to different forms."""
    known: dict[str, Any] = {key: {} for each in closed for key in each.known_keys}
    schema = {**whole.schema, "properties": known}
    unknown = replace(whole, keyword="additionalProperties", wanted=False, schema=schema, forms=())
    if unknown.extra_keys:
        return unknown
    rivals = {key for each in closed for key in each.extra_keys}
    wanted = [key for key in whole.instance if key in rivals]
    return replace(whole, keyword=RIVAL_KEYS, wanted=wanted, forms=())


UNKNOWN_KEY = "additionalProperties"
MISSING_KEY = "required"
KEY_NAME = "propertyNames"
#: What another finding explains: numbers in place of texts are equal where the texts, such as 4.1 and 4.10, are not.
_COARSE = frozenset(
    {
        "oneOf",
        "not",
        "contains",
        "minProperties",
        "uniqueItems",
        "dependentRequired",
        ONE_OF_KEYS,
        RIVAL_KEYS,
        NO_FORM,
    }
)


class SchemaError(Struct, frozen=True):
    """A violation to report; ``name`` is the unknown, missing or misnamed key."""

    keyword: str
    violation: Violation
    name: str = ""

    @property
    def path(self) -> tuple[Step, ...]:
        """The path to the part to change: an unknown or misnamed key, or else the value."""
        at_key = self.keyword in {UNKNOWN_KEY, KEY_NAME}
        return (*self.violation.path, self.name) if at_key else self.violation.path


def schema_errors(violations: Iterable[Violation]) -> list[SchemaError]:
    """The errors to report for a validator's violations, each once."""
    every = [
        finding for violation in violations for leaf in _leaves(violation) for finding in _findings(leaf)
    ]
    once = {(each.keyword, each.path, each.name or repr(each.violation.wanted)): each for each in every}
    return _without_mistyped(_without_explained(list(once.values())))


def _findings(violation: Violation) -> Iterator[SchemaError]:
    if violation.keyword == UNKNOWN_KEY:
        yield from (SchemaError(UNKNOWN_KEY, violation, key) for key in violation.extra_keys)
    elif violation.keyword == MISSING_KEY:
        yield from (SchemaError(MISSING_KEY, violation, key) for key in violation.missing_keys)
    elif KEY_NAME in violation.schema_path and isinstance(violation.instance, str):
        yield SchemaError(KEY_NAME, violation, violation.instance)
    else:
        yield SchemaError(violation.keyword, violation)


def _without_explained(findings: list[SchemaError]) -> list[SchemaError]:
    explained = {each.path[:depth] for each in findings for depth in range(len(each.path))}
    explained |= {each.path for each in findings if each.keyword == "type"}
    return [each for each in findings if each.keyword not in _COARSE or each.path not in explained]


def _without_mistyped(findings: list[SchemaError]) -> list[SchemaError]:
    unknown: dict[tuple[Step, ...], list[str]] = {}
    for each in findings:
        if each.keyword == UNKNOWN_KEY:
            unknown.setdefault(each.violation.path, []).append(each.name)
    return [each for each in findings if not _is_mistyped(each, unknown.get(each.path, []))]


def _is_mistyped(finding: SchemaError, unknown: list[str]) -> bool:
    if finding.keyword != MISSING_KEY or not unknown:
        return False
    return len(finding.violation.known_keys) == 1 or closest(finding.name, unknown) is not None
