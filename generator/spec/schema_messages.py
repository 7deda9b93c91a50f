"""An error of a schema becomes a diagnostic: for each keyword of JSON Schema its message and its help."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from generator.diagnostics import Diagnostic, Note, Span, error
from generator.diagnostics.wording import closest, in_quotes, listed, quoted, shortened, together
from generator.spec.nodes import Mapping, Node, Scalar
from generator.spec.schema_errors import (
    KEY_NAME,
    MISSING_KEY,
    NO_FORM,
    ONE_OF_KEYS,
    RIVAL_KEYS,
    UNKNOWN_KEY,
    SchemaError,
    fits_pattern,
)
from generator.spec.schema_words import (
    ADDRESS,
    NAME,
    address_help,
    constant_in_words,
    example_of,
    expected_types,
    help_of,
    key_meant,
    kinds,
    listed_by_bullets,
    meaning_of,
    name_help,
    subject_in_words,
    type_help,
    type_message,
    written_value,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Mapping as Mapping_

    from generator.spec.document import Document
    from generator.spec.schema_validator import Schema


class ErrorContext(Struct, frozen=True):
    """A finding in its document, and the schema that it comes from."""

    finding: SchemaError
    document: Document
    schema: Schema

    @property
    def wanted(self) -> Any:  # noqa: ANN401 - the value of a keyword of JSON Schema
        """The value of the keyword that fails."""
        return self.finding.violation.wanted

    @property
    def instance(self) -> Any:  # noqa: ANN401 - whatever the document holds
        """The value that fails, plain."""
        return self.finding.violation.instance

    @property
    def subject(self) -> str:
        """The place of the value in words."""
        return subject_in_words(self.finding.violation.path)

    @property
    def node(self) -> Node:
        """The value as written."""
        return self.document.at(self.finding.violation.path)

    @property
    def help(self) -> str:
        """The schema's own words on how to write the value."""
        return help_of(self.schema.annotated(self.finding.violation.schema_path))

    @property
    def advice(self) -> str:
        """The part of ``help`` on how to write the value, without a description of the value."""
        schemas = self.schema.annotated(self.finding.violation.schema_path)
        return self.help if any("x-help" in each for each in schemas) else ""

    def key_schemas(self, key: str) -> list[dict[str, Any]]:
        """The schemas of a key of the value."""
        path = (*self.finding.violation.schema_path[:-1], "properties", key, "")
        return self.schema.annotated(path)

    @property
    def item_schemas(self) -> list[dict[str, Any]]:
        """The schemas of an entry of the value, where it is to be a list; none where any entry is right."""
        if "items" not in self.finding.violation.schema:
            return []
        return self.schema.annotated((*self.finding.violation.schema_path[:-1], "items", ""))


class Message(Struct, frozen=True):
    """The texts of a diagnostic."""

    code: str
    message: str
    help: str


def _unknown_key(case: ErrorContext) -> Message:
    name, violation = case.finding.name, case.finding.violation
    where = f" in {case.subject}" if violation.path else ""
    file = None if violation.path else case.schema.elsewhere.get(name)
    help_ = _instead(case, name) or (f"it belongs in {file}" if file else "")
    help_ = help_ or _known_keys(case, name, violation.known_keys)
    return Message("schema/unknown-key", f"unknown key {quoted(name)}{where}", help_)


def _known_keys(case: ErrorContext, name: str, known: tuple[str, ...]) -> str:
    if place := _place_of(case, name):
        return place
    if not known:
        return "remove it: no key is known here"
    if match := _meant_key(case, name, known):
        if match in case.instance:
            return f"remove it, or write what it says under {quoted(match)}, which is there already"
        return f"did you mean {quoted(match)}?"
    if len(known) == 1:
        return (
            _of_another_form(case, name) or f"the only key here is {_described(case, known[0]) or known[0]}"
        )
    return f"known keys: {', '.join(known)}"


def _place_of(case: ErrorContext, name: str) -> str:
    """Name the place in the file where a key belongs that stands in another; empty for any other key."""
    if key := _misplaced(case, name):
        return f"{key} is a key of the whole file: write it in the first column"
    parent = _parent(case, name)
    return f"it is a key of {parent}: write it there, as in {parent}: {{{name}: ...}}" if parent else ""


def _of_another_form(case: ErrorContext, name: str) -> str:
    """Name the form of the value that has such a key, where it may have several forms; empty for any other key."""
    schemas = case.schema.annotated(case.finding.violation.schema_path)
    form = next((each["x-form-beside"] for each in schemas if "x-form-beside" in each), None)
    if form is None:
        return ""
    if name in form["keys"]:
        return f"{quoted(name)} is a key of {form['of']}"
    match = closest(name, form["keys"])
    return f"did you mean {quoted(match)}, of {form['of']}?" if match else ""


def _instead(case: ErrorContext, name: str) -> str:
    """Explain what to write for a key that other tools have, with the written value; empty for any other."""
    schemas = case.schema.annotated(case.finding.violation.schema_path)
    text = next((each["x-instead"][name] for each in schemas if name in each.get("x-instead", ())), "")
    signal = str(case.finding.violation.path[-1]) if case.finding.violation.path else ""
    return text.replace(_BOUND, _bound(signal, case.instance[name]))


#: The place of a written value in a text of a schema.
_BOUND = "{<bound>}"


def _bound(signal: str, written: object) -> str:
    """Write an amount as the bound that it most likely is: a share, but for one of errors, is at least so large."""
    text = str(written)
    if not _AMOUNT.fullmatch(text):
        return "{min: 97%}"
    return f"{{min: {text}}}" if text.endswith("%") and "error" not in signal else f"{{max: {text}}}"


def _meant_key(case: ErrorContext, name: str, known: tuple[str, ...]) -> str | None:
    """Find the nearest key; first among those that may have the written value, if the name begins them."""
    written = case.instance[name]
    longer = (key for key in known if key.startswith(f"{name}_"))
    fitting = [key for key in longer if _may_be(written, case.key_schemas(key))]
    return fitting[0] if len(fitting) == 1 else closest(name, known)


_AMOUNT = re.compile(r"[$]?[0-9][0-9.]*[a-z%]*")
_OF_PYTHON = {str: "string", bool: "boolean", int: "number", float: "number", list: "array", dict: "object"}


def _may_be(written: object, schemas: list[dict[str, Any]]) -> bool:
    """Whether a key with these schemas may have a value of this type; a key without a type may have any."""
    types = next((expected_types(each["type"]) for each in schemas if "type" in each), None)
    return types is None or _OF_PYTHON.get(type(written)) in types


def _misplaced(case: ErrorContext, name: str) -> str:
    """Find a key of the whole file that is indented too far, or the mapping that stands under one."""
    path, keys = case.finding.violation.path, case.schema.keys
    if path and name in keys:
        return name
    parent = str(path[-1]) if len(path) > 1 and path[0] != "environments" else ""
    # A stream or a signal may have the name of a key that has no mapping, such as "run".
    return parent if parent in keys and _may_be({}, [keys[parent]]) else ""


def _parent(case: ErrorContext, name: str) -> str:
    """Find the key of the whole file under which a key belongs that stands beside it; empty where there is none."""
    if case.finding.violation.path:
        return ""
    below = (
        key
        for key in case.schema.keys
        if any(name in each.get("properties", ()) for each in case.key_schemas(key))
    )
    return next(below, "")


def _described(case: ErrorContext, key: str) -> str:
    """Describe a key, ``per_day: its meaning; for example $200``; empty where its schema has no description."""
    schemas = case.key_schemas(key)
    meaning, example = meaning_of(schemas), example_of(schemas)
    described = together(meaning.removesuffix(".") if example else meaning, example)
    return f"{key}: {described}" if described else ""


def _missing_key(case: ErrorContext) -> Message:
    name = case.finding.name
    help_ = (
        case.finding.violation.schema.get("x-whole")
        or _described(case, name)
        or f"write the key {quoted(name)} and its value"
    )
    return Message("schema/missing-key", f"{case.subject} lacks the key {quoted(name)}", help_)


def _needed_key(case: ErrorContext) -> Message:
    pairs = [(key, name) for key, names in case.wanted.items() if key in case.instance for name in names]
    key, name = next(pair for pair in pairs if pair[1] not in case.instance)
    message = f"{case.subject} lacks the key {quoted(name)}, which {quoted(key)} needs"
    return Message("schema/missing-key", message, case.help or f"write the key {quoted(name)} and its value")


def _one_of_keys(case: ErrorContext) -> Message:
    message = f"{case.subject} needs one of these keys: {listed(case.wanted)}"
    return Message("schema/missing-key", message, case.help)


def _key_name(case: ErrorContext) -> Message:
    if case.finding.violation.keyword == "maxLength":
        message = f"the key {quoted(case.finding.name)} has {len(case.instance)} characters"
        return Message("schema/key-name", message, f"use at most {case.wanted} characters")
    message = f"the key {quoted(case.finding.name)} is no valid name here"
    help_ = together(_key_meant(case), case.help)
    return Message("schema/key-name", message, help_ or "use another name")


#: Keys of these are labels of a service's series: an id is none in any spelling, so that none is proposed.
_OF_SERIES = frozenset({"labels", "segments"})


def _key_meant(case: ErrorContext) -> str:
    violation = case.finding.violation
    if violation.keyword != "pattern" or _OF_SERIES & set(violation.path[:1]):
        return ""
    meant = key_meant(case.finding.name, case.wanted)
    return f"write {meant}" if meant else ""


def _type(case: ErrorContext) -> Message:
    types = expected_types(case.wanted)
    help_ = _type_help(case, types) or case.help or f"write {kinds(types)}"
    return Message("schema/type", type_message(case.subject, types, case.node), help_)


def _type_help(case: ErrorContext, types: tuple[str, ...]) -> str:
    """The help for a value of a wrong type, from what is written; empty where that shows no intention."""
    if "object" in types and not case.advice and (entry := _as_entry(case)):
        return f"write {{{entry}}}"
    if "string" in types and (hidden := _hidden(case)):
        advice = f'"#" begins a comment: {hidden}'
    elif isinstance(case.node, Scalar) and case.node.value is None:
        return _help_for_nothing(case, types)
    else:
        # Where the help explains how to write a value and there is no pattern, quotes would not help.
        pattern = case.finding.violation.schema.get("pattern", None if case.advice else "")
        advice = type_help(types, case.node, pattern) or _as_list(case, types)
    return together(advice, case.advice) if advice else ""


def _help_for_nothing(case: ErrorContext, types: tuple[str, ...]) -> str:
    """The help for a key without a value: an empty mapping or list only where that is valid."""
    schemas = case.schema.annotated(case.finding.violation.schema_path)
    form = case.advice or _empty([case.finding.violation.schema, *schemas], types)
    if not form:
        example = example_of(schemas)
        form = ", ".join(filter(None, ["write a value", example]))
    if _is_needed(case):
        return form
    what = "the entry" if isinstance(case.finding.violation.path[-1], int) else "the key"
    return f"remove {what}, or {form}"


#: Keywords of a schema that an empty mapping or list breaks.
_NEEDS = frozenset({"required", "minProperties", "minItems", "oneOf", "anyOf"})


def _empty(schemas: Sequence[Mapping_[str, Any]], types: tuple[str, ...]) -> str:
    if any(_NEEDS & each.keys() for each in schemas):
        return ""
    if "object" in types:
        return "write {} for an empty mapping"
    return "write [] for an empty list" if "array" in types else ""


def _as_list(case: ErrorContext, types: tuple[str, ...]) -> str:
    """Write a single value as the list that it stands for, if it may be an entry."""
    node = case.node
    if "array" not in types or not isinstance(node, Scalar):
        return ""
    if bullets := listed_by_bullets(node.text):
        return f"write a list, with a hyphen before each entry, or in brackets: [{shortened(', '.join(bullets))}]"
    schemas = case.item_schemas
    patterns = [each["pattern"] for each in schemas if "pattern" in each]
    if not _may_be(node.value, schemas) or not all(fits_pattern(pattern, node.text) for pattern in patterns):
        return ""
    return f"write a list: [{in_quotes(node.text) if node.quoted else shortened(node.text)}]"


def _as_entry(case: ErrorContext) -> str:
    """Write a text as the entry of a mapping that it stands for: its only needed key, or a key that is true."""
    node, schema = case.node, case.finding.violation.schema
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        return ""
    if any(each.get("type") == "boolean" for each in case.key_schemas(node.value)):
        return f"{node.value}: true"
    needed = schema.get("required", ())
    if len(needed) != 1 or len(node.text.split()) > 1:
        return ""
    schemas = case.key_schemas(needed[0])
    patterns = [each["pattern"] for each in schemas if "pattern" in each]
    fits = _may_be(node.value, schemas) and all(fits_pattern(pattern, node.text) for pattern in patterns)
    return f"{needed[0]}: {in_quotes(node.text) if node.quoted else shortened(node.text)}" if fits else ""


def _is_needed(case: ErrorContext) -> bool:
    """Whether the mapping around a value requires its key."""
    *above, holder, key, _ = ("", "", *case.finding.violation.schema_path)
    if holder != "properties":
        return False
    return any(key in each.get("required", ()) for each in case.schema.annotated((*above[2:], holder)))


#: A comment of one word, which begins where the value of its line belongs.
_HIDDEN = re.compile(r":?[ \t]+(#[^\s#]\S*)[ \t]*(?:#.*)?")


def _hidden(case: ErrorContext) -> str:
    """Say how to write the value that a file has as a comment; empty where there is none that fits."""
    node = case.node
    if not isinstance(node, Scalar) or node.value is not None or node.text:
        return ""
    line = case.document.source.text.split("\n")[node.span.line - 1]
    found = _HIDDEN.fullmatch(line.rstrip("\r"), node.span.column - 1)
    pattern = case.finding.violation.schema.get("pattern", "")
    if found and fits_pattern(pattern, found[1]):
        return f"quote it if it is the value: {in_quotes(found[1])}"
    return f"write {found[1][1:]} without it" if found and fits_pattern(pattern, found[1][1:]) else ""


def _enum(case: ErrorContext) -> Message:
    known = [constant_in_words(each) for each in case.wanted]
    match = closest(case.node.text, known) if isinstance(case.node, Scalar) else None
    suggestion = f"did you mean {quoted(match)}? " if match else ""
    message = f"{case.subject} may not be {written_value(case.node)}"
    advice = "" if match or not case.advice else f"; {case.advice}"
    return Message("schema/value", message, f"{suggestion}known values: {listed(known)}{advice}")


def _const(case: ErrorContext) -> Message:
    message = f"{case.subject} must be {constant_in_words(case.wanted)}, not {written_value(case.node)}"
    return Message("schema/value", message, case.help)


def _pattern(case: ErrorContext) -> Message:
    message = f"{case.subject} may not be {written_value(case.node)}"
    return Message("schema/value", message, _form_help(case) or "write it in another form")


def _form_help(case: ErrorContext) -> str:
    schema = case.finding.violation.schema
    if schema.get("x-form") == ADDRESS:
        return address_help(case.instance, case.help)
    if schema.get("x-form") == NAME:
        return name_help(case.instance, schema, case.help)
    return case.help


def _range(relation: str) -> Callable[[ErrorContext], Message]:
    def words(case: ErrorContext) -> Message:
        bound = f"{relation} {constant_in_words(case.wanted)}"
        message = f"{case.subject} must be {bound}, not {written_value(case.node)}"
        return Message("schema/range", message, case.help or f"write a number that is {bound}")

    return words


def _size(relation: str, one: str, many: str) -> Callable[[ErrorContext], Message]:
    def words(case: ErrorContext) -> Message:
        unit = one if case.wanted == 1 else many
        message = f"{case.subject} must have {relation} {case.wanted} {unit}, not {len(case.instance)}"
        # The schema's help says how to write one entry, which is no way out of too many of them.
        has_too_many = many != "characters" and len(case.instance) > case.wanted
        help_ = "" if has_too_many else case.help
        return Message("schema/size", message, help_ or _size_help(case, one, many))

    return words


def _size_help(case: ErrorContext, one: str, many: str) -> str:
    """Return the size of the excess or the lack, if the schema has no help."""
    beyond = len(case.instance) - case.wanted
    count = case.wanted if beyond <= 0 else beyond
    unit = one if count == 1 else many
    if beyond <= 0:
        return f"write at least {count} {unit}, or leave the key out"
    return f"shorten it by {count} {unit}" if many == "characters" else f"leave out {count} {unit}"


def _fewest_keys(case: ErrorContext) -> Message:
    known = case.finding.violation.known_keys
    message = _size("at least", "key", "keys")(case).message
    return Message(
        "schema/size",
        message,
        f"known keys: {listed(known)}" if known else case.help or _size_help(case, "entry", "entries"),
    )


def _duplicate(case: ErrorContext) -> Message:
    item = case.instance[case.finding.violation.twins[1]]
    what = quoted(item) if isinstance(item, str) else shortened(str(item))
    return Message("schema/duplicate", f"{case.subject} holds {what} twice", "keep one of the two")


def _no_form(case: ErrorContext) -> Message:
    message = f"{case.subject} may not be {written_value(case.node)}"
    return Message("schema/value", message, case.help or " or ".join(case.wanted))


def _two_forms(case: ErrorContext) -> Message:
    required = [key for form in case.wanted if isinstance(form, dict) for key in form.get("required", ())]
    keys = [key for key in case.instance if key in required] if isinstance(case.instance, dict) else []
    return _rivals(case, keys) if keys else _other(case)


def _rival_keys(case: ErrorContext) -> Message:
    return _rivals(case, case.wanted)


def _rivals(case: ErrorContext, keys: list[str]) -> Message:
    message = f"{case.subject} may have only one of these keys: {listed(keys)}"
    return Message("schema/form", message, case.help or "remove the others")


def _other(case: ErrorContext) -> Message:
    """The message for a keyword that is not in ``_MESSAGES``."""
    message = f"{case.subject} is not allowed as it is written"
    return Message("schema/form", message, case.help or "compare it with the examples in the documentation")


_MESSAGES: dict[str, Callable[[ErrorContext], Message]] = {
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


_AT_KEY = frozenset({UNKNOWN_KEY, KEY_NAME, MISSING_KEY})


def place_of(document: Document, finding: SchemaError) -> Span:
    """The span of the wrong value when it is on one line, else of the key above it."""
    if finding.keyword == "uniqueItems":
        return document.at((*finding.path, finding.violation.twins[1])).span
    value = document.at(finding.path)
    if finding.keyword not in _AT_KEY and _is_on_one_line(value.span):
        return value.span
    return _first_key(document.key_at(finding.path)).span


def _is_on_one_line(span: Span) -> bool:
    return span.line == span.end_line and span.column < span.end_column


def _first_key(node: Node) -> Node:
    """The first key of a mapping that has no key above it: a document's root or a list's item."""
    if isinstance(node, Mapping):
        return next((entry.key for entry in node.entries.values()), node)
    return node


def diagnostic_of(document: Document, schema: Schema, span: Span, finding: SchemaError) -> Diagnostic:
    """The diagnostic for a finding at its place."""
    case = ErrorContext(finding, document, schema)
    words = _MESSAGES.get(finding.keyword, _other)(case)
    return error(words.code, words.message, span, words.help, *_notes(case))


def _notes(case: ErrorContext) -> tuple[Note, ...]:
    if case.finding.keyword != "uniqueItems":
        return ()
    first, _ = case.finding.violation.twins
    return (Note("it stands here first", case.document.at((*case.finding.path, first)).span),)
