"""The layout of long expressions: a chain of operators reads from top to bottom, its operands at one margin.

So does a chain of functions that change labels: their names on one line, what they change, and the texts of each.
"""

from __future__ import annotations

import re
import sys
from collections import deque
from functools import lru_cache
from itertools import takewhile
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.promql.syntax import STAND_INS, PromqlError, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import promql_parser as grammar

_LINE = 90
_INDENT = 2
#: The beginnings of functions that change labels by texts, which follow their first argument.
_LABELLING = ("label_replace(", "label_join(")
#: A name that is as wide as it is long, and is written unchanged.
_PLAIN_NAME = re.compile(r"[\w.-]+", re.ASCII)
#: A line that has an operator and how it matches, and no operand.
_OPERATOR = re.compile(
    r"(?:and|or|unless|atan2|[-+*/%^]|[=!<>]=|[<>])(?: bool)?"
    r"(?: (?:on|ignoring) \([^()]*\))?(?: group_(?:left|right) \([^()]*\))?"
)


class _Line(Struct, frozen=True):
    """A line of an expression, and the number of blanks before its text."""

    indent: int
    text: str


@lru_cache(maxsize=4096)
def layout(text: str) -> str:
    """Return ``text`` on one line when it is short, else broken by the structure of the expression.

    The result never begins with blanks: go-yaml spoils such a text, and with it Cortex, Mimir and mimirtool.

    Raises:
        PromqlError: ``text`` is not PromQL.
    """
    tree = parse(text)
    if len(text) <= _LINE:
        return text
    printed = (_Line(len(line) - len(line.lstrip()), line.strip()) for line in tree.prettify().split("\n"))
    lines = _labelled(list(_hung(_flush_left(printed))))
    pretty = "\n".join(" " * line.indent + line.text for line in lines)
    for duration, stand_in in STAND_INS.items():
        pretty = pretty.replace(stand_in, duration)
    # The library's printer does not escape: where a value needs it, our own text is kept.
    return pretty if _only_spaced(pretty, text) or _same(pretty, tree) else text


def layout_alike(text: str, name: str) -> str:
    """Lay ``text`` out like ``layout``, once for all texts that differ only in the label value ``name``.

    A placeholder of the same length replaces the value meanwhile.
    """
    value, aside = f'"{name}"', f'"{"_" * len(name)}"'
    if aside in text or not _PLAIN_NAME.fullmatch(name):
        return layout(text)
    return layout(text.replace(value, aside)).replace(aside, value)


def _flush_left(printed: Iterable[_Line]) -> Iterator[_Line]:
    """Undo the printer's indentation of a chain's first operand, which grows with each operator of the chain.

    Brackets, arguments and right operands each begin a chain of their own, at a deeper margin.
    """
    chains = [_Chain(floor=-1, column=0)]
    for line in printed:
        while line.indent <= chains[-1].floor:
            chains.pop()
        chain = chains[-1]
        chain.margin = min(chain.margin, line.indent)
        column = chain.column + line.indent - chain.margin
        yield _Line(column, line.text)
        if line.text.endswith("("):
            chains.append(_Chain(line.indent, column + _INDENT))
        elif _OPERATOR.fullmatch(line.text):
            chains.append(_Chain(line.indent, column + _INDENT, is_operand=True))
        elif line.text.endswith(","):
            while chains[-1].is_operand:
                chains.pop()
            chains[-1].margin = sys.maxsize


class _Chain(Struct):
    """Operands and operators between brackets, in one argument of a function, or right of an operator.

    Attributes:
        floor: the printer's indentation at which it has ended.
        column: the margin at which it is written.
        margin: the printer's smallest indentation of it so far.
        is_operand: it is right of an operator.
    """

    floor: int
    column: int
    margin: int = sys.maxsize
    is_operand: bool = False


def _hung(lines: Iterable[_Line]) -> Iterator[_Line]:
    """Write an operator and the one operand right of it, or the beginning of its brackets, on one line."""
    left = deque(lines)
    while left:
        line = left.popleft()
        yield _with_operand(line, left) if _OPERATOR.fullmatch(line.text) else line


def _with_operand(operator: _Line, left: deque[_Line]) -> _Line:
    """Take the first line of an operand from those that are left, and dedent its others, where the line fits."""
    operand = list(takewhile(lambda line: line.indent > operator.indent, left))
    line = _Line(operator.indent, f"{operator.text} {operand[0].text}")
    if not _is_one(operand) or line.indent + len(line.text) > _LINE:
        return operator
    for _ in operand:
        left.popleft()
    left.extendleft(_Line(one.indent - _INDENT, one.text) for one in reversed(operand[1:]))
    return line


def _is_one(operand: list[_Line]) -> bool:
    """Whether an operand is a line, or a pair of brackets and their content."""
    margin = operand[0].indent
    return len(operand) == 1 or (
        operand[-1].text == ")" and all(line.indent > margin for line in operand[1:-1])
    )


class _Labelling(Struct, frozen=True):
    """Calls that change labels, each the first argument of the one before.

    Attributes:
        names: the beginnings of the calls, the outermost first.
        argument: the first argument of the innermost call.
        texts: the other arguments of each call on one line, those of the innermost call first.
        close: the number of lines until the outermost call's closing bracket.
    """

    names: tuple[str, ...]
    argument: list[_Line]
    texts: tuple[str, ...]
    close: int


def _labelled(lines: list[_Line]) -> Iterator[_Line]:
    """Write calls that change labels within each other on one line, and their texts below, a line for each call."""
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line.text.endswith(_LABELLING):
            yield line
            at += 1
            continue
        found = _labelling(lines[at:])
        yield from _written(found, line.indent)
        close = lines[at + found.close]
        yield _Line(line.indent, close.text)
        at += found.close + 1


def _labelling(lines: list[_Line]) -> _Labelling:
    """Read the call that begins on the first line, and those that are its first argument."""
    first, margin = lines[0], lines[0].indent + _INDENT
    close = next(place for place, line in enumerate(lines[1:], start=1) if line.indent < margin)
    begin = close
    while lines[begin - 1].indent == margin and lines[begin - 1].text.startswith('"'):
        begin -= 1
    text = " ".join(line.text for line in lines[begin:close])
    argument = lines[1:begin]
    if argument[0].text in _LABELLING:
        inner = _labelling(argument)
        if inner.close == len(argument) - 1:
            texts = (*inner.texts[:-1], f"{inner.texts[-1]}{argument[-1].text}", text)
            return _Labelling((first.text, *inner.names), inner.argument, texts, close)
    return _Labelling((first.text,), list(_labelled(argument)), (text,), close)


def _written(calls: _Labelling, indent: int) -> Iterator[_Line]:
    text = ""
    for name in calls.names:
        if text and indent + len(text) + len(name) > _LINE:
            yield _Line(indent, text)
            text = ""
        text += name
    yield _Line(indent, text)
    margin = indent + _INDENT
    dedent = min(line.indent for line in calls.argument) - margin
    yield from (_Line(line.indent - dedent, line.text) for line in calls.argument)
    yield from (_Line(margin, text) for text in calls.texts)


def _only_spaced(pretty: str, text: str) -> bool:
    """Whether ``pretty`` differs from ``text`` only in spaces and line ends; strings contain no line ends."""
    return text.isprintable() and "".join(pretty.split()) == "".join(text.split())


def _same(text: str, tree: grammar.Expr) -> bool:
    try:
        return str(parse(text)) == str(tree)
    except PromqlError:
        return False
