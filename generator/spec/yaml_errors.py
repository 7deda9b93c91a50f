"""Errors of the YAML parser, in words for people who do not know YAML's grammar."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.diagnostics import Diagnostic, Note, error
from generator.diagnostics.wording import in_quotes, quoted, shortened
from generator.spec.source import LineIndex, SourceText, at_colon, rest_of_line, start_of_line

if TYPE_CHECKING:
    from collections.abc import Callable


class ParserProblem(Struct, frozen=True):
    """The parser's own words, and the offsets of the problem and of the construct that it ends."""

    problem: str
    context: str = ""
    at: int | None = None
    opened: int | None = None


class ProblemInText(Struct, frozen=True):
    """A problem of the parser in the text of its source."""

    source: SourceText
    problem: ParserProblem

    @property
    def at(self) -> int:
        """The offset of the problem; the end of the file counts as the end of its last text."""
        end = len(self.source.text.rstrip())
        return min(self.problem.at or 0, end)

    @property
    def opened(self) -> int:
        """The offset of the construct that contains the problem."""
        return self.at if self.problem.opened is None else self.problem.opened

    @property
    def character(self) -> str:
        """The character at the problem."""
        return self.source.text[self.at : self.at + 1]

    @property
    def before(self) -> str:
        """The text on the line before the problem."""
        return start_of_line(self.source.text, self.at)

    @property
    def rest(self) -> str:
        """The text on the line from the problem on."""
        return rest_of_line(self.source.text, self.at)


class Explanation(Struct, frozen=True):
    """A problem in words; ``length`` characters from the offset ``index`` are underlined."""

    message: str
    help: str
    index: int
    length: int = 1
    code: str = "yaml/syntax"
    opened: str = ""


#: An amount with the sign of a comparison before it, which bounds do without.
_COMPARED = re.compile(r"[>|]=?\s*([$€£]?[0-9][\w.%]*)")

_SHARE_TURNED = re.compile(r"%\s*([0-9]+(?:\.[0-9]+)?)")


def block_help(header: str) -> str:
    """Explain how to write a text that begins like a block and is not one."""
    amount = _COMPARED.fullmatch(header)
    if amount:
        return f"write {amount[1]} if it is an amount; quote it if it is text: {in_quotes(header)}"
    return f"quote the text: {in_quotes(header)}"


def unknown(in_text: ProblemInText) -> Explanation:
    """Explain a problem that is not in ``_RULES``."""
    problem = shortened(in_text.problem.problem, 200)
    return Explanation(f"this is not YAML: {problem}", "quote text that holds special characters", in_text.at)


def _tab(problem: ProblemInText) -> Explanation:
    """Explain any problem that lies at a tab."""
    return Explanation(
        "a tab stands where YAML wants spaces", "indent with spaces", problem.at, code="yaml/tab"
    )


def _first_character(problem: ProblemInText) -> Explanation:
    message = f"an unquoted value cannot begin with {quoted(problem.character)}"
    value = _without_closers(problem.rest)
    share = _SHARE_TURNED.fullmatch(value)
    amount = f"write {share[1]}% if it is a share, or " if share else ""
    return Explanation(message, f"{amount}quote the text: {in_quotes(value)}", problem.at, len(value))


def _without_closers(rest: str) -> str:
    """Cut the rest of a line where a mapping or list around it ends, or goes on."""
    is_inside = rest.count("}") + rest.count("]") > rest.count("{") + rest.count("[")
    return re.split(r"[,}\]]", rest, maxsplit=1)[0] if is_inside else rest


def _second_colon(problem: ProblemInText) -> Explanation:
    key, colon, value = problem.before.lstrip(" -").partition(": ")
    if colon:
        text = in_quotes(value.lstrip() + problem.rest)
        return Explanation(
            "a second colon stands on this line", f"quote the text: {shortened(key)}: {text}", problem.at
        )
    message = "this line is indented as part of the value above it, and has a colon"
    return Explanation(
        message, "indent it as the key above, or end that key's line with its colon", problem.at
    )


#: A key and its value on one line, without the colon between them.
_PAIR = re.compile(r"(?P<key>[A-Za-z_][\w.-]*)[ \t]+(?P<value>\S.*)")


def with_colon(text: str) -> str:
    """Write ``owner my-team`` as ``owner: my-team``; empty for a text that is no key and value."""
    pair = _PAIR.fullmatch(text)
    return f"{pair['key']}: {pair['value']}" if pair else ""


def _no_colon(problem: ProblemInText) -> Explanation:
    text = rest_of_line(problem.source.text, problem.opened)
    name, value = at_colon(text)
    if value:
        help_ = f"a space must follow the colon: {shortened(name)}: {shortened(value)}"
    elif pair := with_colon(text):
        help_ = (
            f"write a colon after the key: {shortened(pair)}; or indent the line to continue the one above"
        )
    else:
        help_ = f"write {shortened(name)}: and a value, or indent the line to continue the one above"
    return Explanation("this line has no key with a colon", help_, problem.opened, len(text))


#: YAML's own bound.
_LONGEST_KEY = 1024


def _has_long_key(problem: ProblemInText) -> bool:
    """Whether the problem is the colon after a text too long to be a key for YAML."""
    return problem.character == ":" and len(re.split(r"[{,]", problem.before)[-1].strip()) > _LONGEST_KEY


def _long_key(problem: ProblemInText) -> Explanation:
    message = f"the key before this colon has more than {_LONGEST_KEY:,} characters"
    return Explanation(message, "shorten it: names have at most 100 characters here", problem.at)


def _no_key(problem: ProblemInText) -> Explanation:
    if problem.character == ":":
        return Explanation("the key before the colon is missing", "write a key", problem.at)
    if problem.before.strip():
        message = "the value has ended before this text"
        return Explanation(message, "put the whole value in quotes", problem.at, len(problem.rest))
    message = "the indentation of this line fits no line above it"
    return Explanation(
        message, "begin each key of a mapping in the same column", problem.at, len(problem.rest)
    )


def _no_dash(problem: ProblemInText) -> Explanation:
    message = 'this line is in a list and does not begin with "- "'
    return Explanation(
        message, "begin each item in the same column, or indent what belongs to it", problem.at
    )


def _unclosed_list(problem: ProblemInText) -> Explanation:
    return _unclosed(problem, "list", "[", "]")


def _unclosed_mapping(problem: ProblemInText) -> Explanation:
    return _unclosed(problem, "mapping", "{", "}")


def _unclosed(problem: ProblemInText, what: str, start: str, end: str) -> Explanation:
    if hidden := _hidden(problem):
        return hidden
    message = f'a comma or "{end}" is missing here'
    return Explanation(message, f'close the {what} with "{end}"', problem.at, opened=f'its "{start}" is here')


#: A text where a value belongs that a reader of YAML takes for a comment; its line may also close what is open.
_COMMENTED = re.compile(r"(?:\w:|\[|\[[^\[\]{}\n]*,)[ \t]+(?P<comment>(?P<text>#[^\s,{}\[\]\"']+)[^\n]*)")
#: What may stand between such a comment and the place where the parser gives up: it takes one word for the value.
_NEXT_WORD = re.compile(r"\s*[^\s,{}\[\]]*\s*")


def _hidden(problem: ProblemInText) -> Explanation | None:
    """Explain a value that is missing since it begins with ``#``; None where no comment hides one."""
    text = problem.source.text
    end = len(text.rstrip()) if problem.problem.at is None else problem.problem.at
    for found in _COMMENTED.finditer(text, 0, end):
        is_first = "#" not in start_of_line(text, found.start("comment"))
        if is_first and _NEXT_WORD.fullmatch(text, found.end(), end):
            message = '"#" begins a comment, so no value is read here'
            help_ = f"quote the text if it is the value: {in_quotes(found['text'])}"
            return Explanation(message, help_, found.start("comment"), len(found["text"]))
    return None


def _no_value(problem: ProblemInText) -> Explanation:
    if hidden := _hidden(problem):
        return hidden
    if not problem.character.strip():
        help_ = "write the value, and close what is open"
        return Explanation("the text ends where a value belongs", help_, problem.at)
    message = f"{quoted(problem.character)} is where a value belongs"
    return Explanation(message, "write a value before it, or quote the text", problem.at)


def _open_quote(problem: ProblemInText) -> Explanation:
    quote = problem.source.text[problem.opened : problem.opened + 1]
    return Explanation("this quote is never closed", f"end the text with {quote}", problem.opened)


def _escape(problem: ProblemInText) -> Explanation:
    text = problem.source.text
    start = max(text.rfind("\\", 0, problem.at + 1), problem.opened)
    escape = text[start : start + 2]
    help_ = "write \\\\ for a backslash, or put the text in single quotes"
    return Explanation(f"{quoted(escape)} begins no valid escape", help_, start, len(escape))


def _list_in_line(problem: ProblemInText) -> Explanation:
    help_ = f"write the list in brackets or on lines of its own; quote it if it is text: {in_quotes(problem.rest)}"
    return Explanation("a list cannot begin on the line of its key", help_, problem.at, len(problem.rest))


def _question_mark(problem: ProblemInText) -> Explanation:
    return Explanation(
        'an unquoted value cannot begin with "? "', f"quote the text: {in_quotes(problem.rest)}", problem.at
    )


def _directive(problem: ProblemInText) -> Explanation:
    message = "a line that begins with % is a directive of YAML, and this one is unknown"
    return Explanation(
        message, "remove it", problem.opened, len(rest_of_line(problem.source.text, problem.opened))
    )


def _after_end(problem: ProblemInText) -> Explanation:
    if problem.rest.startswith(":"):
        return Explanation("no space follows this colon", "write a space after the colon", problem.at)
    message = "the document has ended before this text"
    return Explanation(
        message, "write the whole file as one mapping of keys and values", problem.at, len(problem.rest)
    )


def _block(problem: ProblemInText) -> Explanation:
    text = rest_of_line(problem.source.text, problem.opened)
    message = f"an unquoted {quoted(text[:1])} begins a block of text on the lines below"
    return Explanation(message, block_help(text), problem.opened, len(text), code="yaml/block-scalar")


def _alias(problem: ProblemInText) -> Explanation:
    text = _before_an_end(rest_of_line(problem.source.text, problem.opened))
    message = f"an unquoted {quoted(text[:1])} begins a reference, and a spec has none"
    return Explanation(
        message, f"quote the text: {in_quotes(text)}", problem.opened, len(text), code="yaml/alias"
    )


#: A sign in a list or a mapping in brackets, up to what ends it.
_ALONE = re.compile(r"(?P<sign>[*&])[ \t]*[\]},]")


def _before_an_end(text: str) -> str:
    """Leave out the brackets that close what the sign of a reference stands in."""
    alone = _ALONE.match(text)
    return alone["sign"] if alone else text


def _tag(problem: ProblemInText) -> Explanation:
    text = rest_of_line(problem.source.text, problem.opened)
    message = 'an unquoted "!" begins a tag, and a spec has none'
    return Explanation(
        message, f"quote the text: {in_quotes(text)}", problem.opened, len(text), code="yaml/tag"
    )


# The first entry that names the problem or its context explains it.
_RULES: tuple[tuple[str, Callable[[ProblemInText], Explanation]], ...] = (
    ("while scanning a block scalar", _block),
    ("while scanning an alias", _alias),
    ("while scanning an anchor", _alias),
    ("while scanning a tag", _tag),
    ("while parsing a tag", _tag),
    ("found undefined tag handle", _tag),
    ("while scanning a directive", _directive),
    ("while scanning a %YAML directive", _directive),
    ("while scanning a %TAG directive", _directive),
    ("while parsing a %TAG directive", _directive),
    ("found incompatible YAML document", _directive),
    ("found duplicate %YAML directive", _directive),
    ("found duplicate %TAG directive", _directive),
    ("found character that cannot start any token", _first_character),
    ("mapping values are not allowed in this context", _second_colon),
    ("could not find expected ':'", _no_colon),
    ("did not find expected key", _no_key),
    ("did not find expected '-' indicator", _no_dash),
    ("did not find expected ',' or ']'", _unclosed_list),
    ("did not find expected ',' or '}'", _unclosed_mapping),
    ("did not find expected node content", _no_value),
    ("found unexpected end of stream", _open_quote),
    ("found unexpected document indicator", _open_quote),
    ("found unknown escape character", _escape),
    ("did not find expected hexdecimal number", _escape),
    ("found invalid Unicode character escape code", _escape),
    ("block sequence entries are not allowed in this context", _list_in_line),
    ("mapping keys are not allowed in this context", _question_mark),
    ("did not find expected <document start>", _after_end),
)


def syntax_error(source: SourceText, problem: ParserProblem) -> Diagnostic:
    """Make the diagnostic for a problem of the parser."""
    in_text = ProblemInText(source, problem)
    rule = next((rule for words, rule in _RULES if words in {problem.problem, problem.context}), unknown)
    if in_text.character == "\t":
        rule = _tab
    elif _has_long_key(in_text):
        rule = _long_key
    explained = rule(in_text)
    places = LineIndex.of(source.path, source.text)
    notes = (Note(explained.opened, places.span(in_text.opened)),) if explained.opened else ()
    span = places.span(explained.index, max(1, explained.length))
    return error(explained.code, explained.message, span, explained.help, *notes)
