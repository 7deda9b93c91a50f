"""For each keyword of JSON Schema the words that tell of a value that fails it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.diagnostics.printable import quoted, shortened
from generator.diagnostics.suggest import closest, listed
from generator.spec.addresses import ADDRESS, address_help
from generator.spec.forms import NO_FORM, ONE_OF_KEYS, RIVAL_KEYS
from generator.spec.names import NAME, name_help
from generator.spec.nodes import Scalar
from generator.spec.schema_findings import KEY_NAME, MISSING_KEY, UNKNOWN_KEY
from generator.spec.schema_types import type_help, type_message, wanted_types
from generator.spec.schema_words import constant, example_of, meaning_of, value

if TYPE_CHECKING:
    from collections.abc import Callable

    from generator.spec.schema_case import Case


class Words(Struct, frozen=True):
    """The parts of a diagnostic that are words."""

    code: str
    message: str
    help: str


def _unknown_key(case: Case) -> Words:
    name, misfit = case.finding.name, case.finding.misfit
    where = f" in {case.subject}" if misfit.path else ""
    help_ = _known_keys(case, name, misfit.known_keys)
    return Words("schema/unknown-key", f"unknown key {quoted(name)}{where}", help_)


def _known_keys(case: Case, name: str, known: tuple[str, ...]) -> str:
    if not known:
        return "remove it: no key is known here"
    if match := closest(name, known):
        return f"did you mean {quoted(match)}?"
    if len(known) == 1:
        return f"the only key here is {_described(case, known[0]) or known[0]}"
    return f"known keys: {', '.join(known)}"


def _described(case: Case, key: str) -> str:
    """Say what a key is for, ``per_day: what it means; for example $200``; nothing where its schema says nothing."""
    schemas = case.key_schemas(key)
    meaning, example = meaning_of(schemas), example_of(schemas)
    described = "; ".join(filter(None, [meaning.removesuffix(".") if example else meaning, example]))
    return f"{key}: {described}" if described else ""


def _missing_key(case: Case) -> Words:
    name = case.finding.name
    help_ = _described(case, name) or f"write the key {quoted(name)} and its value"
    return Words("schema/missing-key", f"{case.subject} lacks the key {quoted(name)}", help_)


def _needed_key(case: Case) -> Words:
    pairs = [(key, name) for key, names in case.wanted.items() if key in case.instance for name in names]
    key, name = next(pair for pair in pairs if pair[1] not in case.instance)
    message = f"{case.subject} lacks the key {quoted(name)}, which {quoted(key)} needs"
    return Words("schema/missing-key", message, case.help or f"write the key {quoted(name)} and its value")


def _one_of_keys(case: Case) -> Words:
    message = f"{case.subject} needs one of these keys: {listed(case.wanted)}"
    return Words("schema/missing-key", message, case.help)


def _key_name(case: Case) -> Words:
    if case.finding.misfit.keyword == "maxLength":
        message = f"the key {quoted(case.finding.name)} has {len(case.instance)} characters"
        return Words("schema/key-name", message, f"use at most {case.wanted} characters")
    message = f"the key {quoted(case.finding.name)} is no valid name here"
    return Words("schema/key-name", message, case.help or "use another name")


def _type(case: Case) -> Words:
    types = wanted_types(case.wanted)
    # Where words say how to write a value and no pattern does, quotes mend nothing.
    pattern = case.finding.misfit.schema.get("pattern", None if case.advice else "")
    advice = type_help(types, case.node, pattern)
    if case.advice and "required" in case.finding.misfit.schema:
        advice = ""  # an empty mapping would not do
    help_ = "; ".join(filter(None, [advice, case.advice])) if advice else case.help
    return Words("schema/type", type_message(case.subject, types, case.node), help_)


def _enum(case: Case) -> Words:
    known = [constant(each) for each in case.wanted]
    match = closest(case.node.text, known) if isinstance(case.node, Scalar) else None
    suggestion = f"did you mean {quoted(match)}? " if match else ""
    message = f"{case.subject} may not be {value(case.node)}"
    return Words("schema/value", message, f"{suggestion}known values: {listed(known)}")


def _const(case: Case) -> Words:
    message = f"{case.subject} must be {constant(case.wanted)}, not {value(case.node)}"
    return Words("schema/value", message, case.help)


def _pattern(case: Case) -> Words:
    message = f"{case.subject} may not be {value(case.node)}"
    return Words("schema/value", message, _form_help(case) or "write it in another form")


def _form_help(case: Case) -> str:
    schema = case.finding.misfit.schema
    if schema.get("x-form") == ADDRESS:
        return address_help(case.instance, case.help)
    if schema.get("x-form") == NAME:
        return name_help(case.instance, schema, case.help)
    return case.help


def _range(relation: str) -> Callable[[Case], Words]:
    def words(case: Case) -> Words:
        message = f"{case.subject} must be {relation} {_plain(case.wanted)}, not {value(case.node)}"
        return Words("schema/range", message, case.help)

    return words


def _plain(bound: object) -> str:
    """A bound without an exponent, as an author would write it."""
    return f"{bound:.6f}".rstrip("0").rstrip(".") if isinstance(bound, float) else str(bound)


def _size(relation: str, one: str, many: str) -> Callable[[Case], Words]:
    def words(case: Case) -> Words:
        unit = one if case.wanted == 1 else many
        message = f"{case.subject} must have {relation} {case.wanted} {unit}, not {len(case.instance)}"
        return Words("schema/size", message, case.help)

    return words


def _fewest_keys(case: Case) -> Words:
    known = case.finding.misfit.known_keys
    message = _size("at least", "key", "keys")(case).message
    return Words("schema/size", message, f"known keys: {listed(known)}" if known else case.help)


def _duplicate(case: Case) -> Words:
    item = case.instance[case.finding.misfit.twins[1]]
    what = quoted(item) if isinstance(item, str) else shortened(str(item))
    return Words("schema/duplicate", f"{case.subject} holds {what} twice", "keep one of the two")


def _no_form(case: Case) -> Words:
    message = f"{case.subject} may not be {value(case.node)}"
    return Words("schema/value", message, case.help or " or ".join(case.wanted))


def _two_forms(case: Case) -> Words:
    required = [key for form in case.wanted if isinstance(form, dict) for key in form.get("required", ())]
    keys = [key for key in case.instance if key in required] if isinstance(case.instance, dict) else []
    return _rivals(case, keys) if keys else other(case)


def _rival_keys(case: Case) -> Words:
    return _rivals(case, case.wanted)


def _rivals(case: Case, keys: list[str]) -> Words:
    message = f"{case.subject} may have only one of these keys: {listed(keys)}"
    return Words("schema/form", message, case.help or "remove the others")


def other(case: Case) -> Words:
    """What to say of a keyword that is not in ``WORDS``."""
    message = f"{case.subject} is not allowed as it is written"
    return Words("schema/form", message, case.help or "compare it with the examples in the documentation")


WORDS: dict[str, Callable[[Case], Words]] = {
    UNKNOWN_KEY: _unknown_key,
    MISSING_KEY: _missing_key,
    "dependentRequired": _needed_key,
    ONE_OF_KEYS: _one_of_keys,
    KEY_NAME: _key_name,
    "type": _type,
    "enum": _enum,
    "const": _const,
    "pattern": _pattern,
    NO_FORM: _no_form,
    RIVAL_KEYS: _rival_keys,
    "oneOf": _two_forms,
    "minimum": _range("at least"),
    "maximum": _range("at most"),
    "exclusiveMinimum": _range("more than"),
    "exclusiveMaximum": _range("less than"),
    "multipleOf": _range("a multiple of"),
    "minLength": _size("at least", "character", "characters"),
    "maxLength": _size("at most", "character", "characters"),
    "minItems": _size("at least", "entry", "entries"),
    "maxItems": _size("at most", "entry", "entries"),
    "minProperties": _fewest_keys,
    "maxProperties": _size("at most", "key", "keys"),
    "uniqueItems": _duplicate,
}
