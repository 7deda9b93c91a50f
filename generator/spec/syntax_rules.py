"""For each fault of the YAML parser the words that tell of it to people who do not know YAML's grammar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.diagnostics.printable import quoted, shortened
from generator.spec.places import rest_of_line
from generator.spec.quoting import in_quotes

if TYPE_CHECKING:
    from collections.abc import Callable

    from generator.spec.faults import Site


class Explained(Struct, frozen=True):
    """A fault in words; ``length`` characters from the offset ``index`` are underlined."""

    message: str
    help: str
    index: int
    length: int = 1
    code: str = "yaml/syntax"
    opened: str = ""


def unknown(site: Site) -> Explained:
    """What to say of a fault that is not in ``RULES``."""
    problem = shortened(site.fault.problem, 200)
    return Explained(f"this is not YAML: {problem}", "quote text that holds special characters", site.at)


def tab(site: Site) -> Explained:
    """What to say wherever the fault lies at a tab."""
    return Explained("a tab stands where YAML wants spaces", "indent with spaces", site.at, code="yaml/tab")


def _first_character(site: Site) -> Explained:
    message = f"an unquoted value cannot begin with {quoted(site.character)}"
    return Explained(message, f"quote the text: {in_quotes(site.rest)}", site.at, len(site.rest))


def _second_colon(site: Site) -> Explained:
    key, colon, value = site.before.lstrip(" -").partition(": ")
    if colon:
        text = in_quotes(value.lstrip() + site.rest)
        return Explained(
            "a second colon stands on this line", f"quote the text: {shortened(key)}: {text}", site.at
        )
    message = "this line is indented as part of the value above it, and has a colon"
    return Explained(message, "indent it as the key above, or end that key's line with its colon", site.at)


def _no_colon(site: Site) -> Explained:
    text = rest_of_line(site.source.text, site.opened)
    name, colon, value = text.partition(":")
    if colon and value:
        help_ = f"a space must follow the colon: {shortened(name)}: {shortened(value)}"
    else:
        help_ = f"write {shortened(name)}: and a value, or indent the line to continue the one above"
    return Explained("this line has no key with a colon", help_, site.opened, len(text))


def _no_key(site: Site) -> Explained:
    if site.character == ":":
        return Explained("the key before the colon is missing", "write a key", site.at)
    if site.before.strip():
        message = "the value has ended before this text"
        return Explained(message, "put the whole value in quotes", site.at, len(site.rest))
    message = "the indentation of this line fits no line above it"
    return Explained(message, "begin each key of a mapping in the same column", site.at, len(site.rest))


def _no_dash(site: Site) -> Explained:
    message = 'this line stands in a list and does not begin with "- "'
    return Explained(message, "begin each item in the same column, or indent what belongs to it", site.at)


def _unclosed_list(site: Site) -> Explained:
    return _unclosed(site, "list", "[", "]")


def _unclosed_mapping(site: Site) -> Explained:
    return _unclosed(site, "mapping", "{", "}")


def _unclosed(site: Site, what: str, start: str, end: str) -> Explained:
    message = f'a comma or "{end}" is missing here'
    return Explained(message, f'close the {what} with "{end}"', site.at, opened=f'its "{start}" is here')


def _no_value(site: Site) -> Explained:
    if not site.character.strip():
        help_ = "write the value, and close what is open"
        return Explained("the text ends where a value belongs", help_, site.at)
    message = f"{quoted(site.character)} stands where a value belongs"
    return Explained(message, "write a value before it, or quote the text", site.at)


def _open_quote(site: Site) -> Explained:
    quote = site.source.text[site.opened : site.opened + 1]
    return Explained("this quote is never closed", f"end the text with {quote}", site.opened)


def _escape(site: Site) -> Explained:
    text = site.source.text
    start = max(text.rfind("\\", 0, site.at + 1), site.opened)
    escape = text[start : start + 2]
    help_ = "write \\\\ for a backslash, or put the text in single quotes"
    return Explained(f"{quoted(escape)} begins no valid escape", help_, start, len(escape))


def _list_in_line(site: Site) -> Explained:
    help_ = (
        f"write the list in brackets or on lines of its own; quote it if it is text: {in_quotes(site.rest)}"
    )
    return Explained("a list cannot begin on the line of its key", help_, site.at, len(site.rest))


def _question_mark(site: Site) -> Explained:
    return Explained(
        'an unquoted value cannot begin with "? "', f"quote the text: {in_quotes(site.rest)}", site.at
    )


def _directive(site: Site) -> Explained:
    message = "a line that begins with % is a directive of YAML, and this one is unknown"
    return Explained(message, "remove it", site.opened, len(rest_of_line(site.source.text, site.opened)))


def _after_end(site: Site) -> Explained:
    if site.rest.startswith(":"):
        return Explained("no space follows this colon", "write a space after the colon", site.at)
    message = "the document has ended before this text"
    return Explained(
        message, "write the whole file as one mapping of keys and values", site.at, len(site.rest)
    )


def _block(site: Site) -> Explained:
    text = rest_of_line(site.source.text, site.opened)
    message = f"an unquoted {quoted(text[:1])} begins a block of text on the lines below"
    return Explained(
        message, f"quote the text: {in_quotes(text)}", site.opened, len(text), code="yaml/block-scalar"
    )


def _alias(site: Site) -> Explained:
    text = rest_of_line(site.source.text, site.opened)
    message = f"an unquoted {quoted(text[:1])} begins a reference, and a spec has none"
    return Explained(message, f"quote the text: {in_quotes(text)}", site.opened, len(text), code="yaml/alias")


def _tag(site: Site) -> Explained:
    text = rest_of_line(site.source.text, site.opened)
    message = 'an unquoted "!" begins a tag, and a spec has none'
    return Explained(message, f"quote the text: {in_quotes(text)}", site.opened, len(text), code="yaml/tag")


# The first entry that names the problem or its context explains it.
RULES: tuple[tuple[str, Callable[[Site], Explained]], ...] = (
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
