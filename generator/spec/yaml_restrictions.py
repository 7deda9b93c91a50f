"""The parts of YAML that specs do not have, and the traps of flow collections; a check for each.

The rule for plain (unquoted) scalars is narrower than YAML's: a text that two readers of YAML could read as two
different values is refused. ``true``, ``false``, ``null`` (in YAML's three spellings) and JSON's numbers are values,
``no`` and ``on`` are text, and ``0755``, ``5:30``, ``10_000`` or a date must be quoted or written as a plain number.

In the flow collection ``{a: b, c}`` the comma makes ``c`` a key, ``{a:1}`` has one key, ``a:1``, and ``[a b]`` has one
value.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.diagnostics import Diagnostic, Note, Span, error, warning
from generator.diagnostics.wording import MAX_QUOTED, in_quotes, quoted, shortened, visible
from generator.spec.events import EventKind, YamlEvent
from generator.spec.nodes import KeyValue, Mapping, Node, Scalar, Value
from generator.spec.source import FORBIDDEN, at_colon, rest_of_line, start_of_line
from generator.spec.yaml_errors import block_help, with_colon

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


#: Prometheus and JSON hold numbers as doubles: beyond this an integer is rounded.
MAX_INTEGER = 2**53

_CONSTANTS: dict[str, Value] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_TIME = r"[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?[ \t]*(?:Z|[-+][0-9]{1,2}(?::?[0-9]{2})?)?"
_DATE = rf"[0-9]{{4}}-[0-9]{{1,2}}-[0-9]{{1,2}}(?:(?:[Tt]|[ \t]+){_TIME})?"
_AMBIGUOUS = (
    (r"[-+]?(?:0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+)", "is a number in another base to some readers"),
    (r"[-+]?[0-9][0-9_]*(?::(?:[0-5][0-9]?|[6-9]))+(?:\.[0-9_]*)?", "is a number in base 60 to some readers"),
    (r"[-+]?0[0-9]+", "is an octal number to some readers"),
    (r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?", "is an unusual way to write a number"),
    (
        r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?",
        "is a number to some readers and text to others",
    ),
    (_DATE, "is a date to some readers"),
)
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


class Refusal(Struct, frozen=True):
    """The reason why a plain scalar has no value: the parts of a diagnostic."""

    code: str
    message: str
    help: str


def resolve_plain(text: str) -> Value | Refusal:
    """The value of an unquoted scalar, or the reason why it has none."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _NUMBER.fullmatch(text):
        return _number(text)
    if _NOT_FINITE.fullmatch(text):
        return Refusal("yaml/not-finite", f"{text} is not a finite number", "write a finite number")
    for pattern, reason in _AMBIGUOUS:
        if re.fullmatch(pattern, text):
            return _ambiguous(text, reason)
    return text


def is_date(text: str) -> bool:
    """Whether some YAML readers take an unquoted scalar for a date or a timestamp."""
    return re.fullmatch(_DATE, text) is not None


def _number(text: str) -> Value | Refusal:
    digits_limit = len(str(MAX_INTEGER)) + 1
    if _INTEGER.fullmatch(text):
        if len(text) <= digits_limit and abs(int(text)) <= MAX_INTEGER:
            return int(text)
        return _out_of_range(text)
    value = float(text)
    vanished = value == 0 and re.search("[1-9]", re.split("[eE]", text)[0])
    return _out_of_range(text) if math.isinf(value) or vanished else value


def _out_of_range(text: str) -> Refusal:
    message = f"the number {shortened(text)} is too large or too small to be held exactly"
    return Refusal("yaml/number-range", message, "quote it if it is text, such as an id or a commit")


def _ambiguous(text: str, reason: str) -> Refusal:
    message = f"{shortened(text)} {reason}"
    help_ = f"quote it if it is text: {in_quotes(text)}"
    plain = _plain_number(text)
    if plain:
        help_ += f"; write {plain} if it is a number"
    return Refusal("yaml/ambiguous-scalar", message, help_)


def _plain_number(text: str) -> str:
    """The decimal number that the author most likely meant, or empty."""
    match = re.fullmatch(r"\+?(-?)0*([0-9_]*)(?:\.([0-9_]*))?", text[: MAX_QUOTED + 1])
    if match is None or len(text) > MAX_QUOTED:
        return ""
    sign, whole, fraction = (part.replace("_", "") for part in match.groups(default=""))
    return f"{sign}{whole or '0'}{'.' + fraction if fraction else ''}"


_WORD = re.compile(r"[^\s,\[\]{}]+")
#: Thousands separated by commas.
_GROUPED = re.compile(r"(?<![\w.,])[$€£]?\d{1,3}(,\d{3})+(?!\d)[\w.%]*")
#: A fraction separated by a comma.
_DECIMAL = re.compile(r"(?<![\w.,])[$€£]?\d+,\d{1,6}(?!\d)[\w%]*")
_BLOCKS = frozenset("|>")


def properties(event: YamlEvent, text: str) -> Iterator[Diagnostic]:
    """An alias; an anchor or a tag on a node."""
    if event.kind is EventKind.ALIAS:
        yield _property("yaml/alias", f"*{event.anchor}", "an alias", event)
    elif event.anchor is not None:
        yield _property("yaml/alias", f"&{event.anchor}", "an anchor", event)
    if event.tag is not None:
        word = _WORD.match(text, event.index)
        yield _property("yaml/tag", word.group() if word else "!", "a tag", event)


def _property(code: str, word: str, what: str, event: YamlEvent) -> Diagnostic:
    message = f"{shortened(word)} is {what}, and a spec has none"
    help_ = f"write the value out, or quote it if it is text: {in_quotes(f'{word} {event.text}'.strip())}"
    return error(code, message, _from_start(event, len(word)), help_)


def check_escapes(event: YamlEvent, text: str) -> Iterator[Diagnostic]:
    """Check a quoted text or a block for control characters written as escapes, and for a block without text."""
    hidden = FORBIDDEN.search(event.text.replace("\r", "\0"))
    if hidden:
        message = f"character {quoted(visible(event.text[hidden.start()]))} is not allowed in text"
        yield error("source/control-character", message, event.span, "leave out the escape that writes it")
    if event.style in _BLOCKS and not event.text.strip():
        header = rest_of_line(text, event.index)
        message = f"an unquoted {quoted(event.style)} begins a block of text, and the block is empty"
        help_ = block_help(header)
        yield error("yaml/block-scalar", message, _from_start(event, len(header)), help_)


#: What other tools fill in, such as Helm; to YAML it is a mapping in a mapping.
_TEMPLATE = re.compile(r"\{\{.*?\}\}")


def key_type(event: YamlEvent, text: str) -> Diagnostic:
    """Report a key that is not text."""
    if event.kind is not EventKind.SCALAR:
        what = "list" if event.kind is EventKind.SEQUENCE else "mapping"
        template = _TEMPLATE.match(rest_of_line(text, max(0, event.index - 1)))
        help_ = "write a key that is text"
        if template:
            help_ = (
                f"nothing fills in a template: write the value itself, or quote it: {in_quotes(template[0])}"
            )
        return error("yaml/key-type", f"a {what} cannot be a key", event.span, help_)
    if not event.text:
        return error("yaml/key-type", "the key before the colon is missing", event.span, "write a key")
    message = f"the key {shortened(event.text)} is not text"
    if amount := _split_amount(event, text):
        help_ = f"YAML ends a value at a comma: write {amount}"
    else:
        help_ = f"quote it: {in_quotes(event.text)}"
    return error("yaml/key-type", message, event.span, help_)


def _split_amount(event: YamlEvent, text: str) -> str:
    """An amount such as ``$1,500`` without its commas, where a key is a part of one; else empty."""
    start = event.index - len(start_of_line(text, event.index))
    line = start_of_line(text, event.index) + rest_of_line(text, event.index)
    for pattern, instead in ((_GROUPED, ""), (_DECIMAL, ".")):
        for each in pattern.finditer(line):
            if each.start() < event.index - start < each.end():
                return shortened(each.group().replace(",", instead))
    return ""


def merge_key(event: YamlEvent) -> Diagnostic:
    """The key that merges another mapping into this one."""
    message = "<< merges another mapping, and a spec has no merge keys"
    return error("yaml/merge-key", message, event.span, "write the keys out")


def duplicate_key(again: KeyValue, first: KeyValue) -> Diagnostic:
    """Report a key that is written twice in one mapping."""
    key = again.key
    message = f"key {quoted(key.text)} is written twice"
    note = Note("it stands here first", first.key.span)
    return error("yaml/duplicate-key", message, key.span, _one_of(first.value, again.value), note)


def _one_of(first: Node, again: Node) -> str:
    """Explain what to do with two values of a key: of two mappings, neither needs to lose its entries."""
    if not (isinstance(first, Mapping) and isinstance(again, Mapping)):
        return "keep one of the two"
    if first.entries.keys() & again.entries.keys():
        return "keep one of the two, or join their entries under one key"
    return "join the two: write all their entries under one key"


#: A key before a mapping in braces, without the colon between them: YAML takes the brace for a part of the key.
_KEY_AND_BRACE = re.compile(r"(?P<key>[A-Za-z_][\w.-]*)[ \t]+\{.*")


def brace_in_key(event: YamlEvent, text: str) -> Diagnostic | None:
    """Report a key such as ``latency_p95 {max``, which lacks its own colon; None for any other key."""
    pair = None if event.style else _KEY_AND_BRACE.fullmatch(event.text)
    if pair is None:
        return None
    line = rest_of_line(text, event.index)
    whole = f"{pair['key']}: {line[line.index('{') :].rstrip()}"
    message = f"no colon stands between the key {quoted(pair['key'])} and its mapping"
    return error("yaml/syntax", message, event.span, f"write a colon after the key: {shortened(whole)}")


def second_document(event: YamlEvent) -> Diagnostic:
    """A document after the first."""
    help_ = "keep one document a file: move this one to a file of its own"
    return error("yaml/multi-document", "a second document begins here", event.span, help_)


def _from_start(event: YamlEvent, length: int) -> Span:
    span = event.span
    return Span(span.file, span.line, span.column, span.line, span.column + length)


_DIGITS = re.compile(r"\d{1,3}")
_WHOLE = re.compile(r"[$€£]?\d{1,12}")
_FRACTION = re.compile(r"\d{1,6} ?[A-Za-z%]*")
_THOUSANDS = re.compile(r"(\d{3}, )*\d{3}[A-Za-z%]*")


#: A label as PromQL selects it.
_EQUATION = re.compile(r"""(?P<name>[A-Za-z_]\w*)\s*=~?\s*["']?(?P<value>[^"']+)["']?""")


def missing_values(entries: Sequence[KeyValue]) -> Iterator[Diagnostic]:
    """Report the keys of a flow mapping without a value, once for keys that follow each other."""
    before: KeyValue | None = None
    for index, entry in enumerate(entries):
        if _is_missing(entry.value) and not (before and _is_missing(before.value)):
            yield _missing(before, entry.key, _run(entries[index:]))
        before = entry


def missing_commas(items: Sequence[Node]) -> Iterator[Diagnostic]:
    """Report values of a flow sequence that may be several; quoted ones are intended as one."""
    for item in items:
        if isinstance(item, Scalar) and not item.quoted and len(words := item.text.split()) > 1:
            yield warning(
                "yaml/flow-space",
                f"{quoted(item.text)} is one value",
                item.span,
                f"write a comma between values: {shortened(', '.join(words))}; quote it if it is one: "
                f"{in_quotes(item.text)}",
            )


def _run(entries: Sequence[KeyValue]) -> str:
    """The text that the keys without a value form together, up to the next key with a value."""
    end = next((i for i, entry in enumerate(entries) if not _is_missing(entry.value)), len(entries))
    return ", ".join(entry.key.text for entry in entries[:end])


def _is_missing(node: Node) -> bool:
    return isinstance(node, Scalar) and not node.quoted and not node.text


def _joined(value: Scalar, text: str) -> str:
    """An amount whose rest after a comma is ``text``, without the comma: ``1,500ms`` or ``99,5%``; else empty."""
    if value.quoted:
        return ""
    if _DIGITS.fullmatch(value.text) and _THOUSANDS.fullmatch(text):
        return value.text + text.replace(", ", "")
    fraction = text.partition(",")[0]
    is_decimal = _WHOLE.fullmatch(value.text) and _FRACTION.fullmatch(fraction)
    return f"{value.text}.{fraction.replace(' ', '')}" if is_decimal else ""


def _missing(before: KeyValue | None, key: Scalar, text: str) -> Diagnostic:
    message = f"{quoted(key.text)} has no value"
    name, rest = at_colon(key.text)
    value = before.value if before else None
    if rest:
        help_ = f"a space must follow the colon: {shortened(name)}: {shortened(rest)}"
    elif isinstance(value, Scalar) and (amount := _joined(value, text)):
        help_ = f"YAML ends a value at a comma: write {shortened(amount)}"
    elif before and isinstance(value, Scalar) and not value.quoted and isinstance(value.value, str):
        message += ": inside braces a comma ends a value"
        whole = in_quotes(f"{value.text}, {text}")
        help_ = f"quote the text if the comma belongs to it: {shortened(before.key.text)}: {whole}"
    elif not key.quoted and (match := _EQUATION.fullmatch(key.text)):
        help_ = f"it is no PromQL: write {{{match['name']}: {shortened(match['value'])}}}"
    elif not key.quoted and (pair := with_colon(key.text)):
        help_ = f"write a colon after the key: {{{shortened(pair)}}}"
    else:
        help_ = f"write {shortened(key.text)}: and a value, or remove it"
    return error("yaml/flow-comma", message, key.span, help_)
