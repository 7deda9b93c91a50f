"""Words for places, types, values and forms of text, for the errors of a schema."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from generator.diagnostics.wording import in_quotes, quoted, shortened, together
from generator.spec.nodes import YES_NO, Mapping, Node, Scalar, Sequence, Step
from generator.spec.schema_errors import fits_pattern
from generator.spec.source import at_colon
from generator.spec.yaml_restrictions import resolve_plain

if TYPE_CHECKING:
    import collections.abc
    from collections.abc import Collection, Iterable


_MAX_PATH = 120
_KINDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a mapping",
    "array": "a list",
    "null": "nothing",
}


def subject_in_words(path: Iterable[Step]) -> str:
    """A value's place as ``"labels.model[2]"``, or the document."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    dotted = "".join(steps).removeprefix(".")
    return quoted(dotted, _MAX_PATH) if dotted else "the document"


def kinds(types: Iterable[str]) -> str:
    """JSON Schema's types as ``a list or a mapping``."""
    *others, last = [_KINDS.get(each, each) for each in types]
    return f"{', '.join(others)} or {last}" if others else last


def written_value(node: Node) -> str:
    """Describe the written value: ``the text "six"``, ``1.10``, ``a list``."""
    if isinstance(node, Scalar):
        return f"the text {quoted(node.value)}" if isinstance(node.value, str) else shortened(node.text)
    return {Mapping: "a mapping", Sequence: "a list"}.get(type(node), "another value")


def constant_in_words(value_: object) -> str:
    """A constant of a schema as an author would write it."""
    if isinstance(value_, dict):
        return f"{{{', '.join(f'{key}: {constant_in_words(each)}' for key, each in value_.items())}}}"
    if isinstance(value_, list):
        return f"[{', '.join(map(constant_in_words, value_))}]"
    if isinstance(value_, float):
        return f"{Decimal(str(value_)).normalize():f}"  # without an exponent, as an author would write it
    return value_ if isinstance(value_, str) else json.dumps(value_)


#: The part of a description about a key that is not written.
_ABSENCE = re.compile(r" ?\b(?:Default|Missing): .*$")


def help_of(schemas: collections.abc.Sequence[dict[str, Any]]) -> str:
    """The way to write a value, from the annotations of the schemas that describe it, the referring one first."""
    for schema in schemas:
        if "x-help" in schema:
            return str(schema["x-help"])
    description = next((str(each["description"]) for each in reversed(schemas) if "description" in each), "")
    description = _ABSENCE.sub("", description)
    if example := example_of(schemas):
        return together(description.removesuffix("."), example)
    return description


def example_of(schemas: collections.abc.Sequence[dict[str, Any]]) -> str:
    """Examples of a value, ``for example 2.37, 3.5``; empty where no schema has examples."""
    shown = next((each["examples"] for each in schemas if "examples" in each), ())
    return f"for example {', '.join(map(constant_in_words, list(shown)[:3]))}" if shown else ""


def meaning_of(schemas: collections.abc.Sequence[dict[str, Any]]) -> str:
    """The meaning of a value, from the same annotations."""
    for keyword in ("description", "title"):
        for schema in schemas:
            if keyword in schema:
                return str(schema[keyword])
    return ""


#: The types that a plain value of YAML has, by its class in Python.
_TYPES_OF: dict[type, frozenset[str]] = {
    bool: frozenset({"boolean"}),
    int: frozenset({"integer", "number"}),
    float: frozenset({"number"}),
}


def expected_types(keyword_value: str | Collection[str]) -> tuple[str, ...]:
    """The value of the keyword ``type`` as a tuple."""
    return (keyword_value,) if isinstance(keyword_value, str) else tuple(keyword_value)


def type_message(subject: str, types: Collection[str], node: Node) -> str:
    """The message for a value of a wrong type."""
    if isinstance(node, Scalar) and node.value is None:
        return f"{subject} has no value; it must be {kinds(types)}"
    return f"{subject} must be {kinds(types)}, not {written_value(node)}"


def type_help(types: Collection[str], node: Node, pattern: str | None = "") -> str:
    """The help for a value of a wrong type, where the text shows the intention; else empty.

    ``pattern`` is the pattern of the text: quotes help only a text that matches it, and never where it is None.
    """
    if not isinstance(node, Scalar):
        return ""
    if not isinstance(node.value, str):
        mends = "string" in types and pattern is not None and fits_pattern(pattern, node.text)
        return f"quote it: {in_quotes(node.text)}" if mends else ""
    return _help_for_text(types, node)


#: What word processors make of a hyphen at the start of a line, and other signs of a list.
_BULLET = re.compile(r"(?:^|\s+)[\u2010-\u2015\u2212\u2022\u00b7*]\s+")


def listed_by_bullets(text: str) -> list[str]:
    """Split a text that was meant as a list, such as ``– a – b``; empty for any other text."""  # noqa: RUF002
    first, *entries = _BULLET.split(text)
    return [] if first else entries


def _help_for_text(types: Collection[str], node: Scalar) -> str:
    name, rest = at_colon(node.text)
    if "object" in types and rest and not node.quoted:
        return f"a space must follow the colon: {shortened(name)}: {shortened(rest)}"
    if {"integer", "number"} & set(types) and (plain := _plain_number(node.text)):
        return f"write {plain}"
    if "boolean" in types and node.text.lower() in YES_NO:
        return f"write {YES_NO[node.text.lower()]}"
    if node.quoted and _TYPES_OF.get(type(resolve_plain(node.text.strip())), frozenset()) & set(types):
        return f"leave out the quotes: {shortened(node.text.strip())}"
    return ""


#: Numbers with commas: thousands set apart, or a fraction.
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_DECIMAL = re.compile(r"[0-9]{1,12},[0-9]{1,6}")
_IN_DOLLARS = re.compile(r"\$([0-9]+(?:\.[0-9]+)?)")


def _plain_number(text: str) -> str:
    """A number with commas or a dollar sign as YAML writes it; empty for any other text."""
    if dollars := _IN_DOLLARS.fullmatch(text):
        return dollars[1]
    if _GROUPED.fullmatch(text):
        return text.replace(",", "")
    return text.replace(",", ".") if _DECIMAL.fullmatch(text) else ""


#: A capital within a word.
_HUMP = re.compile(r"[a-z0-9][A-Z]")


def key_meant(key: str, pattern: str) -> str:
    """Write a key in the form that its pattern wants, where only signs and case differ; else empty.

    Prometheus writes the names of discovered labels alike: ``k8s-app`` becomes ``k8s_app``. Names in capitals and
    underscores may be those of something else: an alert among objectives is no signal of that name.
    """
    words = re.findall(r"[A-Za-z0-9]+", key)
    if not words or key.startswith("_") or not _WORDS.fullmatch(key):
        return ""
    if any(_HUMP.search(word) for word in words):
        return ""
    camel = "" if "_" in key or len(words) == 1 else "".join(word[0].upper() + word[1:] for word in words)
    under, dashed = "_".join(words), "-".join(words)
    proposals = (under, under.lower(), dashed.lower(), camel)
    return next((each for each in proposals if fits_pattern(pattern, each)), "")


#: The value of ``x-form`` in a schema for a text that is an address.
ADDRESS = "address"

_START = re.compile(r"https?://")
#: The parts that may contain brackets or braces: a numeric host, and placeholders.
_AS_IT_IS = re.compile(r"(?<=://)\[[0-9A-Fa-f:.]+\]|\{(service|release)\}")
_NEVER = re.compile(r"[^!#%&()*+,./0-9:;=?@A-Z^_a-z|~-]")
_SHOWN = 3


def address_help(text: str, schema_help: str) -> str:
    """The help for a wrong address, from the text where it shows the error; else the schema's own help."""
    if not _START.match(text):
        return "write a whole address that begins with http:// or https://"
    known = re.findall(r"\{\w+\}", schema_help)
    doubled = next((each for each in known if re.search(rf"\{{\{{ *{each[1:-1]} *\}}\}}", text)), None)
    if doubled:
        return f"write single braces: {doubled}"
    if host := _ascii_host(text):
        return f"write the name of the host as DNS has it: {host}"
    filled_in = known or ("{service}", "{release}")
    unknown = next((each for each in re.findall(r"\{\w*\}", text) if each not in filled_in), None)
    if unknown:
        return f"{unknown} is not filled in: write {' or '.join(known)}" if known else schema_help
    characters = list(dict.fromkeys(_NEVER.findall(_AS_IT_IS.sub("", text))))
    if not characters or not all(each.isprintable() for each in characters):
        return schema_help
    encoded = ", ".join(f"{_name(each)} is {quote(each, safe='')}" for each in characters[:_SHOWN])
    return f"percent-encode what an address may not hold: {encoded}"


def _ascii_host(address: str) -> str:
    """Write the name of a host with other letters in the form that DNS has; empty where it needs none."""
    host = re.split(r"[/?#]", _START.sub("", address), maxsplit=1)[0].rpartition("@")[2]
    try:
        return "" if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        return ""


def _name(character: str) -> str:
    return "a space" if character == " " else character


#: The value of ``x-form`` in a schema for a text that is a name.
NAME = "name"

#: Text that may be meant as a name; for anything else there is no proposal.
_WORDS = re.compile(r"[A-Za-z0-9_.@/ ,;:!?&'()+-]{1,200}")
_BETWEEN = re.compile(r"[ ,;:!?&'()+-]+")


def name_help(text: str, schema: collections.abc.Mapping[str, Any], help_: str) -> str:
    """Describe the valid names, after a proposal that the schema accepts and that the author may have meant."""
    if not _WORDS.fullmatch(text):
        return help_
    dashed = _BETWEEN.sub("-", text).strip("-")
    proposals = (dashed, dashed.lower().replace("_", "-"))
    fitting = (each for each in proposals if fits_pattern(schema["pattern"], each))
    proposal = next((each for each in fitting if len(each) <= schema["maxLength"]), None)
    return f"write {proposal}; {help_}" if proposal else help_
